package kafka

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// Versions are the versions of Kafka that the operator knows.
type Versions struct {
	// Default is the name of the version that a cluster gets when its resource names none.
	Default string
	// Known versions, oldest first. Those that are not supported are recognised as what a cluster comes from.
	Known []Version
}

// Version is a version of Kafka.
type Version struct {
	// Name is the version itself, such as 4.3.1.
	Name string
	// MetadataVersion is the metadata version that belongs to it, such as 4.3-IV0.
	MetadataVersion string
	// Image that holds it.
	Image string
	// Supported versions can be asked for.
	Supported bool
}

// SupportedVersions are the names of the versions that can be asked for, oldest first.
func SupportedVersions() []string { return Versions{Known: knownVersions()}.supported() }

func knownVersions() []Version {
	return []Version{
		{Name: "3.9.0", MetadataVersion: "3.9-IV0"},
		{Name: "3.9.1", MetadataVersion: "3.9-IV0"},
		{Name: "4.0.0", MetadataVersion: "4.0-IV3"},
		{Name: "4.0.1", MetadataVersion: "4.0-IV3"},
		{Name: "4.1.0", MetadataVersion: "4.1-IV1"},
		{Name: "4.1.1", MetadataVersion: "4.1-IV1"},
		{Name: "4.1.2", MetadataVersion: "4.1-IV1"},
		{Name: "4.2.0", MetadataVersion: "4.2-IV1", Supported: true},
		{Name: "4.2.1", MetadataVersion: "4.2-IV1", Supported: true},
		{Name: "4.3.0", MetadataVersion: "4.3-IV0", Supported: true},
		{Name: "4.3.1", MetadataVersion: "4.3-IV0", Supported: true},
	}
}

// AllVersions returns the versions that the operator knows, with the image of each supported one.
// Images must name every supported version and no other.
func AllVersions(images map[string]string) (Versions, error) {
	known := knownVersions()
	rest := maps.Clone(images)
	for i, v := range known {
		if !v.Supported {
			continue
		}
		known[i].Image = images[v.Name]
		if known[i].Image == "" {
			return Versions{}, fmt.Errorf("no image is given for Kafka %s; give one for every supported version", v.Name)
		}
		delete(rest, v.Name)
	}
	if len(rest) > 0 {
		return Versions{}, fmt.Errorf("images are given for Kafka %s, which is not supported", strings.Join(slices.Sorted(maps.Keys(rest)), ", "))
	}
	return Versions{Default: "4.3.1", Known: known}, nil
}

func (v Versions) find(name string) (Version, bool) {
	i := slices.IndexFunc(v.Known, func(known Version) bool { return known.Name == name })
	if i < 0 {
		return Version{}, false
	}
	return v.Known[i], true
}

func (v Versions) supported() []string {
	var names []string
	for _, known := range v.Known {
		if known.Supported {
			names = append(names, known.Name)
		}
	}
	return names
}

// target is the version that a cluster is to run.
type target struct {
	version  Version
	metadata string
	note     string
}

// decideVersion chooses the Kafka and metadata versions from the wish, what nodes run, and what the status says.
func decideVersion(in Input) (target, error) {
	spec, versions := in.Kafka.Spec.Kafka, in.Settings.Versions
	wanted := cmp.Or(spec.Version, versions.Default)
	version, known := versions.find(wanted)
	if !known || !version.Supported {
		return target{}, invalid(v1.ReasonUnsupportedKafkaVersion, "Unsupported Kafka.spec.kafka.version: %s. Supported versions are: [%s]", wanted, strings.Join(versions.supported(), ", "))
	}
	if err := checkMetadataVersion(spec.MetadataVersion); err != nil {
		return target{}, err
	}
	from, err := runningVersion(in.Seen.NodeVersions, version.Name)
	if err != nil {
		return target{}, err
	}
	if compareVersions(from, version.Name) == 0 {
		metadata, note := settledMetadata(in.Kafka, version)
		return target{version, metadata, note}, nil
	}
	metadata, err := movingMetadata(in, from, version)
	return target{version: version, metadata: metadata}, err
}

// runningVersion is the version that a cluster comes from: the highest that a node has when it is above the wanted one, or
// else the lowest; the wanted one when no node exists.
func runningVersion(nodes map[string]string, wanted string) (string, error) {
	var seen []string
	for _, version := range nodes {
		if version != "" {
			seen = append(seen, version)
		}
	}
	if len(nodes) == 0 {
		return wanted, nil
	}
	if len(seen) == 0 {
		return "", invalid(v1.ReasonKafkaUpgrade, "the pods of the cluster do not tell their Kafka version; restore their annotation %s or delete them one by one", v1.AnnotationKafkaVersion)
	}
	if highest := slices.MaxFunc(seen, compareVersions); compareVersions(highest, wanted) > 0 {
		return highest, nil
	}
	return slices.MinFunc(seen, compareVersions), nil
}

// settledMetadata is the metadata version of a cluster whose nodes all run the wanted version.
func settledMetadata(k *v1.Kafka, version Version) (metadata, note string) {
	wanted := k.Spec.Kafka.MetadataVersion
	if wanted == "" {
		return version.MetadataVersion, ""
	}
	if compareDotted(wanted, version.Name, 2) <= 0 {
		return wanted, ""
	}
	kept := cmp.Or(k.Status.KafkaMetadataVersion, version.MetadataVersion)
	return kept, fmt.Sprintf("spec.kafka.metadataVersion: %s is newer than Kafka %s; %s stays", wanted, version.Name, kept)
}

// movingMetadata is the metadata version while nodes change their version: the one that the older of both understands.
func movingMetadata(in Input, from string, to Version) (string, error) {
	current := in.Kafka.Status.KafkaMetadataVersion
	older := to
	if compareVersions(from, to.Name) < 0 {
		known, isKnown := in.Settings.Versions.find(from)
		if !isKnown {
			return cmp.Or(current, to.MetadataVersion), nil
		}
		older = known
	}
	if current == "" {
		return older.MetadataVersion, nil
	}
	if compareDotted(current, older.MetadataVersion, 2) > 0 {
		return "", invalid(v1.ReasonKafkaUpgrade, "the cluster cannot go from Kafka %s to %s: its metadata version %s is newer than Kafka %s understands (%s); choose a newer spec.kafka.version or lower spec.kafka.metadataVersion first",
			from, to.Name, current, older.Name, older.MetadataVersion)
	}
	return current, nil
}

var metadataPattern = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.\d+)?(?:-IV(\d+))?$`)

// metadataLevel orders metadata versions: major, minor, internal version.
type metadataLevel [3]int

// oldestMetadata is the first metadata version that a KRaft cluster of today can come from.
func oldestMetadata() metadataLevel { return metadataLevel{3, 3, 3} }

// jbodMetadata is the first metadata version that knows several log directories (KIP-858).
func jbodMetadata() metadataLevel { return metadataLevel{3, 7, 2} }

// parseMetadata reads 4.3 or 4.3-IV0; without an internal version the last one of the release is meant.
func parseMetadata(text string) (metadataLevel, bool) {
	match := metadataPattern.FindStringSubmatch(text)
	if match == nil {
		return metadataLevel{}, false
	}
	internal := lastInternal
	if match[3] != "" {
		internal = atoi(match[3])
	}
	return metadataLevel{atoi(match[1]), atoi(match[2]), internal}, true
}

// lastInternal stands for the last internal version of a release, whichever it is.
const lastInternal = 1 << 30

// atoi reads digits; what does not fit is greater than any version there is.
func atoi(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return lastInternal
	}
	return n
}

func checkMetadataVersion(text string) error {
	if text == "" {
		return nil
	}
	level, ok := parseMetadata(text)
	oldest := oldestMetadata()
	if !ok || slices.Compare(level[:], oldest[:]) < 0 {
		return invalid(v1.ReasonInvalidResource, "spec.kafka.metadataVersion: %q is not a metadata version; use 3.3-IV3 or newer, such as 4.3 or 4.3-IV0", text)
	}
	return nil
}

// compareVersions orders Kafka versions by major.minor.patch; what follows is a vendor's own.
func compareVersions(a, b string) int { return compareDotted(a, b, 3) }

var leadingNumbers = regexp.MustCompile(`^\d+(\.\d+)*`)

// compareDotted orders versions by the first numbers of each.
func compareDotted(a, b string, numbers int) int {
	for i := range numbers {
		if order := cmp.Compare(dotted(a, i), dotted(b, i)); order != 0 {
			return order
		}
	}
	return 0
}

func dotted(version string, i int) int {
	parts := strings.Split(leadingNumbers.FindString(version), ".")
	if i >= len(parts) || parts[i] == "" {
		return 0
	}
	return atoi(parts[i])
}
