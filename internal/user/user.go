package user

import (
	"cmp"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
)

// Mechanism is a SCRAM mechanism as Kafka names it.
type Mechanism string

// The mechanisms that Kafka has.
const (
	ScramSha256 Mechanism = "SCRAM-SHA-256"
	ScramSha512 Mechanism = "SCRAM-SHA-512"
)

// Iterations is how often a password is hashed, as the compatible API says and Kafka's own tools do.
const Iterations = 4096

// ACL is one rule of Kafka's about one principal: an operation on a resource, from a host.
type ACL struct {
	Resource   kmsg.ACLResourceType
	Pattern    kmsg.ACLResourcePatternType
	Operation  kmsg.ACLOperation
	Permission kmsg.ACLPermissionType
	// Name is the resource's name, or what it starts with; Host is an address or *.
	Name, Host string
}

// Compare orders rules for lists that people and tests read.
func (a ACL) Compare(b ACL) int {
	return cmp.Or(
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Pattern, b.Pattern),
		cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Operation, b.Operation),
	)
}

// Quotas are limits by Kafka's names of them; one that is absent does not hold.
type Quotas map[string]float64

// Names of quotas (KIP-13, KIP-124, KIP-599).
const (
	QuotaProducerByteRate       = "producer_byte_rate"
	QuotaConsumerByteRate       = "consumer_byte_rate"
	QuotaRequestPercentage      = "request_percentage"
	QuotaControllerMutationRate = "controller_mutation_rate"
)

// Scram are the credentials that a name has: iterations for each mechanism, 0 where it has none.
type Scram struct{ Sha256, Sha512 int32 }

// With has so many iterations for a mechanism.
func (s Scram) With(m Mechanism, iterations int32) Scram {
	switch m {
	case ScramSha256:
		s.Sha256 = iterations
	case ScramSha512:
		s.Sha512 = iterations
	}
	return s
}

// Of is how many iterations there are for a mechanism.
func (s Scram) Of(m Mechanism) int32 {
	switch m {
	case ScramSha256:
		return s.Sha256
	case ScramSha512:
		return s.Sha512
	}
	return 0
}

// Mechanisms are those that the name has credentials for.
func (s Scram) Mechanisms() []Mechanism {
	var out []Mechanism
	for _, m := range []Mechanism{ScramSha256, ScramSha512} {
		if s.Of(m) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// Held is what Kafka holds about one name.
type Held struct {
	ACLs   []ACL
	Quotas Quotas
	Scram  Scram
}

// Empty tells that Kafka holds nothing.
func (h Held) Empty() bool { return len(h.ACLs) == 0 && len(h.Quotas) == 0 && h.Scram == Scram{} }

// certificatePrefix makes a name that of a client certificate.
const certificatePrefix = "CN="

// Principal is the name in Kafka of who proves with a certificate, or not, to be the username.
func Principal(username string, how *v1.UserAuthentication) string {
	if how == nil || how.Type == v1.UserAuthenticationScramSha512 {
		return username
	}
	return certificatePrefix + username
}

// Names are those that Kafka may know a user by.
func Names(username string) []string { return []string{username, certificatePrefix + username} }

// Username is the one that a name in Kafka belongs to; false if it belongs to none: a wildcard, nobody in particular, or the subject of a
// certificate that says more than a CN.
func Username(name string) (string, bool) {
	username := strings.TrimPrefix(name, certificatePrefix)
	if username == "" || username == "*" || username == "ANONYMOUS" || strings.ContainsAny(username, "=,") {
		return "", false
	}
	return username, true
}
