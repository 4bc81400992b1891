package storage

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed releases.txt
var releases string

// Feature is one finalized feature of a cluster and the level it starts with.
type Feature struct {
	Name  string
	Level int16
}

// metadataFeature is the feature that every release sets (KIP-778).
const metadataFeature = "metadata.version"

// Features gives the features that Kafka's storage tool records for a metadata version such as "4.3-IV0", in its order.
// A version without "-IV" means the last one of that release, as it does for Kafka. It says false for a version that
// this build does not know.
func Features(version string) ([]Feature, bool) {
	var found []Feature
	for line := range strings.Lines(releases) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" || !means(version, fields[0]) {
			continue
		}
		features, err := parseFeatures(fields[1:])
		if err != nil {
			return nil, false
		}
		found = features
	}
	return found, found != nil
}

func means(version, release string) bool {
	short, _, _ := strings.Cut(release, "-")
	return version == release || version == short
}

func parseFeatures(fields []string) ([]Feature, error) {
	fields[0] = metadataFeature + "=" + fields[0]
	features := make([]Feature, 0, len(fields))
	for _, field := range fields {
		name, text, _ := strings.Cut(field, "=")
		level, err := strconv.ParseInt(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("reading the level of %s: %w", name, err)
		}
		features = append(features, Feature{Name: name, Level: int16(level)})
	}
	return features, nil
}
