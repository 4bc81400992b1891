package launch

import "path/filepath"

// Layout says where everything is inside the container.
type Layout struct {
	// Config holds server.config, cluster.id, metadata.version and log4j2.properties.
	Config string
	// Engine is the jar with the TLS engines that Kafka uses.
	Engine string
	// Properties is the file that Kafka reads, Security the one that Java reads, Logs a writable directory.
	Properties, Security, Logs string
	// Kafka is Kafka's home: libs, config, cds.
	Kafka string
	// JavaHomes are tried in this order when JAVA_HOME is not set or wrong.
	JavaHomes []string
	// Cgroup is where the control group's files are mounted.
	Cgroup string
	// HealthAddress is where /healthy and /ready are served.
	HealthAddress string
}

// KafkaLayout is the layout of the Kafka image and of the pods that the operator makes.
func KafkaLayout() Layout {
	return Layout{
		Config:        "/opt/kafka/custom-config",
		Engine:        "/opt/castellan/kafka-tls.jar",
		Properties:    "/tmp/strimzi.properties",
		Security:      "/tmp/java.security",
		Logs:          "/tmp",
		Kafka:         "/opt/kafka",
		JavaHomes:     []string{"/opt/java", "/opt/java/openjdk"},
		Cgroup:        "/sys/fs/cgroup",
		HealthAddress: ":8080",
	}
}

func (l Layout) config(name string) string { return filepath.Join(l.Config, name) }
