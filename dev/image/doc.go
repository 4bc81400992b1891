// Package image builds the project's container images on a machine that has no
// container engine: the castellan image and images of Apache Kafka.
//
// # The castellan image
//
// The static binaries /castellan, /castellan-entity and /castellan-launch, /kafka-tls.jar which the last brings into Kafka's JVMs, an empty /tmp,
// nothing else. It runs as user
// 1001 and is castellan.local/castellan:dev.
//
// # The Kafka image
//
// castellan.local/kafka:VERSION has three layers: a Debian (or Ubuntu) base of
// the machine's own release, a Java runtime linked from the newest installed
// JDK, and Apache Kafka from its Maven artifacts.
//
//	/opt/java                  the Java runtime; JAVA_HOME
//	/opt/kafka/libs/*.jar      Apache Kafka and what it depends on
//	/opt/kafka/bin/*.sh        the tools, on PATH: own scripts around one kafka-run-class.sh
//	/opt/kafka/config          log4j2.yaml, connect-log4j2.yaml, tools-log4j2.yaml
//	/opt/kafka/cds/classpath   one line: the jars' paths, sorted, separated by colons
//	/opt/kafka/cds/kafka.jsa   the class-data archive for exactly that class path
//
// The user is kafka, 1001, of group 0.
//
// # The class-data archive
//
// A JVM that maps the archive does not parse and verify the classes of Kafka
// and of the JDK that brokers and tools need, which nearly halves the processor time
// until a broker has started. It is used by
//
//	java -XX:SharedArchiveFile=/opt/kafka/cds/kafka.jsa -Xshare:auto \
//	     -cp "$(cat /opt/kafka/cds/classpath)" kafka.Kafka FILE
//
// and is valid for any class path that starts with that text, for the
// collectors G1, Serial and Parallel, and for heaps below 32 GB (compressed
// object pointers). Otherwise the JVM says so and goes without. The paths,
// sizes and times of the jars and of the runtime are part of it; that is why
// it is dumped within the image's own tree.
//
// It is a static archive of the classes named in classlist/, which is checked
// in and renewed by "dev images record-classes". Two other ways were measured
// with JDK 25 and not taken. Linking classes ahead of time (JEP 483) gained
// little more and stops working when a Java agent is loaded. A
// cache from a training run (JEP 514) gained no more and differs from run to run.
//
// # Reproducibility
//
// The same inputs (JDK, package versions, sources) make the same digests. What
// is built is cached under a hash of its inputs; see [Build]. The exception is
// the class-data archive of a JDK 17, which works but differs from dump to dump;
// that of JDK 25 does not.
package image
