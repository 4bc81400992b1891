package resourcename

import (
	"crypto/sha1" //nolint:gosec // a short name that does not change, not a secret
	"encoding/hex"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// separator stands between what is left of a name and its hash, as in resources that earlier two-way operators made.
const separator = "---"

// Of is the name of the resource for what has a name in Kafka: the same, or, if Kubernetes cannot hold that, what is left of it and a hash.
// It never changes, and no two names share one but with the probability of equal hashes. Where nothing is left, the kind stands for it.
func Of(name, kind string) string {
	if len(validation.IsDNS1123Subdomain(name)) == 0 {
		return name
	}
	sum := sha1.Sum([]byte(name)) //nolint:gosec // see above
	hash := hex.EncodeToString(sum[:])
	left := strings.Trim(strings.Map(allowed, strings.ToLower(name)), "-.")
	left = strings.Trim(left[:min(len(left), validation.DNS1123SubdomainMaxLength-len(separator)-len(hash))], "-.")
	// A part of a subdomain must not begin or end with a hyphen, which dots beside them would make it do.
	left = strings.ReplaceAll(left, ".", "-")
	if left == "" {
		return kind + separator + hash
	}
	return left + separator + hash
}

func allowed(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
		return r
	}
	return '-'
}
