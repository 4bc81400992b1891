package image

// Where things are in the Kafka image. The launcher and the tools' scripts
// rely on these paths; doc.go describes them for readers.
const (
	JavaHome      = "/opt/java"
	KafkaHome     = "/opt/kafka"
	LibsDir       = KafkaHome + "/libs"
	BinDir        = KafkaHome + "/bin"
	ConfigDir     = KafkaHome + "/config"
	ClasspathFile = KafkaHome + "/cds/classpath"
	ArchiveFile   = KafkaHome + "/cds/kafka.jsa"
)

// DefaultKafkaVersion is the Apache Kafka version built when none is named.
const DefaultKafkaVersion = "4.3.1"

// UserID and GroupID are who every process in the images runs as. Group 0 is
// the convention of platforms that replace the user with an arbitrary one.
const (
	UserID  = 1001
	GroupID = 0
)
