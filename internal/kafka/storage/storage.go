package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
)

// Volume is one volume of every node of a pool.
type Volume struct {
	// Name within the node: data, or data-<id> in a list.
	Name string
	// Persistent volumes outlive their node's process.
	Persistent bool
	// Settings as the user gave them.
	Settings v1.VolumeSettings
}

// root is where the volumes of a node are mounted.
const root = "/var/lib/kafka/"

// Path is where the volume is mounted.
func (v Volume) Path() string { return root + v.Name }

// LogDir is the directory on the volume that holds the logs of a node.
func (v Volume) LogDir(node int32) string { return fmt.Sprintf("%s/kafka-log%d", v.Path(), node) }

// Volumes lists the volumes in the order of the manifest.
func Volumes(s v1.Storage) []Volume {
	if s.Type != v1.StorageJBOD {
		return []Volume{{Name: "data", Persistent: s.Type == v1.StoragePersistentClaim, Settings: s.VolumeSettings}}
	}
	volumes := make([]Volume, 0, len(s.Volumes))
	for _, v := range s.Volumes {
		name := "data-" + strconv.Itoa(int(id(v)))
		volumes = append(volumes, Volume{Name: name, Persistent: v.Type == v1.StoragePersistentClaim, Settings: v.VolumeSettings})
	}
	return volumes
}

// Metadata is the volume on which the metadata log lives: the one that is marked, or else the one with the lowest id.
func Metadata(s v1.Storage) Volume {
	volumes := Volumes(s)
	for _, v := range volumes {
		if v.Settings.KRaftMetadata == v1.KRaftMetadataShared {
			return v
		}
	}
	return slices.MinFunc(volumes, func(a, b Volume) int { return int(number(a.Settings.ID) - number(b.Settings.ID)) })
}

// Ephemeral tells whether some volume loses its data with its node.
func Ephemeral(s v1.Storage) bool {
	return slices.ContainsFunc(Volumes(s), func(v Volume) bool { return !v.Persistent })
}

// Check lists what is wrong with a storage in itself; path is its field.
func Check(path string, s v1.Storage) []string {
	if s.Type != v1.StorageJBOD {
		return checkVolume(path, s.Type, s.VolumeSettings)
	}
	if len(s.Volumes) == 0 {
		return []string{path + ".volumes: is empty; storage of type jbod needs at least one volume"}
	}
	var problems []string
	for i, v := range s.Volumes {
		at := fmt.Sprintf("%s.volumes[%d]", path, i)
		if v.ID == nil {
			problems = append(problems, at+".id: is missing; every volume of a jbod storage needs an id of its own")
		}
		problems = append(problems, checkVolume(at, v.Type, v.VolumeSettings)...)
	}
	return problems
}

func checkVolume(path string, kind v1.StorageType, s v1.VolumeSettings) []string {
	switch kind {
	case v1.StoragePersistentClaim:
		if s.Size == "" {
			return []string{path + ".size: is missing; storage of type persistent-claim needs a size such as 100Gi"}
		}
		return checkQuantity(path+".size", s.Size)
	case v1.StorageEphemeral:
		return checkQuantity(path+".sizeLimit", s.SizeLimit)
	default:
		return []string{fmt.Sprintf("%s.type: is %q; use ephemeral or persistent-claim", path, kind)}
	}
}

func checkQuantity(path, text string) []string {
	if text == "" {
		return nil
	}
	size, err := resource.ParseQuantity(text)
	if err != nil || size.Sign() <= 0 {
		return []string{fmt.Sprintf("%s: %q is not a size; write a positive quantity such as 100Gi", path, text)}
	}
	return nil
}

// CheckSet lists what is wrong with the set of volumes of a storage: such a storage cannot be taken over by a pool.
func CheckSet(s v1.Storage) []string {
	var problems []string
	seen := map[int32]bool{}
	marked := 0
	for _, v := range s.Volumes {
		if v.ID != nil && seen[*v.ID] {
			problems = append(problems, fmt.Sprintf("volume id %d is used twice", *v.ID))
		}
		seen[id(v)] = true
		if v.KRaftMetadata != "" {
			marked++
		}
	}
	if marked > 1 {
		problems = append(problems, "more than one volume is marked with kraftMetadata")
	}
	return problems
}

// Parse reads a storage from the JSON that Format writes.
func Parse(text string) (v1.Storage, error) {
	var s v1.Storage
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return v1.Storage{}, fmt.Errorf("reading storage: %w", err)
	}
	if s.Type == "" {
		return v1.Storage{}, fmt.Errorf("reading storage: member type is missing")
	}
	return s, nil
}

// Format writes a storage as JSON. Claims always tell whether they are deleted, also when they are not.
func Format(s v1.Storage) string {
	spelled := s
	spelled.VolumeSettings = spell(s.Type, s.VolumeSettings)
	spelled.Volumes = slices.Clone(s.Volumes)
	for i, v := range spelled.Volumes {
		spelled.Volumes[i].VolumeSettings = spell(v.Type, v.VolumeSettings)
	}
	// A storage consists of texts, numbers and truth values only, which always encode.
	text, _ := json.Marshal(spelled)
	return string(text)
}

func spell(kind v1.StorageType, s v1.VolumeSettings) v1.VolumeSettings {
	if kind == v1.StoragePersistentClaim && s.DeleteClaim == nil {
		s.DeleteClaim = new(bool)
	}
	return s
}

func id(v v1.Volume) int32 { return number(v.ID) }

func number(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
