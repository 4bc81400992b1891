package image

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Classpath is the text of ClasspathFile for jars with the given file names: a
// fixed order, because that of a directory differs between file systems and an
// archive is valid for one order only.
func Classpath(jars []string) string {
	sorted := slices.Sorted(slices.Values(jars))
	for i, jar := range sorted {
		sorted[i] = LibsDir + "/" + jar
	}
	return strings.Join(sorted, ":")
}

// kafkaLayer builds /opt/kafka. It needs the layers below, for whose Java
// runtime the class-data archive is made.
func (b *builder) kafkaLayer(ctx context.Context, version string, below []layer) (layer, error) {
	pom, err := Pom(version)
	if err != nil {
		return layer{}, err
	}
	classes, err := classList(version)
	if err != nil {
		return layer{}, err
	}
	inputs, err := kafkaInputs(pom, classes)
	if err != nil {
		return layer{}, err
	}
	for _, layer := range below {
		inputs = append(inputs, layer.Digest)
	}
	return b.layer("kafka-"+version, inputs, func(staging, file string) (string, error) {
		root := filepath.Join(staging, "root")
		if err := unpack(ctx, root, below); err != nil {
			return "", err
		}
		b.progress("kafka %s: fetching the jars with Maven", version)
		if err := installKafka(ctx, staging, root, pom); err != nil {
			return "", err
		}
		b.progress("kafka %s: dumping the class-data archive", version)
		if err := dumpArchive(ctx, root, classes); err != nil {
			return "", err
		}
		return writeLayer(file, root, layerOptions{Keep: under(strings.TrimPrefix(KafkaHome, "/")), PlainModes: true})
	})
}

// kafkaInputs are what the Kafka layer is made of, but for what is downloaded.
func kafkaInputs(pom, classes string) ([]string, error) {
	inputs := []string{pom, classes}
	names := map[string]string{}
	for _, tool := range Tools() {
		names[tool.Name] = strings.Join(tool.Classes, "|")
	}
	files, err := KafkaFiles(Tools(), names)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		inputs = append(inputs, file.Path, string(file.Data))
	}
	return append(inputs, dumpArguments...), nil
}

// unpack makes a root file system of layers, as a container runtime would.
func unpack(ctx context.Context, root string, layers []layer) error {
	if err := require("tar"); err != nil {
		return err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	for _, layer := range layers {
		if _, err := run(command(ctx, "tar", "-xzp", "--numeric-owner", "-C", root, "-f", layer.File)); err != nil {
			return fmt.Errorf("unpacking %s: %w", layer.File, err)
		}
	}
	return nil
}

func installKafka(ctx context.Context, staging, root, pom string) error {
	libs := filepath.Join(root, LibsDir)
	if err := fetchJars(ctx, staging, libs, pom); err != nil {
		return err
	}
	jars, err := fileNames(libs)
	if err != nil {
		return err
	}
	present, err := classesIn(libs, jars)
	if err != nil {
		return err
	}
	mainClasses, err := Resolve(Tools(), present)
	if err != nil {
		return err
	}
	files, err := KafkaFiles(Tools(), mainClasses)
	if err != nil {
		return err
	}
	classpath := File{Path: ClasspathFile, Mode: 0o644, Data: []byte(Classpath(jars) + "\n")}
	return writeFiles(root, append(files, classpath))
}

func fetchJars(ctx context.Context, staging, libs, pom string) error {
	if err := require("mvn"); err != nil {
		return err
	}
	project := filepath.Join(staging, "pom.xml")
	if err := os.WriteFile(project, []byte(pom), 0o644); err != nil {
		return err
	}
	_, err := run(command(ctx, "mvn", "-q", "-B", "-f", project, "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+libs))
	return err
}

func fileNames(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// classesIn are the classes, named with dots, in the jars of a directory.
func classesIn(directory string, jars []string) (map[string]bool, error) {
	present := map[string]bool{}
	for _, jar := range jars {
		if err := addClasses(present, filepath.Join(directory, jar)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", jar, err)
		}
	}
	return present, nil
}

func addClasses(present map[string]bool, jar string) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, file := range archive.File {
		if class, ok := strings.CutSuffix(file.Name, ".class"); ok {
			present[strings.ReplaceAll(class, "/", ".")] = true
		}
	}
	return nil
}

func writeFiles(root string, files []File) error {
	for _, file := range files {
		path := filepath.Join(root, file.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Data, file.Mode); err != nil {
			return err
		}
		// The umask may have taken bits away.
		if err := os.Chmod(path, file.Mode); err != nil {
			return err
		}
	}
	return nil
}
