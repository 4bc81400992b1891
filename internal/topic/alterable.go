package topic

import (
	"maps"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// Alterable says which options of topics may be changed.
type Alterable struct {
	all   bool
	names map[string]bool
}

// ParseAlterable understands ALL, NONE, and a list of options with commas.
func ParseAlterable(text string) Alterable {
	switch strings.TrimSpace(text) {
	case "", "ALL":
		return Alterable{all: true}
	case "NONE":
		return Alterable{}
	}
	names := map[string]bool{}
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names[name] = true
		}
	}
	return Alterable{names: names}
}

// Has tells whether the option may be changed.
func (a Alterable) Has(option string) bool {
	return a.all || a.names[option] || slices.Contains(Throttles(), option)
}

// Unalterable are warnings about options that a resource sets and that may not be changed.
func Unalterable(config map[string]string, alterable Alterable) []v1.Condition {
	c := comparison{}
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if !alterable.Has(name) {
			c.warnUnalterable(name)
		}
	}
	return c.out.Warnings
}
