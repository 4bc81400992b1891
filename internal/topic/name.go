package topic

import (
	"fmt"
	"regexp"

	"castellan.io/castellan/internal/resourcename"
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

// ResourceName is the name of the resource for a topic.
func ResourceName(topic string) string { return resourcename.Of(topic, "topic") }
