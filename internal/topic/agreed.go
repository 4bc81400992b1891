package topic

import (
	"encoding/json"
	"maps"
	"slices"
)

// Agreed is what a resource and its topic last agreed on.
type Agreed struct {
	// Cluster is the id of the Kafka cluster; empty if it was not known.
	Cluster string `json:"cluster,omitempty"`
	// TopicID is Kafka's id of that topic: one of the same name and another id is another topic.
	TopicID string `json:"topicId"`
	// Partitions and Replicas are numbers; 0 replicas if partitions had different ones.
	Partitions int32 `json:"partitions"`
	Replicas   int32 `json:"replicas"`
	// Config has the options that the resource and Kafka both had. Inherited names those in order that the topic had from its brokers.
	Config    map[string]string `json:"config,omitempty"`
	Inherited []string          `json:"inherited,omitempty"`
}

// ParseAgreed reads what a resource carries; nil if it carries nothing that can be read. Not to know is always safe:
// the resource is right then, and what it does not mention is kept.
func ParseAgreed(text string) *Agreed {
	if text == "" {
		return nil
	}
	var out Agreed
	if json.Unmarshal([]byte(text), &out) != nil || out.TopicID == "" {
		return nil
	}
	return &out
}

// In is what counts of the agreement in a cluster. A resource that came from another one, from a backup or by its label, has agreed to
// nothing here: that its topic is missing does not mean that somebody deleted it.
func (a *Agreed) In(cluster string) *Agreed {
	if a != nil && a.Cluster != "" && cluster != "" && a.Cluster != cluster {
		return nil
	}
	return a
}

// About is what counts of the agreement for a topic. A topic that was deleted and made again has nothing that its resource agreed to:
// taking what it lacks for changes would empty the resource. Where nothing is reverted, making it again is a change like others.
func (a *Agreed) About(is *Actual, mode Mode) *Agreed {
	if a != nil && a.TopicID != is.ID && mode == TwoWay {
		return nil
	}
	return a
}

// String is the text for the resource to carry. The same agreement has always the same text.
func (a *Agreed) String() string {
	text, err := json.Marshal(a)
	if err != nil {
		return "" // texts and numbers can always be written
	}
	return string(text)
}

// Agree is what is agreed on now. Values that the sides still differ about stay as they were agreed on before.
func Agree(before *Agreed, w Wanted, is *Actual) *Agreed {
	out := &Agreed{TopicID: is.ID}
	if before != nil {
		out.Partitions, out.Replicas = before.Partitions, before.Replicas
	}
	if count := int32(len(is.Partitions)); before == nil || w.Partitions == BrokerDefault || w.Partitions == count {
		out.Partitions = count
	}
	if factor := is.ReplicationFactor(); before == nil || w.Replicas == BrokerDefault || w.Replicas == factor {
		out.Replicas = factor
	}
	out.agreeOptions(before, w, is)
	return out
}

func (a *Agreed) agreeOptions(before *Agreed, w Wanted, is *Actual) {
	inherited := map[string]bool{}
	if before != nil {
		a.Config = maps.Clone(before.Config)
		for _, name := range before.Inherited {
			inherited[name] = true
		}
	}
	maps.DeleteFunc(a.Config, func(name, _ string) bool {
		_, wanted := w.Config[name]
		_, own := is.Config[name]
		return !wanted && !own
	})
	for name, want := range w.Config {
		text, set := kafkaValue(is, name, want, true)
		if !set || text != want {
			continue
		}
		if a.Config == nil {
			a.Config = map[string]string{}
		}
		_, own := is.Config[name]
		a.Config[name], inherited[name] = want, !own
	}
	for _, name := range slices.Sorted(maps.Keys(a.Config)) {
		if inherited[name] {
			a.Inherited = append(a.Inherited, name)
		}
	}
}

// After is the topic as it is once the changes were made.
func (a *Actual) After(c Changes) *Actual {
	out := *a
	out.Partitions = slices.Clone(a.Partitions)
	for len(out.Partitions) < int(c.Partitions) {
		out.Partitions = append(out.Partitions, a.Partitions[0])
	}
	if len(c.Options) > 0 {
		out.Config = maps.Clone(a.Config)
	}
	for _, o := range c.Options {
		if o.Value == nil {
			delete(out.Config, o.Name)
			continue
		}
		if out.Config == nil {
			out.Config = map[string]string{}
		}
		out.Config[o.Name] = *o.Value
	}
	return &out
}
