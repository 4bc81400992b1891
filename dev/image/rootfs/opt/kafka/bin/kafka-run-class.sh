#!/bin/sh
# Runs one class of Apache Kafka: kafka-run-class.sh CLASS [ARGUMENT...]
#
# Honours JAVA_HOME, KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_OPTS,
# KAFKA_LOG4J_OPTS, KAFKA_JMX_OPTS, JMX_PORT, LOG_DIR and CLASSPATH.
if [ $# -eq 0 ]; then
  echo "usage: $0 CLASS [ARGUMENT...]" >&2
  exit 1
fi
home=$(cd "$(dirname "$0")/.." && pwd)
java=java
if [ -n "$JAVA_HOME" ]; then
  java=$JAVA_HOME/bin/java
fi

# The class-data archive is valid only for a class path that starts with the
# one it was made for. An own CLASSPATH must win over Kafka's jars, so it goes
# first and does without the archive. A tool's own output must stay clean of
# the JVM's remarks about an archive that a chosen collector cannot use.
archive=
classpath="$home/libs/*"
if [ -r "$home/cds/classpath" ]; then
  classpath=$(cat "$home/cds/classpath")
fi
if [ -n "$CLASSPATH" ]; then
  classpath=$CLASSPATH:$classpath
elif [ -r "$home/cds/classpath" ] && [ -r "$home/cds/kafka.jsa" ]; then
  archive="-XX:SharedArchiveFile=$home/cds/kafka.jsa -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"
fi

: "${LOG_DIR:=$home/logs}"
: "${KAFKA_HEAP_OPTS:=-Xmx256M}"
: "${KAFKA_LOG4J_OPTS:=-Dlog4j2.configurationFile=$home/config/tools-log4j2.yaml}"
# Most tools live for a second or two: the quick compiler and the collector
# without helper threads serve them best.
: "${KAFKA_JVM_PERFORMANCE_OPTS:=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxInlineLevel=15 -Djava.awt.headless=true}"
if [ -n "$JMX_PORT" ]; then
  : "${KAFKA_JMX_OPTS:=-Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false}"
  KAFKA_JMX_OPTS="$KAFKA_JMX_OPTS -Dcom.sun.management.jmxremote.port=$JMX_PORT -Dcom.sun.management.jmxremote.rmi.port=$JMX_PORT"
fi

# The options are lists of words and meant to be split.
# shellcheck disable=SC2086
exec "$java" $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS $archive \
  "-Dkafka.logs.dir=$LOG_DIR" $KAFKA_LOG4J_OPTS $KAFKA_JMX_OPTS $KAFKA_OPTS \
  -cp "$classpath" "$@"
