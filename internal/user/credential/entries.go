package credential

import (
	"maps"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// Secret is what the operator keeps in the Secret of a user.
type Secret struct {
	Data        map[string][]byte
	Annotations map[string]string
}

// Others are the entries of a Secret that are not the operator's.
func (s Secret) Others() map[string][]byte {
	out := maps.Clone(s.Data)
	maps.DeleteFunc(out, func(name string, _ []byte) bool { return entryOf(name) != 0 })
	return out
}

// Annotations are the names of those that say something about credentials, or ask for new ones: of what Make does not return, none is to stay.
func Annotations() []string {
	return []string{v1.AnnotationForceRenew, v1.AnnotationNotAfter, v1.AnnotationIssuedAt, v1.AnnotationRotated}
}

// Names of entries, as the compatible API has them.
const (
	entryAuthority     = "ca.crt"
	entryCertificate   = "user.crt"
	entryKey           = "user.key"
	entryStore         = "user.p12"
	entryStorePassword = "user.password"
	EntryPassword      = "password"
	entryLogin         = "sasl.jaas.config"
)

// entries is a set of names of entries.
type entries uint8

const (
	authority entries = 1 << iota
	certificate
	key
	store
	storePassword
	password
	login
)

// entryNames are in the order of the bits.
func entryNames() []string {
	return []string{entryAuthority, entryCertificate, entryKey, entryStore, entryStorePassword, EntryPassword, entryLogin}
}

func entryOf(name string) entries {
	for bit, known := range entryNames() {
		if known == name {
			return 1 << bit
		}
	}
	return 0
}

func (e entries) has(other entries) bool { return e&other == other }

// String lists the names for a person.
func (e entries) String() string {
	var names []string
	for bit, name := range entryNames() {
		if e&(1<<bit) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
