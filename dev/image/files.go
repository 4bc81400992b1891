package image

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// rootfs holds the files of the Kafka image that are the same for every version.
//
//go:embed rootfs
var rootfs embed.FS

// A File is one regular file of an image.
type File struct {
	// Path is absolute, as seen in the image.
	Path string
	// Mode holds permission bits only.
	Mode fs.FileMode
	Data []byte
}

// KafkaFiles are the files of the Kafka image beside the jars: the scripts and
// the logging configurations. The map gives each tool's main class.
func KafkaFiles(tools []Tool, classes map[string]string) ([]File, error) {
	files, err := fixedFiles()
	if err != nil {
		return nil, err
	}
	for _, tool := range tools {
		files = append(files, File{
			Path: BinDir + "/" + tool.Name + ".sh",
			Mode: 0o755,
			Data: []byte(script(tool, classes[tool.Name])),
		})
	}
	return files, nil
}

func fixedFiles() ([]File, error) {
	var files []File
	err := fs.WalkDir(rootfs, "rootfs", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := rootfs.ReadFile(path)
		if err != nil {
			return err
		}
		files = append(files, File{Path: strings.TrimPrefix(path, "rootfs"), Mode: modeOf(path), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the embedded files: %w", err)
	}
	return files, nil
}

// modeOf restores what embedding loses: scripts are executable.
func modeOf(path string) fs.FileMode {
	if strings.HasSuffix(path, ".sh") {
		return 0o755
	}
	return 0o644
}

// script is the text of the tool's script: its defaults, then its class.
func script(tool Tool, class string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	writeDefault(&b, "KAFKA_HEAP_OPTS", tool.Heap)
	if tool.Log4j != "" {
		writeDefault(&b, "KAFKA_LOG4J_OPTS", "-Dlog4j2.configurationFile="+ConfigDir+"/"+tool.Log4j)
	}
	writeDefault(&b, "KAFKA_JVM_PERFORMANCE_OPTS", tool.Performance)
	fmt.Fprintf(&b, "exec \"$(dirname \"$0\")/kafka-run-class.sh\" %s \"$@\"\n", class)
	return b.String()
}

func writeDefault(b *strings.Builder, variable, value string) {
	if value != "" {
		fmt.Fprintf(b, "export %s=\"${%s:-%s}\"\n", variable, variable, value)
	}
}
