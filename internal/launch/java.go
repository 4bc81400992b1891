package launch

import (
	"strconv"
	"strings"
)

// Environment are the process's environment variables.
type Environment map[string]string

// Runtime is what was found on the machine to start a JVM with.
type Runtime struct {
	// Java is the path of the java command.
	Java string
	// ClassPath is what -cp gets; Archive a class-data archive for exactly that class path, or empty.
	ClassPath, Archive string
	// Log4j is the file that configures logging, or empty. Security is a file of security properties, or empty.
	Log4j, Security string
	// Logs is a writable directory, MemoryLimit the container's limit in bytes, 0 if it has none.
	Logs        string
	MemoryLimit int64
}

const (
	// defaultHeap and defaultPerformance are those of kafka-server-start.sh and kafka-run-class.sh in Kafka 4.3.
	defaultHeap        = "-Xmx1G -Xms1G"
	defaultPerformance = "-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 " +
		"-XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
	gcLogging = "-Xlog:gc*:stdout:time,level,tags"
	// nameLookups makes a JVM ask again for a name after a second. By default it keeps an address for 30 s and a failure for 10 s, while
	// a node that restarts changes its address: its peers would call the old one.
	nameLookups = "networkaddress.cache.ttl=1\nnetworkaddress.cache.negative.ttl=1\n"
)

// Command gives the command line that runs a main class with arguments. Options are split at white space, as the shell
// does in Kafka's own scripts.
func (r Runtime) Command(environment Environment, main ...string) []string {
	command := append([]string{r.Java}, strings.Fields(r.heap(environment))...)
	command = append(command, strings.Fields(orElse(environment["KAFKA_JVM_PERFORMANCE_OPTS"], defaultPerformance))...)
	if environment["STRIMZI_KAFKA_GC_LOG_ENABLED"] == "true" {
		command = append(command, gcLogging)
	}
	if r.Archive != "" {
		command = append(command, "-XX:SharedArchiveFile="+r.Archive, "-Xshare:auto")
	}
	command = append(command, "-Dkafka.logs.dir="+r.Logs)
	if r.Log4j != "" {
		command = append(command, "-Dlog4j2.configurationFile="+r.Log4j)
	}
	if r.Security != "" {
		command = append(command, "-Djava.security.properties="+r.Security)
	}
	command = append(command, strings.Fields(environment["STRIMZI_JAVA_SYSTEM_PROPERTIES"])...)
	command = append(command, "-cp", r.ClassPath)
	command = append(command, strings.Fields(environment["KAFKA_OPTS"])...)
	return append(command, main...)
}

func (r Runtime) heap(environment Environment) string {
	if set := strings.TrimSpace(environment["KAFKA_HEAP_OPTS"]); set != "" {
		return set
	}
	return orElse(Heap(environment, r.MemoryLimit), defaultHeap)
}

// Heap gives the heap options for a share of the container's memory, or "" if no share is asked for or memory is not
// limited. Size and limit are bytes.
func Heap(environment Environment, limit int64) string {
	percentage, err := strconv.ParseInt(environment["STRIMZI_DYNAMIC_HEAP_PERCENTAGE"], 10, 64)
	if err != nil || percentage <= 0 || percentage > 100 || limit <= 0 {
		return ""
	}
	size := limit / 100 * percentage
	if highest, err := strconv.ParseInt(environment["STRIMZI_DYNAMIC_HEAP_MAX"], 10, 64); err == nil && highest > 0 {
		size = min(size, highest)
	}
	text := strconv.FormatInt(size, 10)
	return "-Xms" + text + " -Xmx" + text
}

func orElse(value, otherwise string) string {
	if strings.TrimSpace(value) == "" {
		return otherwise
	}
	return value
}
