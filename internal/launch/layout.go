package launch

import "path/filepath"

// Layout says where everything is inside the container.
type Layout struct {
	// Config holds server.config, cluster.id, metadata.version and log4j2.properties.
	Config string
	// Certificates holds NAME.crt with NAME.key.
	Certificates string
	// Private is a directory for the key stores, Properties the file that Kafka reads, Security the one that Java reads, Logs a
	// writable directory.
	Private, Properties, Security, Logs string
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
		Certificates:  "/opt/kafka/certificates/node",
		Private:       "/tmp/castellan",
		Properties:    "/tmp/strimzi.properties",
		Security:      "/tmp/castellan/java.security",
		Logs:          "/tmp",
		Kafka:         "/opt/kafka",
		JavaHomes:     []string{"/opt/java", "/opt/java/openjdk"},
		Cgroup:        "/sys/fs/cgroup",
		HealthAddress: ":8080",
	}
}

func (l Layout) config(name string) string { return filepath.Join(l.Config, name) }
