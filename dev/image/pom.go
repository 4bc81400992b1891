package image

import (
	"fmt"
	"regexp"
	"strings"
)

// log4jBridgeVersion is the SLF4J 1 binding that fits the slf4j-api and
// log4j-core which Kafka 4 depends on; Kafka leaves the choice to packagers.
const log4jBridgeVersion = "2.25.4"

// kafkaArtifacts are the artifacts of group org.apache.kafka which, with what
// they depend on, make up the distribution's libs folder.
var kafkaArtifacts = [...]string{
	"kafka_2.13",
	"kafka-tools",
	"kafka-shell",
	"connect-runtime",
	"connect-mirror",
	"connect-file",
	"connect-basic-auth-extension",
}

var versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// Pom is the Maven project whose runtime dependencies are the jars of Apache
// Kafka version, which must have the form major.minor.patch.
func Pom(version string) (string, error) {
	if !versionPattern.MatchString(version) {
		return "", fmt.Errorf("kafka version %q is not of the form 4.3.1", version)
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>castellan.local</groupId>
  <artifactId>kafka-libs</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
`)
	for _, artifact := range kafkaArtifacts {
		writeDependency(&b, "org.apache.kafka", artifact, version)
	}
	writeDependency(&b, "org.apache.logging.log4j", "log4j-slf4j-impl", log4jBridgeVersion)
	b.WriteString("  </dependencies>\n</project>\n")
	return b.String(), nil
}

func writeDependency(b *strings.Builder, group, artifact, version string) {
	fmt.Fprintf(b, "    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n",
		group, artifact, version)
}
