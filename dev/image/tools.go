package image

import (
	"fmt"
	"sort"
	"strings"
)

// A Tool is one command-line tool of Apache Kafka.
type Tool struct {
	// Name is the script's name without ".sh".
	Name string
	// Classes are the main classes the tool has had, newest first: tools
	// moved between jars and packages over Kafka's versions.
	Classes []string
	// Heap is the default of KAFKA_HEAP_OPTS; empty means kafka-run-class's.
	Heap string
	// Log4j is the logging configuration in ConfigDir; empty means the
	// tools' one, which logs warnings to stderr.
	Log4j string
	// Performance is the default of KAFKA_JVM_PERFORMANCE_OPTS; empty means
	// kafka-run-class's, which suits JVMs that live for seconds.
	Performance string
}

const (
	heapClient = "-Xmx512M"
	heapWorker = "-Xms256M -Xmx2G"
	heapBroker = "-Xms1G -Xmx1G"

	longLived = "-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
)

const toolsPackage = "org.apache.kafka.tools."

// Tools are the tools of the Kafka distribution that are scripts around one
// main class.
func Tools() []Tool {
	tools := append(adminTools(), clientTools()...)
	tools = append(tools, serverTools()...)
	sort.Slice(tools, func(i, j int) bool { return tools[i].Name < tools[j].Name })
	return tools
}

func adminTools() []Tool {
	return []Tool{
		{Name: "kafka-acls", Classes: []string{toolsPackage + "AclCommand", "kafka.admin.AclCommand"}},
		{Name: "kafka-broker-api-versions", Classes: []string{toolsPackage + "BrokerApiVersionsCommand", "kafka.admin.BrokerApiVersionsCommand"}},
		{Name: "kafka-client-metrics", Classes: []string{toolsPackage + "ClientMetricsCommand"}},
		{Name: "kafka-cluster", Classes: []string{toolsPackage + "ClusterTool"}},
		{Name: "kafka-configs", Classes: []string{toolsPackage + "ConfigCommand", "kafka.admin.ConfigCommand"}},
		{Name: "kafka-consumer-groups", Classes: []string{toolsPackage + "consumer.group.ConsumerGroupCommand"}},
		{Name: "kafka-delegation-tokens", Classes: []string{toolsPackage + "DelegationTokenCommand"}},
		{Name: "kafka-delete-records", Classes: []string{toolsPackage + "DeleteRecordsCommand"}},
		{Name: "kafka-dump-log", Classes: []string{toolsPackage + "DumpLogSegments", "kafka.tools.DumpLogSegments"}},
		{Name: "kafka-features", Classes: []string{toolsPackage + "FeatureCommand"}},
		{Name: "kafka-get-offsets", Classes: []string{toolsPackage + "GetOffsetShell"}},
		{Name: "kafka-groups", Classes: []string{toolsPackage + "GroupsCommand"}},
		{Name: "kafka-jmx", Classes: []string{toolsPackage + "JmxTool"}},
		{Name: "kafka-leader-election", Classes: []string{toolsPackage + "LeaderElectionCommand"}},
		{Name: "kafka-log-dirs", Classes: []string{toolsPackage + "LogDirsCommand"}},
		{Name: "kafka-metadata-quorum", Classes: []string{toolsPackage + "MetadataQuorumCommand"}},
		{Name: "kafka-metadata-shell", Classes: []string{"org.apache.kafka.shell.MetadataShell"}},
		{Name: "kafka-reassign-partitions", Classes: []string{toolsPackage + "reassign.ReassignPartitionsCommand"}},
		{Name: "kafka-replica-verification", Classes: []string{toolsPackage + "ReplicaVerificationTool"}},
		{Name: "kafka-share-groups", Classes: []string{toolsPackage + "consumer.group.ShareGroupCommand"}},
		{Name: "kafka-storage", Classes: []string{"kafka.tools.StorageTool"}},
		{Name: "kafka-streams-application-reset", Classes: []string{toolsPackage + "StreamsResetter"}, Heap: heapClient},
		{Name: "kafka-streams-groups", Classes: []string{toolsPackage + "streams.StreamsGroupCommand"}, Heap: heapClient},
		{Name: "kafka-topics", Classes: []string{toolsPackage + "TopicCommand"}},
		{Name: "kafka-transactions", Classes: []string{toolsPackage + "TransactionsCommand"}},
	}
}

func clientTools() []Tool {
	return []Tool{
		{Name: "kafka-console-consumer", Classes: []string{toolsPackage + "consumer.ConsoleConsumer"}, Heap: heapClient},
		{Name: "kafka-console-producer", Classes: []string{toolsPackage + "ConsoleProducer"}, Heap: heapClient},
		{Name: "kafka-console-share-consumer", Classes: []string{toolsPackage + "consumer.ConsoleShareConsumer"}, Heap: heapClient},
		{Name: "kafka-consumer-perf-test", Classes: []string{toolsPackage + "ConsumerPerformance"}, Heap: heapClient},
		{Name: "kafka-e2e-latency", Classes: []string{toolsPackage + "EndToEndLatency"}},
		{Name: "kafka-producer-perf-test", Classes: []string{toolsPackage + "ProducerPerformance"}, Heap: heapClient},
		{Name: "kafka-share-consumer-perf-test", Classes: []string{toolsPackage + "ShareConsumerPerformance"}, Heap: heapClient},
		{Name: "kafka-verifiable-consumer", Classes: []string{toolsPackage + "VerifiableConsumer"}, Heap: heapClient},
		{Name: "kafka-verifiable-producer", Classes: []string{toolsPackage + "VerifiableProducer"}, Heap: heapClient},
		{Name: "kafka-verifiable-share-consumer", Classes: []string{toolsPackage + "VerifiableShareConsumer"}, Heap: heapClient},
	}
}

func serverTools() []Tool {
	return []Tool{
		{Name: "kafka-server-start", Classes: []string{"kafka.Kafka"}, Heap: heapBroker, Log4j: "log4j2.yaml", Performance: longLived},
		{Name: "connect-distributed", Classes: []string{"org.apache.kafka.connect.cli.ConnectDistributed"}, Heap: heapWorker, Log4j: "connect-log4j2.yaml", Performance: longLived},
		{Name: "connect-standalone", Classes: []string{"org.apache.kafka.connect.cli.ConnectStandalone"}, Heap: heapWorker, Log4j: "connect-log4j2.yaml", Performance: longLived},
		{Name: "connect-mirror-maker", Classes: []string{"org.apache.kafka.connect.mirror.MirrorMaker"}, Heap: heapWorker, Log4j: "connect-log4j2.yaml", Performance: longLived},
		{Name: "connect-plugin-path", Classes: []string{toolsPackage + "ConnectPluginPath"}, Heap: heapWorker},
	}
}

// Resolve picks each tool's main class among the classes the jars have, named
// with dots. The result maps tool names to classes. An error names the tools
// that have none, so that a tool which moved is noticed at build time.
func Resolve(tools []Tool, present map[string]bool) (map[string]string, error) {
	found := make(map[string]string, len(tools))
	var missing []string
	for _, tool := range tools {
		class := firstPresent(tool.Classes, present)
		if class == "" {
			missing = append(missing, tool.Name)
			continue
		}
		found[tool.Name] = class
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("no main class in the jars for %s", strings.Join(missing, ", "))
	}
	return found, nil
}

func firstPresent(classes []string, present map[string]bool) string {
	for _, class := range classes {
		if present[class] {
			return class
		}
	}
	return ""
}
