package topicimport_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/manifest"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topicimport"
)

// world is a Kafka in memory.
type world struct {
	*testing.T
	fake  *kfake.Cluster
	admin *kadm.Client
	kafka *broker.Topics
}

func newWorld(t *testing.T) *world {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	raw, err := kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	kafka, err := broker.OpenTopics(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	return &world{t, fake, kadm.NewClient(raw), kafka}
}

func (w *world) topic(name string, partitions int32, replicas int16, config map[string]string) {
	w.Helper()
	options := map[string]*string{}
	for key, value := range config {
		options[key] = &value
	}
	if _, err := w.admin.CreateTopic(w.Context(), partitions, replicas, options, name); err != nil {
		w.Fatal(err)
	}
}

// find has the default exclusion.
func (w *world) find(change func(*topicimport.Options)) topicimport.Found {
	w.Helper()
	exclude, err := topic.ParseExclusion(topic.DefaultExclusion)
	if err != nil {
		w.Fatal(err)
	}
	o := topicimport.Options{Exclude: exclude, Labels: map[string]string{v1.LabelCluster: "my-cluster"}, Progress: func(string) {}}
	if change != nil {
		change(&o)
	}
	found, err := topicimport.Find(w.Context(), w.kafka, o)
	if err != nil {
		w.Fatal(err)
	}
	return found
}

func (w *world) printed(format manifest.Format, resources []*v1.KafkaTopic) string {
	w.Helper()
	var out bytes.Buffer
	if err := manifest.Print(&out, format, resources); err != nil {
		w.Fatal(err)
	}
	return out.String()
}

// odd are values that writers and readers of YAML, JSON and Kafka could take for something else.
func odd() []string {
	return []string{
		"", "true", "TRUE", "yes", "null", "~", "007", "-0", "+1", "1e5", "0x10", "1.0", "9223372036854775807", "18446744073709551615", "1_000",
		"a: b", "- a", "# a", "a\nb\n", " a ", `"a"`, `\`, "{a}", "[a,b]", "2001-01-01", "12:30", "é", "delete,compact", "*", "&a", "<<",
	}
}

func TestAResourceThatWasImportedChangesNothingInKafka(t *testing.T) {
	w := newWorld(t)
	w.topic("orders", 12, 3, map[string]string{"retention.ms": "604800000", "cleanup.policy": "compact,delete"})
	w.topic("Audit_Log", 1, 1, nil)
	values := map[string]string{}
	for i, value := range odd() {
		name := "odd." + strings.Repeat("x", i+1)
		w.topic(name, 1, 1, map[string]string{"compression.type": value})
		values[name] = value
	}
	for _, format := range []manifest.Format{manifest.YAML, manifest.JSON} {
		t.Run(string(format), func(t *testing.T) {
			found := w.find(nil)
			if len(found.Resources) != 2+len(odd()) {
				t.Fatalf("found %d resources", len(found.Resources))
			}
			decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(w.printed(format, found.Resources)), 4096)
			for range found.Resources {
				var resource v1.KafkaTopic
				if err := decoder.Decode(&resource); err != nil {
					t.Fatal(err)
				}
				wanted, err := topic.Read(&resource)
				if err != nil {
					t.Fatal(err)
				}
				answers, err := w.kafka.Describe(t.Context(), []broker.Question{{Name: wanted.Name}})
				if err != nil {
					t.Fatal(err)
				}
				is := answers[wanted.Name].Topic
				if value, want := is.Config["compression.type"], values[wanted.Name]; value != want {
					t.Fatalf("Kafka has %q for %q: the test tests nothing", value, want)
				}
				got := topic.Compare(wanted, is, nil, topic.Policy{Mode: topic.Revert, Alterable: topic.ParseAlterable("ALL")})
				if !got.Kafka.None() || len(got.Resource)+len(got.Refused) > 0 {
					t.Errorf("%s would change Kafka: %+v", wanted.Name, got)
				}
			}
		})
	}
}

func TestDocumentsAreTheSameEveryTime(t *testing.T) {
	w := newWorld(t)
	w.topic("b", 1, 1, nil)
	w.topic("Audit_Log", 2, 3, map[string]string{"retention.ms": "1000", "cleanup.policy": "compact"})
	want := `---
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  labels:
    strimzi.io/cluster: my-cluster
  name: audit-log---38f73f9e6de9bf3d5ac4c7a0a3a8a3ff1a8e1d3c
spec:
  config:
    cleanup.policy: compact
    retention.ms: 1000
  partitions: 2
  replicas: 3
  topicName: Audit_Log
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  labels:
    strimzi.io/cluster: my-cluster
  name: b
  namespace: kafka
spec:
  partitions: 1
  replicas: 1
`
	want = strings.ReplaceAll(want, "audit-log---38f73f9e6de9bf3d5ac4c7a0a3a8a3ff1a8e1d3c\n", topic.ResourceName("Audit_Log")+"\n  namespace: kafka\n")
	inNamespace := func(o *topicimport.Options) { o.Namespace = "kafka" }
	for range 3 {
		if diff := cmp.Diff(want, w.printed(manifest.YAML, w.find(inNamespace).Resources)); diff != "" {
			t.Fatalf("documents (-want +got):\n%s", diff)
		}
	}
	if got := w.printed(manifest.Names, w.find(nil).Resources); !strings.HasSuffix(got, "\nkafkatopic.kafka.strimzi.io/b\n") {
		t.Errorf("names: %q", got)
	}
}

func TestTopicsAreChosen(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a-1", "a-2", "b-1", "app-changelog"} {
		w.topic(name, 1, 1, nil)
	}
	w.topic("__consumer_offsets", 1, 1, map[string]string{"kfake.is_internal": "true"})
	must := func(pattern string) func(*topicimport.Options) {
		return func(o *topicimport.Options) {
			p, err := topic.ParseExclusion(pattern)
			if err != nil {
				t.Fatal(err)
			}
			o.Exclude, o.OwnExclusion = p, true
		}
	}
	other := map[string]string{v1.LabelCluster: "other"}
	mine := map[string]string{v1.LabelCluster: "my-cluster"}
	cases := map[string]struct {
		change                      func(*topicimport.Options)
		want                        string
		present, excluded, internal int
		problem                     string
	}{
		"all but those of programs": {nil, "a-1 a-2 b-1", 0, 1, 1, ""},
		"some":                      {func(o *topicimport.Options) { o.Topic, _ = topic.ParseExclusion("a-.*") }, "a-1 a-2", 0, 0, 0, ""},
		"a pattern for whole names": {func(o *topicimport.Options) { o.Topic, _ = topic.ParseExclusion("a") }, "", 0, 0, 0, ""},
		"another exclusion":         {must("b.*"), "a-1 a-2 app-changelog", 0, 1, 1, ""},
		"Kafka's own too":           {func(o *topicimport.Options) { o.Internal = true }, "__consumer_offsets a-1 a-2 b-1", 0, 1, 0, ""},
		"Kafka's own, if not excluded on purpose": {
			func(o *topicimport.Options) { must("__.*")(o); o.Internal = true }, "a-1 a-2 app-changelog b-1", 0, 1, 0, "",
		},
		"what has a resource of any name": {
			func(o *topicimport.Options) {
				o.Existing = []v1.KafkaTopic{existing("x", "a-1", mine), existing("b-1", "", mine)}
			}, "a-2", 2, 1, 1, "",
		},
		"what has one of another cluster": {
			func(o *topicimport.Options) { o.Existing = []v1.KafkaTopic{existing("x", "a-1", other)} }, "a-1 a-2 b-1", 0, 1, 1, "",
		},
		"but not over the resource of another cluster": {
			func(o *topicimport.Options) { o.Existing = []v1.KafkaTopic{existing("a-1", "", other)} }, "a-2 b-1", 0, 1, 1,
			"topic a-1: the name of its resource is taken by KafkaTopic a-1 of topic a-1 in cluster other",
		},
		"any resource counts where no cluster has a name": {
			func(o *topicimport.Options) { o.Labels, o.Existing = nil, []v1.KafkaTopic{existing("a-1", "", other)} }, "a-2 b-1", 1, 1, 1, "",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			found := w.find(c.change)
			var got []string
			for _, r := range found.Resources {
				got = append(got, topic.Name(r))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("topics (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int{c.present, c.excluded, c.internal}, []int{found.Present, found.Excluded, found.Internal}); diff != "" {
				t.Errorf("left out (-want +got):\n%s", diff)
			}
			if problems := strings.Join(found.Problems, "\n"); !strings.HasPrefix(problems, c.problem) || (c.problem == "") != (problems == "") {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

func existing(name, topicName string, labels map[string]string) v1.KafkaTopic {
	return v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: v1.KafkaTopicSpec{TopicName: topicName}}
}
