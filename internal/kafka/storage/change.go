package storage

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
)

// Change lists why a pool that has the storage current cannot have wanted; it can when the list is empty.
// Volumes may come and go as a whole, grow, and change what becomes of them; what they are made of stays.
func Change(current, wanted v1.Storage) []string {
	if current.Type != wanted.Type {
		return []string{fmt.Sprintf("the type changed from %s to %s", current.Type, wanted.Type)}
	}
	problems := CheckSet(wanted)
	if wanted.Type != v1.StorageJBOD {
		return append(problems, changeVolume("the volume", wanted.Type, current.VolumeSettings, wanted.VolumeSettings)...)
	}
	before := map[int32]v1.Volume{}
	for _, v := range current.Volumes {
		before[id(v)] = v
	}
	for _, v := range wanted.Volumes {
		old, existed := before[id(v)]
		if !existed {
			continue
		}
		name := fmt.Sprintf("volume %d", id(v))
		if old.Type != v.Type {
			problems = append(problems, fmt.Sprintf("%s: the type changed from %s to %s", name, old.Type, v.Type))
			continue
		}
		problems = append(problems, changeVolume(name, v.Type, old.VolumeSettings, v.VolumeSettings)...)
	}
	return problems
}

// changeVolume looks at the settings that volumes of the kind have; others mean nothing.
func changeVolume(name string, kind v1.StorageType, old, wanted v1.VolumeSettings) []string {
	var problems []string
	report := func(field, from, to string) {
		problems = append(problems, fmt.Sprintf("%s: %s changed from %q to %q", name, field, from, to))
	}
	if kind == v1.StorageEphemeral {
		if compare(old.SizeLimit, wanted.SizeLimit) != 0 {
			report("sizeLimit", old.SizeLimit, wanted.SizeLimit)
		}
		return problems
	}
	if old.Class != wanted.Class {
		report("class", old.Class, wanted.Class)
	}
	if !maps.Equal(old.Selector, wanted.Selector) {
		problems = append(problems, name+": selector changed")
	}
	if compare(old.Size, wanted.Size) > 0 {
		problems = append(problems, fmt.Sprintf("%s: size shrank from %s to %s", name, old.Size, wanted.Size))
	}
	return problems
}

// compare orders two sizes; a size that is missing or unreadable equals only itself and is greater than the others.
func compare(a, b string) int {
	if a == b {
		return 0
	}
	first, errFirst := resource.ParseQuantity(a)
	second, errSecond := resource.ParseQuantity(b)
	if errFirst != nil || errSecond != nil {
		return 1
	}
	return first.Cmp(second)
}
