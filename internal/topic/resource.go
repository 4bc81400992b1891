package topic

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	v1 "castellan.io/castellan/api/v1"
)

// Spec is the spec of a resource for a topic that exists.
func Spec(resourceName string, is *Actual) v1.KafkaTopicSpec {
	partitions, factor := int32(len(is.Partitions)), is.ReplicationFactor()
	out := v1.KafkaTopicSpec{Partitions: &partitions}
	if factor > 0 {
		out.Replicas = &factor
	}
	if resourceName != is.Name {
		out.TopicName = is.Name
	}
	for name, value := range is.Config {
		if slices.Contains(Throttles(), name) {
			continue // of replicas on their way, not of the topic
		}
		if out.Config == nil {
			out.Config = v1.FreeForm{}
		}
		out.Config[name] = optionJSON(value)
	}
	return out
}

// Edited is the spec with the edits.
func Edited(spec v1.KafkaTopicSpec, edits []Edit) v1.KafkaTopicSpec {
	spec.Config = maps.Clone(spec.Config)
	for _, e := range edits {
		switch {
		case e.Partitions > 0:
			spec.Partitions = &e.Partitions
		case e.Replicas > 0:
			spec.Replicas = &e.Replicas
		case e.Option.Value == nil:
			delete(spec.Config, e.Option.Name)
		default:
			if spec.Config == nil {
				spec.Config = v1.FreeForm{}
			}
			spec.Config[e.Option.Name] = optionJSON(*e.Option.Value)
		}
	}
	return spec
}

// optionJSON writes a value as people do: numbers and truth values bare, all else as text.
func optionJSON(value string) json.RawMessage {
	if number, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(number, 10) == value {
		return json.RawMessage(value)
	}
	if value == "true" || value == "false" {
		return json.RawMessage(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`""`) // texts can always be written
	}
	return text
}

// Patch is the edits as a merge patch of a spec (RFC 7386).
func Patch(edits []Edit) map[string]any {
	out, config := map[string]any{}, map[string]any{}
	for _, e := range edits {
		switch {
		case e.Partitions > 0:
			out["partitions"] = e.Partitions
		case e.Replicas > 0:
			out["replicas"] = e.Replicas
		case e.Option.Value == nil:
			config[e.Option.Name] = nil
		default:
			config[e.Option.Name] = optionJSON(*e.Option.Value)
		}
	}
	if len(config) > 0 {
		out["config"] = config
	}
	return out
}
