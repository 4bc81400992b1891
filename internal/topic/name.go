package topic

import (
	"crypto/sha1" //nolint:gosec // a short name that does not change, not a secret
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultExclusion matches topics that programs make for themselves: Kafka's own, those of Kafka Streams, and those in which
// Connect and mirrors keep their state.
const DefaultExclusion = `__.*|.*-(changelog|repartition)|(.*-)?connect(-cluster)?-(configs|offsets|status)|` +
	`mirrormaker2(-cluster)?-(configs|offsets|status)|mm2-(configs|offsets|status|offset-syncs)\..*\.internal|.*\.checkpoints\.internal`

// ParseExclusion compiles a pattern that must match the whole name of a topic.
func ParseExclusion(pattern string) (*regexp.Regexp, error) {
	out, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression: %w", pattern, err)
	}
	return out, nil
}

// separator stands between what is left of a topic's name and its hash, as in resources that earlier two-way operators made.
const separator = "---"

// ResourceName is the name of the resource for a topic: the topic's, or, if Kubernetes cannot hold that, what is left of it
// and a hash. It never changes, and no two topics share one but with the probability of equal hashes.
func ResourceName(topic string) string {
	if len(validation.IsDNS1123Subdomain(topic)) == 0 {
		return topic
	}
	sum := sha1.Sum([]byte(topic)) //nolint:gosec // see above
	hash := hex.EncodeToString(sum[:])
	left := strings.Trim(strings.Map(allowed, strings.ToLower(topic)), "-.")
	left = strings.Trim(left[:min(len(left), validation.DNS1123SubdomainMaxLength-len(separator)-len(hash))], "-.")
	// A part of a subdomain must not begin or end with a hyphen, which dots beside them would make it do.
	left = strings.ReplaceAll(left, ".", "-")
	if left == "" {
		return "topic" + separator + hash
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
