#!/usr/bin/env bash
# Reads the option models out of the real Kafka jars and rewrites ../data and ../testdata:
#
#   go generate ./internal/kafka/configmodel        (or: extract/extract.sh)
#
# Needs mvn and a JDK 17 or newer (JAVA_HOME, or java on the path). A new Kafka version is one more word in VERSIONS,
# oldest first: versions whose models are equal share the file of the oldest, and data/versions.tsv says which.
set -euo pipefail
VERSIONS="4.2.0 4.2.1 4.3.0 4.3.1"

here=$(cd "$(dirname "$0")" && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # version: the Kafka server and everything it needs, into $work/<version>/libs
  mkdir -p "$work/$1"
  cat >"$work/$1/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>castellan</groupId><artifactId>extract</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$1</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -Dstyle.color=never -f "$work/$1/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$work/$1/libs"
}

same_as() { # version: the oldest version already in $work/data with an equal model, else itself
  for other in "$work"/data/*.json; do
    if cmp -s "$other" "$work/$1/model.json"; then
      basename "$other" .json
      return
    fi
  done
  echo "$1"
}

mkdir -p "$work/data" "$work/testdata"
for version in $VERSIONS; do
  echo "reading Kafka $version" >&2
  fetch "$version"
  # Without a fixed processor count a default that counts processors would change with the machine.
  "$java" -XX:ActiveProcessorCount=1 -cp "$work/$version/libs/*" "$here/Extract.java" \
    "$work/$version/model.json" "$work/$version/verdicts.json" 2> >(grep -v '^SLF4J' >&2 || true)
  model=$(same_as "$version")
  cp "$work/$version/model.json" "$work/data/$model.json"
  cp "$work/$version/verdicts.json" "$work/testdata/verdicts-$model.json"
  printf '%s\t%s\n' "$version" "$model.json" >>"$work/data/versions.tsv"
done

rm -rf "$here/../data" "$here/../testdata"
mv "$work/data" "$work/testdata" "$here/.."
