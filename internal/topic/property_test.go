package topic_test

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/topic"
)

const (
	worlds = 500
	rounds = 8
)

// history is a world that is edited at random, with a script of what happened.
type history struct {
	*world
	*testing.T
	random *rand.Rand
	script strings.Builder
	// again says that the topic was deleted and made again since the last look.
	again bool
}

// eachWorld runs the property for many seeds. The error of one that fails has the seed, and a script for testdata.
func eachWorld(t *testing.T, mode topic.Mode, property func(*history)) {
	t.Helper()
	for seed := range int64(worlds) {
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			h := &history{world: newWorld(mode), T: t, random: rand.New(rand.NewSource(seed))}
			h.says("mode " + string(mode))
			defer func() {
				if t.Failed() {
					t.Logf("seed %d:\n%s", seed, h.script.String())
				}
			}()
			property(h)
		})
		if !ok {
			return
		}
	}
}

func (h *history) says(line string) { h.script.WriteString(line + "\n") }

func (h *history) looks() []string {
	h.Helper()
	h.says("look")
	h.again = false
	return h.look(h.T)
}

// values of options are numbers, truth values, lists and texts that must be quoted in JSON.
func values() map[string][]string {
	return map[string][]string{
		"retention.ms": {"100", "200", "9223372036854775807"}, "preallocate": {"true", "false"},
		"cleanup.policy": {"delete", "compact,delete"}, "follower.text": {`a"b`, "007", ""},
	}
}

func (h *history) option() (name string, value *string) {
	names := slices.Sorted(maps.Keys(values()))
	name = names[h.random.Intn(len(names))]
	if h.random.Intn(3) == 0 {
		return name, nil
	}
	all := values()[name]
	return name, &all[h.random.Intn(len(all))]
}

func written(name string, value *string) string {
	if value == nil {
		return name + "=none"
	}
	return name + "=" + *value
}

// editResource never asks for fewer partitions than there were at the last look: that cannot be.
func (h *history) editResource(least int32) {
	var word string
	switch h.random.Intn(6) {
	case 0:
		word = fmt.Sprint("partitions=", least+h.random.Int31n(4))
	case 1:
		word = fmt.Sprint("replicas=", 1+h.random.Int31n(3))
	case 2:
		word = []string{"partitions=none", "replicas=none"}[h.random.Intn(2)]
	default:
		word = written(h.option())
	}
	h.says("resource " + word)
	h.inResource(h.T, word)
}

func (h *history) editKafka(mayMake bool) {
	words := []string{written(h.option())}
	switch n := h.random.Intn(8); {
	case n == 0 && mayMake:
		words = []string{"makes", fmt.Sprint("partitions=", 1+h.random.Int31n(4)), fmt.Sprint("replicas=", 1+h.random.Int31n(3)), words[0]}
		h.again = true
	case n == 1:
		words = []string{fmt.Sprint("partitions=", len(h.kafka.Partitions)+h.random.Intn(3))}
	case n == 2:
		words = []string{fmt.Sprint("replicas=", 1+h.random.Int31n(3))}
	}
	h.says("kafka " + strings.Join(words, " "))
	h.inKafka(h.T, words)
}

// edit edits both sides some times in any order.
func (h *history) editBoth(mayMake bool) {
	least := int32(len(h.kafka.Partitions))
	for range h.random.Intn(6) {
		if h.random.Intn(2) == 0 {
			h.editResource(least)
		} else {
			h.editKafka(mayMake)
		}
	}
}

// sides are the values of both sides: numbers and options under their names. What the resource has no opinion about is not in its own.
func (h *history) sides() (resource, kafka map[string]string) {
	w := h.wanted(h.T)
	resource, kafka = maps.Clone(w.Config), maps.Clone(h.kafka.Config)
	if kafka == nil {
		kafka = map[string]string{}
	}
	put := func(side map[string]string, name string, n int32) {
		if n != topic.BrokerDefault {
			side[name] = fmt.Sprint(n)
		}
	}
	put(resource, "partitions", w.Partitions)
	put(resource, "replicas", w.Replicas)
	put(kafka, "partitions", int32(len(h.kafka.Partitions)))
	put(kafka, "replicas", h.kafka.ReplicationFactor())
	return resource, kafka
}

// same fails when the sides differ about anything that the resource has an opinion about.
func (h *history) same() {
	h.Helper()
	resource, kafka := h.sides()
	for _, number := range []string{"partitions", "replicas"} {
		if _, has := resource[number]; !has {
			delete(kafka, number)
		}
	}
	if diff := cmp.Diff(resource, kafka); diff != "" {
		h.Fatalf("the resource (-) and Kafka (+):\n%s", diff)
	}
}

// steady fails when another look changes or tells anything.
func (h *history) steady() {
	h.Helper()
	before := h.resourceState(h.T) + h.kafkaState() + h.agreed
	if told := h.looks(); len(told) > 0 {
		h.Fatalf("a look after which nothing happened tells %q", told)
	}
	if diff := cmp.Diff(before, h.resourceState(h.T)+h.kafkaState()+h.agreed); diff != "" {
		h.Fatalf("one look more changed (-before +after):\n%s", diff)
	}
}

// TestTwoSidesMeet holds the result of every look against what follows from the values before and after the edits alone.
func TestTwoSidesMeet(t *testing.T) {
	eachWorld(t, topic.TwoWay, func(h *history) {
		h.looks()
		for range rounds {
			_, was := h.sides()
			h.editBoth(true)
			want, conflicts := h.met(was)
			told := h.looks()
			h.same()
			_, is := h.sides()
			if diff := cmp.Diff(want, is); diff != "" {
				h.Fatalf("(-want +got):\n%s", diff)
			}
			if got := conflictsIn(told); !slices.Equal(got, conflicts) {
				h.Fatalf("conflicts told about %v, want %v: %q", got, conflicts, told)
			}
			h.looks() // replicas have arrived
			h.steady()
		}
	})
}

// value is what one side has under a name, or that it has nothing.
type value struct {
	text string
	set  bool
}

func valueIn(side map[string]string, name string) value {
	text, set := side[name]
	return value{text, set}
}

// met is what both sides have to become, and what was changed on both, given what they agreed on.
func (h *history) met(was map[string]string) (want map[string]string, conflicts []string) {
	resource, kafka := h.sides()
	names := maps.Clone(resource)
	maps.Copy(names, kafka)
	maps.Copy(names, was)
	want = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		meet := metOption
		if name == "partitions" || name == "replicas" {
			meet = metNumber
		}
		old := valueIn(was, name)
		result, conflict := meet(name, valueIn(resource, name), valueIn(kafka, name), known{old, !h.again})
		if result.set {
			want[name] = result.text
		}
		if conflict {
			conflicts = append(conflicts, name)
		}
	}
	return want, conflicts
}

// known is what was agreed on; nothing is known of a topic that was made again.
type known struct {
	value
	is bool
}

func metOption(_ string, r, k value, was known) (result value, conflict bool) {
	switch {
	case was.is && r == was.value, !was.is && !r.set:
		return k, false
	case was.is:
		return r, r != k && k != was.value
	}
	return r, false
}

func metNumber(name string, r, k value, was known) (result value, conflict bool) {
	if !r.set {
		return k, false
	}
	if name == "partitions" && less(r, k) {
		return k, !was.is || r != was.value
	}
	return metOption(name, r, k, was)
}

func less(a, b value) bool {
	return len(a.text) < len(b.text) || len(a.text) == len(b.text) && a.text < b.text
}

func conflictsIn(told []string) []string {
	var out []string
	for _, one := range told {
		if rest, is := strings.CutPrefix(one, "conflict: "); is {
			name, _, _ := strings.Cut(rest, " ")
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// TestTwoSidesMeetWhateverTheBrokersHave has options that topics inherit, which change too.
func TestTwoSidesMeetWhateverTheBrokersHave(t *testing.T) {
	eachWorld(t, topic.TwoWay, func(h *history) {
		h.looks()
		for range rounds {
			if name, value := h.option(); value != nil && *value != "" {
				h.brokers[name] = *value
				h.says("brokers " + written(name, value))
			}
			h.editBoth(true)
			h.looks()
			h.looks()
			resource, kafka := h.sides()
			for name, value := range h.brokers {
				if _, set := kafka[name]; !set && resource[name] == value {
					kafka[name] = value
				}
			}
			for name, value := range resource {
				if kafka[name] != value {
					h.Fatalf("%s is %q in the resource, and %q in Kafka", name, value, kafka[name])
				}
			}
			h.steady()
		}
	})
}

// TestADeletedTopicTakesNoEditWithIt deletes the topic in Kafka, sometimes together with edits of the resource.
func TestADeletedTopicTakesNoEditWithIt(t *testing.T) {
	eachWorld(t, topic.TwoWay, func(h *history) {
		h.looks()
		h.editBoth(false)
		h.looks()
		h.looks()
		before, _ := h.sides()
		least := int32(len(h.kafka.Partitions))
		for range h.random.Intn(3) {
			h.editResource(least)
		}
		after, _ := h.sides()
		h.says("kafka deletes")
		h.kafka = nil
		h.looks()
		if maps.Equal(before, after) {
			if h.spec != nil {
				h.Fatal("the resource was not deleted with its topic")
			}
			return
		}
		if h.spec == nil && !onlyForgets(before, after, least) {
			h.Fatal("the resource was deleted, though it was edited")
		}
		if h.spec != nil {
			h.same()
			h.steady()
		}
	})
}

// onlyForgets tells whether the only edits are numbers that the resource has no opinion about any more, or begins to say as they were.
func onlyForgets(before, after map[string]string, partitions int32) bool {
	before, after = maps.Clone(before), maps.Clone(after)
	for _, side := range []map[string]string{before, after} {
		if side["partitions"] == fmt.Sprint(partitions) {
			delete(side, "partitions")
		}
	}
	if _, says := after["replicas"]; !says {
		delete(before, "replicas")
	}
	if _, says := before["replicas"]; !says {
		delete(after, "replicas")
	}
	if _, says := after["partitions"]; !says {
		delete(before, "partitions")
	}
	return maps.Equal(before, after)
}

func TestKafkaFollowsTheResourceAlone(t *testing.T) {
	eachWorld(t, topic.Revert, func(h *history) {
		h.looks()
		for range rounds {
			h.editBoth(true)
			if h.random.Intn(5) == 0 {
				h.says("kafka deletes")
				h.kafka = nil
			}
			before := h.resourceState(h.T)
			told := h.looks()
			if diff := cmp.Diff(before, h.resourceState(h.T)); diff != "" {
				h.Fatalf("the resource was edited (-before +after):\n%s", diff)
			}
			resource, kafka := h.sides()
			if _, says := resource["replicas"]; !says {
				delete(kafka, "replicas")
			}
			wanted := h.wanted(h.T).Partitions
			fewer := int(wanted) < len(h.kafka.Partitions)
			if wanted == topic.BrokerDefault || fewer {
				delete(kafka, "partitions")
				delete(resource, "partitions")
			}
			if diff := cmp.Diff(resource, kafka); diff != "" {
				h.Fatalf("the resource (-) and Kafka (+):\n%s", diff)
			}
			if refused := slices.Contains(told, "NotSupported: Decreasing partitions not supported"); !refused && len(told) > 0 && told[0] != "the topic is created" {
				h.Fatalf("told: %q", told)
			}
		}
	})
}

// TestWhatWasDoneInKafkaIsLeftWhereItIsReported allows changes in Kafka of what the resource's user just changed, and no others.
func TestWhatWasDoneInKafkaIsLeftWhereItIsReported(t *testing.T) {
	eachWorld(t, topic.Report, func(h *history) {
		h.looks()
		for range rounds {
			before, _ := h.sides()
			h.editBoth(true)
			resource, kafka := h.sides()
			again := h.again
			h.looks()
			resourceAfter, kafkaAfter := h.sides()
			if diff := cmp.Diff(resource, resourceAfter); diff != "" {
				h.Fatalf("the resource was edited (-before +after):\n%s", diff)
			}
			for _, name := range append(slices.Sorted(maps.Keys(values())), "partitions", "replicas") {
				if name == "partitions" && again {
					continue // a number that the resource wanted before, and could not have while Kafka had more
				}
				h.reported(name, [4]value{valueIn(before, name), valueIn(resource, name), valueIn(kafka, name), valueIn(kafkaAfter, name)})
			}
			state := h.resourceState(h.T) + h.kafkaState()
			if h.looks(); state != h.resourceState(h.T)+h.kafkaState() {
				h.Fatal("one look more changed something")
			}
		}
	})
}

// reported holds what a look did to a value of Kafka, given the resource's before and after it was edited, and Kafka's before and after.
func (h *history) reported(name string, v [4]value) {
	h.Helper()
	before, resource, kafka, after := v[0], v[1], v[2], v[3]
	if before == resource && kafka != after {
		h.Fatalf("%s was %v in Kafka and is %v, but nobody edited it in the resource", name, kafka, after)
	}
	// A number that the resource begins to say, as it was agreed on, is no edit; and partitions may not be taken away.
	if isNumber := name == "partitions" || name == "replicas"; !isNumber && before != resource && resource != after {
		h.Fatalf("%s was edited to %v in the resource, and is %v in Kafka", name, resource, after)
	}
}
