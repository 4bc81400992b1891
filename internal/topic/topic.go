package topic

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// BrokerDefault stands for a number of partitions or replicas that is left to the brokers (KIP-464).
const BrokerDefault = -1

// Wanted is what a resource asks for.
type Wanted struct {
	// Name of the topic in Kafka.
	Name string
	// Partitions and Replicas are numbers, or BrokerDefault.
	Partitions, Replicas int32
	// Config has the options that the resource sets, as Kafka's texts.
	Config map[string]string
}

// Actual is a topic as Kafka has it.
type Actual struct {
	// Name of the topic and ID, Kafka's UUID in its usual text.
	Name, ID string
	// Partitions in order; each has its replicas, the preferred leader first.
	Partitions []Partition
	// Internal topics are Kafka's own.
	Internal bool
	// Config has the options that were set for this topic.
	Config map[string]string
	// Inherited has the values of options that were not, of those alone that were asked about.
	Inherited map[string]string
}

// Partition is where a partition's replicas are.
type Partition struct {
	// Replicas and ISR are ids of brokers. Replicas that come or go are among them.
	Replicas, ISR []int32
	// Adding and Removing are the replicas that come and go, as far as that was asked.
	Adding, Removing []int32
}

// Factor is the number of replicas that the partition has when all have come and gone.
func (p Partition) Factor() int32 { return int32(len(p.Replicas) - len(p.Removing)) }

// ReplicationFactor is the number of replicas that every partition has, or is about to; 0 when they differ.
func (a *Actual) ReplicationFactor() int32 {
	factor := int32(0)
	for i, p := range a.Partitions {
		if i > 0 && p.Factor() != factor {
			return 0
		}
		factor = p.Factor()
	}
	return factor
}

// Name is the name in Kafka that a resource claims.
func Name(t *v1.KafkaTopic) string {
	if t.Spec.TopicName != "" {
		return t.Spec.TopicName
	}
	return t.Name
}

// Claimed is the topic that a resource has: once it had one, that stays its own whatever name is asked for later.
func Claimed(t *v1.KafkaTopic) string { return cmp.Or(t.Status.TopicName, Name(t)) }

// Managed tells whether the resource wants its topic looked after.
func Managed(t *v1.KafkaTopic) bool { return t.Annotations[v1.AnnotationManaged] != "false" }

// Read makes out what a resource asks for. The error names the option whose value Kafka cannot have.
func Read(t *v1.KafkaTopic) (Wanted, error) {
	out := Wanted{Name: Name(t), Partitions: BrokerDefault, Replicas: BrokerDefault, Config: make(map[string]string, len(t.Spec.Config))}
	if t.Spec.Partitions != nil {
		out.Partitions = *t.Spec.Partitions
	}
	if t.Spec.Replicas != nil {
		out.Replicas = *t.Spec.Replicas
	}
	// In order, so that of several wrong options always the same one is named.
	for _, option := range slices.Sorted(maps.Keys(t.Spec.Config)) {
		value, set, err := optionText(t.Spec.Config[option])
		if err != nil {
			return Wanted{}, fmt.Errorf("spec.config.%s %w", option, err)
		}
		if set {
			out.Config[option] = value
		}
	}
	return out, nil
}

var (
	errOptionValue = errors.New("is an object; give a text, a number, true or false, or a list of these")
	errNullInList  = errors.New("has null in its list; give texts, numbers, true or false there")
)

// optionText is the text that Kafka has for a value; null sets nothing.
func optionText(raw json.RawMessage) (text string, set bool, err error) {
	trimmed := strings.TrimSpace(string(raw))
	switch {
	case trimmed == "" || trimmed == "null":
		return "", false, nil
	case trimmed[0] == '{':
		return "", false, errOptionValue
	case trimmed[0] == '[':
		return listText(raw)
	case trimmed[0] != '"':
		return trimmed, true, nil
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", false, fmt.Errorf("is not a text: %w", err)
	}
	return text, true, nil
}

// listText joins a list with commas, as Kafka writes lists.
func listText(raw json.RawMessage) (string, bool, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return "", false, fmt.Errorf("is not a list: %w", err)
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, set, err := optionText(item)
		if err != nil {
			return "", false, err
		}
		if !set {
			return "", false, errNullInList
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ","), true, nil
}
