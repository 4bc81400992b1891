package broker

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// oldestLevel is the feature level of the first entry of metadataVersions.
const oldestLevel = 7

// metadataVersions are the names of the feature levels of metadata.version from oldestLevel on, one by one
// (MetadataVersion.java of Kafka 4.3.1, including 4.4-IV0 that it knows but does not finalise by default).
func metadataVersions() []string {
	return []string{
		"3.3-IV3", "3.4-IV0",
		"3.5-IV0", "3.5-IV1", "3.5-IV2",
		"3.6-IV0", "3.6-IV1", "3.6-IV2",
		"3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4",
		"3.8-IV0", "3.9-IV0",
		"4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3",
		"4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1",
		"4.3-IV0", "4.4-IV0",
	}
}

var release = regexp.MustCompile(`^(\d+\.\d+)(\.\d+)*$`)

// FullMetadataVersion completes the name of a metadata version: 4.3, like 4.3.1, means the last one of release 4.3.
// As Kafka itself does, it ignores a patch number, because metadata versions belong to minor releases.
func FullMetadataVersion(name string) (string, error) {
	level, err := levelOf(name)
	if err != nil {
		return "", err
	}
	return nameOf(level)
}

func levelOf(name string) (int16, error) {
	wanted := name
	if match := release.FindStringSubmatch(name); match != nil {
		wanted = match[1] + "-"
	}
	names := metadataVersions()
	for i, known := range slices.Backward(names) {
		if known == wanted || strings.HasSuffix(wanted, "-") && strings.HasPrefix(known, wanted) {
			return int16(i + oldestLevel), nil
		}
	}
	return 0, fmt.Errorf("metadata version %q is not known; those from %s to %s are", name, names[0], names[len(names)-1])
}

func nameOf(level int16) (string, error) {
	names := metadataVersions()
	i := int(level) - oldestLevel
	if i < 0 || i >= len(names) {
		return "", fmt.Errorf("level %d of the feature metadata.version is not known; those from %d to %d are", level, oldestLevel, oldestLevel+len(names)-1)
	}
	return names[i], nil
}
