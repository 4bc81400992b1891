package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommand(t *testing.T) {
	const performance = "-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
	plain := Runtime{Java: "/java", ClassPath: "/libs/*", Logs: "/tmp"}
	full := Runtime{Java: "/java", ClassPath: "/a.jar:/b.jar", Archive: "/kafka.jsa", Log4j: "/log4j2.properties", Security: "/java.security", Logs: "/tmp", MemoryLimit: 4 << 30}
	cases := map[string]struct {
		runtime     Runtime
		environment Environment
		want        string
	}{
		"has the defaults of Kafka's scripts": {
			plain, nil,
			"/java -Xmx1G -Xms1G " + performance + " -Dkafka.logs.dir=/tmp -cp /libs/* kafka.Kafka f",
		},
		"has everything the image and the pod give": {full, Environment{
			"KAFKA_HEAP_OPTS": "-Xms1g  -Xmx2g", "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseZGC", "STRIMZI_KAFKA_GC_LOG_ENABLED": "true",
			"STRIMZI_JAVA_SYSTEM_PROPERTIES": "-Da=b -Dc=d", "KAFKA_OPTS": "-javaagent:x.jar",
		}, "/java -Xms1g -Xmx2g -XX:+UseZGC -Xlog:gc*:stdout:time,level,tags -XX:SharedArchiveFile=/kafka.jsa -Xshare:auto " +
			"-Dkafka.logs.dir=/tmp -Dlog4j2.configurationFile=/log4j2.properties -Djava.security.properties=/java.security -Da=b -Dc=d -cp /a.jar:/b.jar -javaagent:x.jar kafka.Kafka f"},
		"takes a share of the memory": {
			full,
			Environment{"STRIMZI_DYNAMIC_HEAP_PERCENTAGE": "50", "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseZGC"},
			"/java -Xms2147483600 -Xmx2147483600 -XX:+UseZGC -XX:SharedArchiveFile=/kafka.jsa -Xshare:auto -Dkafka.logs.dir=/tmp -Dlog4j2.configurationFile=/log4j2.properties -Djava.security.properties=/java.security -cp /a.jar:/b.jar kafka.Kafka f",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(c.runtime.Command(c.environment, "kafka.Kafka", "f"), " ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestHeap(t *testing.T) {
	cases := map[string]struct {
		percentage, highest string
		limit               int64
		want                string
	}{
		"is a share of the limit":           {"50", "", 2000, "-Xms1000 -Xmx1000"},
		"is capped":                         {"50", "700", 2000, "-Xms700 -Xmx700"},
		"is not raised to the cap":          {"50", "7000", 2000, "-Xms1000 -Xmx1000"},
		"is Kafka's without a limit":        {"50", "700", 0, ""},
		"is Kafka's without a share":        {"", "700", 2000, ""},
		"is Kafka's with a senseless share": {"120", "", 2000, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			environment := Environment{"STRIMZI_DYNAMIC_HEAP_PERCENTAGE": c.percentage, "STRIMZI_DYNAMIC_HEAP_MAX": c.highest}
			if got := Heap(environment, c.limit); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func put(t *testing.T, content string, elements ...string) string {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMemoryLimit(t *testing.T) {
	cases := map[string]struct {
		file, content string
		want          int64
	}{
		"of version 2":             {"memory.max", "2147483648\n", 2 << 30},
		"of version 2 without one": {"memory.max", "max\n", 0},
		"of version 1":             {"memory/memory.limit_in_bytes", "1073741824\n", 1 << 30},
		"of version 1 without one": {"memory/memory.limit_in_bytes", "9223372036854771712\n", 0},
		"of a machine without any": {"other", "", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cgroup := t.TempDir()
			put(t, c.content, cgroup, c.file)
			if got := memoryLimit(cgroup); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestFindRuntime(t *testing.T) {
	image := t.TempDir()
	java := put(t, "", image, "jre", "bin", "java")
	layout := Layout{Kafka: filepath.Join(image, "kafka"), Config: image, JavaHomes: []string{"/nonexistent", filepath.Join(image, "jre")}}
	found, err := FindRuntime(layout, Environment{"JAVA_HOME": "/nonexistent"})
	if err != nil || found.Java != java || found.ClassPath != layout.Kafka+"/libs/*" || found.Archive != "" || found.Log4j != "" {
		t.Errorf("a bare image: %+v, error %v", found, err)
	}
	put(t, "/a.jar:/b.jar\n", layout.Kafka, "cds", "classpath")
	archive := put(t, "", layout.Kafka, "cds", "kafka.jsa")
	logging := put(t, "", image, "log4j2.properties")
	found, err = FindRuntime(layout, nil)
	if err != nil || found.ClassPath != "/a.jar:/b.jar" || found.Archive != archive || found.Log4j != logging {
		t.Errorf("a whole image: %+v, error %v", found, err)
	}
}
