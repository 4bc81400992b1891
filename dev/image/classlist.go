package image

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// classLists name the classes that go into the class-data archive, one file for
// each minor version of Kafka they were recorded with.
//
//go:embed classlist
var classLists embed.FS

// classList is the list for a version, or the newest there is: names the
// version does not know are passed over, and classes the list does not name
// merely load as they always did.
func classList(version string) (string, error) {
	entries, err := classLists.ReadDir("classlist")
	if err != nil {
		return "", fmt.Errorf("reading the class lists: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	text, err := classLists.ReadFile("classlist/" + ChooseClassList(names, version))
	if err != nil {
		return "", fmt.Errorf("reading the class list: %w", err)
	}
	return string(text), nil
}

// ListName is the name of the class list recorded with a version.
func ListName(version string) string {
	return "kafka-" + version[:strings.LastIndex(version, ".")] + ".txt"
}

// ChooseClassList picks the list of the version's minor version, or the last of
// the names, which is the newest.
func ChooseClassList(names []string, version string) string {
	if slices.Contains(names, ListName(version)) {
		return ListName(version)
	}
	return slices.Max(names)
}

// MergeClassLists makes one list of what JVMs recorded with
// -XX:DumpLoadedClassList: sorted, without duplicates and without what ties it
// to one Java release or makes the archive differ from dump to dump.
func MergeClassLists(recorded ...string) string {
	var classes, lambdas []string
	for _, text := range recorded {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "@lambda-"):
				lambdas = append(lambdas, line)
			case line != "" && !strings.HasPrefix(line, "@") && !strings.HasPrefix(line, "#"):
				classes = append(classes, line)
			}
		}
	}
	lines := append(normalize(classes, className), normalize(lambdas, portableLambda)...)
	return strings.Join(lines, "\n") + "\n"
}

// normalize maps lines, leaving out those that become empty, and sorts them.
func normalize(lines []string, change func(string) string) []string {
	var changed []string
	for _, line := range lines {
		if line = change(line); line != "" {
			changed = append(changed, line)
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// className takes the number off a line "name id: 7". Classes of other loaders
// than the built-in three ("name id: 7 super: 1 source: file") cannot be found
// by name, and generated ones have other names in the next process.
func className(line string) string {
	name, attributes, _ := strings.Cut(line, " ")
	if strings.Contains(attributes, "source:") || strings.Contains(name, "$Proxy") {
		return ""
	}
	return name
}

// portableLambda leaves out lambdas that involve SLF4J's interfaces. These are
// compiled for Java 1.5; making the lambda links them early, and the archive
// of an old class that is linked has addresses of the dumping process in it.
func portableLambda(line string) string {
	if strings.Contains(line, "slf4j") {
		return ""
	}
	return line
}

// dumpArchive makes the class-data archive in the image tree at root, from
// within that tree: an archive is valid for the files' paths, sizes and times.
func dumpArchive(ctx context.Context, root, classes string) error {
	if err := require("unshare"); err != nil {
		return err
	}
	if err := setTimes(filepath.Join(root, KafkaHome)); err != nil {
		return err
	}
	const list = "/tmp/classes"
	if err := os.WriteFile(filepath.Join(root, list), []byte(classes), 0o644); err != nil {
		return err
	}
	classpath, err := os.ReadFile(filepath.Join(root, ClasspathFile))
	if err != nil {
		return err
	}
	arguments := append(slices.Clone(dumpArguments), "-XX:SharedClassListFile="+list,
		"-XX:SharedArchiveFile="+ArchiveFile, "-cp", strings.TrimSpace(string(classpath)))
	if _, err := run(inImage(ctx, root, JavaHome+"/bin/java", arguments...)); err != nil {
		return err
	}
	return checkArchive(ctx, root, strings.TrimSpace(string(classpath)))
}

// checkArchive starts a JVM that refuses to run without the archive.
func checkArchive(ctx context.Context, root, classpath string) error {
	_, err := run(inImage(ctx, root, JavaHome+"/bin/java", "-Xshare:on", "-XX:SharedArchiveFile="+ArchiveFile,
		"-cp", classpath, "-version"))
	if err != nil {
		return fmt.Errorf("checking the class-data archive: %w", err)
	}
	return nil
}
