package topic_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/topic"
)

// world is a resource and its topic, and an operator that looks at both.
type world struct {
	policy topic.Policy
	// spec is nil once the resource is deleted; kafka while there is no such topic.
	spec  *v1.KafkaTopicSpec
	kafka *topic.Actual
	// brokers are the values that topics inherit, refused the options that Kafka does not take.
	brokers map[string]string
	refused map[string]bool
	// agreed is the text that the resource carries, answer the user's about a deletion.
	agreed, answer string
	made           int
}

func newWorld(mode topic.Mode) *world {
	return &world{
		policy: topic.Policy{Mode: mode, Alterable: topic.ParseAlterable("ALL")},
		spec:   &v1.KafkaTopicSpec{}, brokers: map[string]string{}, refused: map[string]bool{},
	}
}

// make makes the topic, with an id that no other had.
func (w *world) make(partitions, replicas int32, options map[string]string) {
	w.made++
	w.kafka = &topic.Actual{Name: "t", ID: fmt.Sprint("id-", w.made), Config: maps.Clone(options)}
	w.grow(partitions)
	w.reassign(replicas)
}

func (w *world) grow(partitions int32) {
	for len(w.kafka.Partitions) < int(partitions) {
		w.kafka.Partitions = append(w.kafka.Partitions, topic.Partition{Replicas: make([]int32, w.kafka.ReplicationFactor())})
	}
}

func (w *world) reassign(replicas int32) {
	for i := range w.kafka.Partitions {
		w.kafka.Partitions[i] = topic.Partition{Replicas: make([]int32, replicas)}
	}
}

func (w *world) configure(option string, value *string) {
	if value == nil {
		delete(w.kafka.Config, option)
		return
	}
	if w.kafka.Config == nil {
		w.kafka.Config = map[string]string{}
	}
	w.kafka.Config[option] = *value
}

func (w *world) wanted(t *testing.T) topic.Wanted {
	t.Helper()
	out, err := topic.Read(&v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Name: "t"}, Spec: *w.spec})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// look does what the operator does when it looks at a resource, and gives what it tells.
func (w *world) look(t *testing.T) []string {
	t.Helper()
	if w.spec == nil {
		return nil
	}
	wanted, agreed := w.wanted(t), w.remembered()
	if w.kafka == nil {
		return w.missing(t, wanted, agreed)
	}
	w.inherit(wanted, agreed)
	agreed = agreed.About(w.kafka, w.policy.Mode)
	d := topic.Compare(wanted, w.kafka, agreed, w.policy)
	told := w.told(d)
	if slices.ContainsFunc(d.Kafka.Options, func(o topic.Option) bool { return w.refused[o.Name] && o.Value != nil }) {
		d.Kafka.Options = nil
		told = append(told, "Kafka refuses the options")
	}
	w.kafka = w.kafka.After(d.Kafka)
	if w.policy.Mode == topic.TwoWay && len(d.Resource) > 0 {
		w.edit(t, d.Resource)
		wanted = w.wanted(t)
	}
	w.remember(topic.Agree(agreed, wanted, w.kafka))
	// Replicas arrive later.
	if d.Kafka.Replicas > 0 {
		w.reassign(d.Kafka.Replicas)
	}
	return told
}

// remembered is what a resource carries, where it counts.
func (w *world) remembered() *topic.Agreed {
	if w.policy.Mode == topic.Revert {
		return nil
	}
	return topic.ParseAgreed(w.agreed)
}

func (w *world) remember(a *topic.Agreed) {
	if w.policy.Mode != topic.Revert {
		w.agreed = a.String()
	}
}

// inherit fills in what Kafka tells about options that are asked about and that the topic does not have.
func (w *world) inherit(wanted topic.Wanted, agreed *topic.Agreed) {
	asked := slices.Collect(maps.Keys(wanted.Config))
	if agreed != nil {
		asked = slices.AppendSeq(asked, maps.Keys(agreed.Config))
	}
	w.kafka.Inherited = map[string]string{}
	for _, name := range asked {
		if value, has := w.brokers[name]; has && w.kafka.Config[name] == "" {
			w.kafka.Inherited[name] = value
		}
	}
}

func (w *world) missing(t *testing.T, wanted topic.Wanted, agreed *topic.Agreed) []string {
	t.Helper()
	switch topic.Missing(wanted, agreed, w.policy, w.answer) {
	case topic.Create:
		w.make(max(wanted.Partitions, 1), max(wanted.Replicas, 1), wanted.Config)
		w.remember(topic.Agree(agreed, wanted, w.kafka))
		w.answer = ""
		return []string{"the topic is created"}
	case topic.Remove:
		w.spec = nil
		return []string{"the resource is deleted"}
	default:
		return []string{"the topic was deleted in Kafka"}
	}
}

func (w *world) told(d topic.Difference) []string {
	var out []string
	for _, r := range d.Refused {
		out = append(out, r.Reason+": "+r.Message)
	}
	if w.policy.Mode == topic.Report {
		for _, e := range d.Resource {
			out = append(out, "drift: "+e.String())
		}
	}
	for _, c := range d.Warnings {
		out = append(out, c.Reason+": "+c.Message)
	}
	for _, c := range d.Conflicts {
		out = append(out, "conflict: "+c)
	}
	return out
}

// edit writes into the resource, and compares the two ways of doing so.
func (w *world) edit(t *testing.T, edits []topic.Edit) {
	t.Helper()
	edited := topic.Edited(*w.spec, edits)
	patched := merge(tree(t, w.spec), tree(t, topic.Patch(edits)))
	if diff := cmp.Diff(tree(t, edited), patched); diff != "" {
		t.Fatalf("the edited spec (-) and the patched one (+) for %v:\n%s", edits, diff)
	}
	w.spec = &edited
}

func tree(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// merge is RFC 7386.
func merge(target, patch map[string]any) map[string]any {
	if target == nil {
		target = map[string]any{}
	}
	for name, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(target, name)
		case map[string]any:
			inner, _ := target[name].(map[string]any)
			target[name] = merge(inner, value)
		default:
			target[name] = value
		}
	}
	return target
}

// resourceState and kafkaState are both sides in one line.
func (w *world) resourceState(t *testing.T) string {
	t.Helper()
	if w.spec == nil {
		return "none"
	}
	wanted := w.wanted(t)
	return strings.Join(append(numbers(wanted.Partitions, wanted.Replicas), options(wanted.Config)...), " ")
}

func (w *world) kafkaState() string {
	if w.kafka == nil {
		return "none"
	}
	all := numbers(int32(len(w.kafka.Partitions)), w.kafka.ReplicationFactor())
	return strings.Join(append(append([]string{w.kafka.ID}, all...), options(w.kafka.Config)...), " ")
}

func numbers(partitions, replicas int32) []string {
	var out []string
	if partitions != topic.BrokerDefault {
		out = append(out, fmt.Sprint("partitions=", partitions))
	}
	if replicas != topic.BrokerDefault {
		out = append(out, fmt.Sprint("replicas=", replicas))
	}
	return out
}

func options(config map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(config)) {
		out = append(out, name+"="+config[name])
	}
	return out
}
