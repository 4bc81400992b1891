package image

import (
	"fmt"
	"slices"
	"strings"
)

// An AptSource is where the packages of a release come from.
type AptSource struct {
	URI, Suite string
	// Keyring is the file the release is signed with, or empty.
	Keyring string
}

// FindAptSource returns the first source of binary packages whose suite is the
// release's codename. The texts are apt's configuration files: deb822 stanzas
// or lines that begin with "deb" (sources.list(5)).
func FindAptSource(texts []string, codename string) (AptSource, error) {
	for _, text := range texts {
		for _, source := range append(lineSources(text), stanzaSources(text)...) {
			if source.Suite == codename {
				return source, nil
			}
		}
	}
	return AptSource{}, fmt.Errorf("apt has no source for %s: add one to /etc/apt/sources.list", codename)
}

func lineSources(text string) []AptSource {
	var sources []AptSource
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != "deb" {
			continue
		}
		options, rest := splitOptions(fields[1:])
		if len(rest) < 2 {
			continue
		}
		sources = append(sources, AptSource{URI: rest[0], Suite: rest[1], Keyring: keyring(options["signed-by"])})
	}
	return sources
}

// splitOptions takes "[ a=b c=d ]" off the front of a source line's fields.
func splitOptions(fields []string) (map[string]string, []string) {
	options := map[string]string{}
	if !strings.HasPrefix(fields[0], "[") {
		return options, fields
	}
	for i, field := range fields {
		if name, value, ok := strings.Cut(strings.Trim(field, "[]"), "="); ok {
			options[strings.ToLower(name)] = value
		}
		if strings.HasSuffix(field, "]") {
			return options, fields[i+1:]
		}
	}
	return options, nil
}

func stanzaSources(text string) []AptSource {
	var sources []AptSource
	for stanza := range strings.SplitSeq(text, "\n\n") {
		fields := stanzaFields(stanza)
		uris := strings.Fields(fields["uris"])
		if len(uris) == 0 || !contains(fields["types"], "deb") || strings.EqualFold(fields["enabled"], "no") {
			continue
		}
		for _, suite := range strings.Fields(fields["suites"]) {
			sources = append(sources, AptSource{URI: uris[0], Suite: suite, Keyring: keyring(fields["signed-by"])})
		}
	}
	return sources
}

func stanzaFields(stanza string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(stanza) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, " ") {
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
	return fields
}

func contains(list, word string) bool {
	return slices.Contains(strings.Fields(list), word)
}

// keyring leaves out keys that are written into the source itself.
func keyring(signedBy string) string {
	if strings.HasPrefix(signedBy, "/") {
		return signedBy
	}
	return ""
}
