package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// FindRuntime looks for a Java runtime and for Kafka's classes.
func FindRuntime(layout Layout, environment Environment) (Runtime, error) {
	java, err := findJava(append([]string{environment["JAVA_HOME"]}, layout.JavaHomes...))
	if err != nil {
		return Runtime{}, err
	}
	classPath, archive := findClasses(layout.Kafka)
	return Runtime{
		Java:        java,
		ClassPath:   classPath,
		Archive:     archive,
		Log4j:       firstFile(layout.config("log4j2.properties"), filepath.Join(layout.Kafka, "config", "log4j2.yaml")),
		Logs:        layout.Logs,
		MemoryLimit: memoryLimit(layout.Cgroup),
	}, nil
}

func findJava(homes []string) (string, error) {
	for _, home := range homes {
		if home == "" {
			continue
		}
		if java := firstFile(filepath.Join(home, "bin", "java")); java != "" {
			return java, nil
		}
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", errors.New("no java: set JAVA_HOME or use an image with a Java runtime")
	}
	return java, nil
}

// findClasses prefers the class path that the image's class-data archive was made for: the archive is valid for that
// text only.
func findClasses(kafka string) (classPath, archive string) {
	text, err := os.ReadFile(filepath.Join(kafka, "cds", "classpath"))
	if err != nil {
		return filepath.Join(kafka, "libs", "*"), ""
	}
	return strings.TrimSpace(string(text)), firstFile(filepath.Join(kafka, "cds", "kafka.jsa"))
}

func firstFile(paths ...string) string {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

// unlimited is above every real limit: version 1 of control groups says "no limit" with the largest page-aligned number.
const unlimited = 1 << 62

// memoryLimit reads version 2 ("max" is no limit) or version 1 of the container's memory control group.
func memoryLimit(cgroup string) int64 {
	for _, name := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(filepath.Join(cgroup, name))
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit < unlimited {
			return limit
		}
	}
	return 0
}
