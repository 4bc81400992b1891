package topic_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/topic"
)

func TestRead(t *testing.T) {
	three, two := int32(3), int32(2)
	tests := map[string]struct {
		spec v1.KafkaTopicSpec
		want topic.Wanted
	}{
		"a resource without a spec has no opinion": {want: topic.Wanted{Name: "t", Partitions: -1, Replicas: -1, Config: map[string]string{}}},
		"numbers and a name of its own are taken over": {
			spec: v1.KafkaTopicSpec{TopicName: "With_Capitals", Partitions: &three, Replicas: &two},
			want: topic.Wanted{Name: "With_Capitals", Partitions: 3, Replicas: 2, Config: map[string]string{}},
		},
		"values become Kafka's texts": {
			spec: v1.KafkaTopicSpec{Config: v1.FreeForm{
				"text": raw(`"compact"`), "empty": raw(`""`), "number": raw(`7200000`), "large": raw(`9223372036854775807`), "fraction": raw(`0.5`),
				"negative": raw(` -1 `), "yes": raw(`true`), "no": raw(`false`), "list": raw(`["compact", "delete"]`), "mixed": raw(`[1, true, "a"]`),
				"none": raw(`[]`), "quoted": raw(`"a\"b"`),
			}},
			want: topic.Wanted{Name: "t", Partitions: -1, Replicas: -1, Config: map[string]string{
				"text": "compact", "empty": "", "number": "7200000", "large": "9223372036854775807", "fraction": "0.5",
				"negative": "-1", "yes": "true", "no": "false", "list": "compact,delete", "mixed": "1,true,a", "none": "", "quoted": `a"b`,
			}},
		},
		"null sets nothing": {
			spec: v1.KafkaTopicSpec{Config: v1.FreeForm{"retention.ms": raw(`null`), "segment.bytes": nil}},
			want: topic.Wanted{Name: "t", Partitions: -1, Replicas: -1, Config: map[string]string{}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := topic.Read(resource(test.spec))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func resource(spec v1.KafkaTopicSpec) *v1.KafkaTopic {
	return &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Name: "t"}, Spec: spec}
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestValuesThatKafkaCannotHaveAreNamed(t *testing.T) {
	const anything = "give a text, a number, true or false, or a list of these"
	tests := map[string]struct {
		config v1.FreeForm
		want   string
	}{
		"an object":                   {v1.FreeForm{"a": raw(`{"b":1}`)}, "spec.config.a is an object; " + anything},
		"an object in a list":         {v1.FreeForm{"a": raw(`[{"b":1}]`)}, "spec.config.a is an object; " + anything},
		"null in a list":              {v1.FreeForm{"a": raw(`["b", null]`)}, "spec.config.a has null in its list; give texts, numbers, true or false there"},
		"the first of several, alone": {v1.FreeForm{"c": raw(`{}`), "b": raw(`{}`), "d": raw(`{}`), "a": raw(`1`)}, "spec.config.b is an object; " + anything},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				_, err := topic.Read(resource(v1.KafkaTopicSpec{Config: test.config}))
				if err == nil || err.Error() != test.want {
					t.Fatalf("got %v, want %s", err, test.want)
				}
			}
		})
	}
}

func TestOnlyTheExactWordMakesAResourceUnmanaged(t *testing.T) {
	for value, want := range map[string]bool{"false": false, "true": true, "False": true, "": true, "no": true} {
		r := resource(v1.KafkaTopicSpec{})
		r.Annotations = map[string]string{v1.AnnotationManaged: value}
		if got := topic.Managed(r); got != want {
			t.Errorf("%q: got %t", value, got)
		}
	}
}

func TestSpecOfATopic(t *testing.T) {
	is := &topic.Actual{
		Name: "Orders", Partitions: []topic.Partition{{Replicas: []int32{0, 1}}, {Replicas: []int32{1, 2}}},
		Config: map[string]string{
			"retention.ms": "5", "preallocate": "true", "cleanup.policy": "compact,delete", "zeros": "007", "minus": "-0",
			"leader.replication.throttled.replicas": "*",
		},
	}
	text, err := json.Marshal(topic.Spec("orders---1", is))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"topicName":"Orders","partitions":2,"replicas":2,` +
		`"config":{"cleanup.policy":"compact,delete","minus":"-0","preallocate":true,"retention.ms":5,"zeros":"007"}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	is.Partitions[0].Replicas = []int32{0}
	if spec := topic.Spec("Orders", is); spec.Replicas != nil || spec.TopicName != "" {
		t.Errorf("a topic with different numbers of replicas, of the resource's name: %+v", spec)
	}
}

func TestReplicationFactor(t *testing.T) {
	three := []int32{0, 1, 2}
	tests := map[string]struct {
		partitions []topic.Partition
		want       int32
	}{
		"no partitions":                         {nil, 0},
		"the same number":                       {[]topic.Partition{{Replicas: three}, {Replicas: three}}, 3},
		"different numbers":                     {[]topic.Partition{{Replicas: three}, {Replicas: three[:1]}}, 0},
		"replicas that go do not count":         {[]topic.Partition{{Replicas: three, Removing: []int32{2}}, {Replicas: three[:2]}}, 2},
		"replicas that come count already":      {[]topic.Partition{{Replicas: three, Adding: []int32{2}}, {Replicas: three}}, 3},
		"one that comes for another that goes":  {[]topic.Partition{{Replicas: three, Adding: []int32{2}, Removing: []int32{0}}}, 2},
		"a partition without any, among others": {[]topic.Partition{{Replicas: three}, {}}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (&topic.Actual{Partitions: test.partitions}).ReplicationFactor(); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestAlterable(t *testing.T) {
	tests := map[string]struct {
		text     string
		has, not []string
	}{
		"nothing said means all":     {"", []string{"retention.ms"}, nil},
		"ALL":                        {" ALL ", []string{"retention.ms"}, nil},
		"NONE":                       {"NONE", nil, []string{"retention.ms", ""}},
		"a list, with spaces in it":  {"retention.ms, segment.bytes ,,", []string{"retention.ms", "segment.bytes"}, []string{"cleanup.policy", "", "ALL"}},
		"other cases are no options": {"all", nil, []string{"retention.ms"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			alterable := topic.ParseAlterable(test.text)
			for _, option := range test.has {
				if !alterable.Has(option) {
					t.Errorf("%s may not be changed", option)
				}
			}
			for _, option := range test.not {
				if alterable.Has(option) {
					t.Errorf("%s may be changed", option)
				}
			}
		})
	}
	want := []v1.Condition{
		{Type: "Warning", Status: "True", Reason: "InvalidConfig", Message: "Property a is ignored according to alterable config"},
		{Type: "Warning", Status: "True", Reason: "InvalidConfig", Message: "Property c is ignored according to alterable config"},
	}
	got := topic.Unalterable(map[string]string{"c": "1", "b": "2", "a": "3"}, topic.ParseAlterable("b"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestAgreedIsReadBackAndNeverInvented(t *testing.T) {
	a := &topic.Agreed{TopicID: "id", Partitions: 3, Replicas: 2, Config: map[string]string{"b": `"`, "a": ""}}
	if diff := cmp.Diff(a, topic.ParseAgreed(a.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"", "{", "null", "[]", `"id"`, `{"partitions":3}`, `{"topicId":"id","partitions":"3"}`} {
		if got := topic.ParseAgreed(text); got != nil {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestEditsInWords(t *testing.T) {
	value := "5"
	for want, edit := range map[string]topic.Edit{
		"partitions is 3": {Partitions: 3}, "replicas is 2": {Replicas: 2},
		`retention.ms is "5"`: {Option: &topic.Option{Name: "retention.ms", Value: &value}}, "retention.ms is not set": {Option: &topic.Option{Name: "retention.ms"}},
	} {
		if got := edit.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestMissing(t *testing.T) {
	agreed := &topic.Agreed{TopicID: "id", Partitions: 1, Replicas: 1, Config: map[string]string{"a": "1"}}
	same := topic.Wanted{Partitions: 1, Replicas: topic.BrokerDefault, Config: map[string]string{"a": "1"}}
	edited := topic.Wanted{Partitions: 1, Replicas: topic.BrokerDefault, Config: map[string]string{"a": "2"}}
	tests := map[string]struct {
		wanted topic.Wanted
		agreed *topic.Agreed
		mode   topic.Mode
		answer string
		want   topic.Fate
	}{
		"by default a topic that is missing is made":              {same, agreed, topic.Revert, "", topic.Create},
		"also when somebody confirms a deletion":                  {same, agreed, topic.Revert, "true", topic.Create},
		"a new resource's topic is made in both directions":       {same, nil, topic.TwoWay, "", topic.Create},
		"a new resource's topic is made where drift is told":      {same, nil, topic.Report, "", topic.Create},
		"a deletion in Kafka is followed":                         {same, agreed, topic.TwoWay, "", topic.Remove},
		"a deletion in Kafka is told":                             {same, agreed, topic.Report, "", topic.Leave},
		"a deletion in Kafka is told, whatever was edited":        {edited, agreed, topic.Report, "", topic.Leave},
		"a deletion in Kafka is not followed if the resource was": {edited, agreed, topic.TwoWay, "", topic.Create},
		"unless the user says so":                                 {edited, agreed, topic.TwoWay, "true", topic.Remove},
		"the user wants the topic again":                          {same, agreed, topic.TwoWay, "false", topic.Create},
		"the user wants the topic again where drift is told":      {same, agreed, topic.Report, "false", topic.Create},
		"other answers are none":                                  {same, agreed, topic.TwoWay, "maybe", topic.Remove},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := topic.Policy{Mode: test.mode, Alterable: topic.ParseAlterable("ALL")}
			if got := topic.Missing(test.wanted, test.agreed, p, test.answer); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestMany(t *testing.T) {
	tests := map[string]struct {
		deletions, known int
		want             bool
	}{
		"none":                            {0, 0, false},
		"the only two":                    {2, 2, false},
		"all three":                       {3, 3, true},
		"three of six are half":           {3, 6, false},
		"three of five are more":          {3, 5, true},
		"ten of many":                     {10, 100, false},
		"eleven of many":                  {11, 100, true},
		"five percent of very many":       {500, 10_000, false},
		"more than five percent":          {501, 10_000, true},
		"more than are known":             {7, 3, true},
		"a few of which nothing is known": {3, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := topic.Many(test.deletions, test.known); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestMoreDeletionsNeverLookLessLikeAnAccident(t *testing.T) {
	for known := range 400 {
		for deletions := range known {
			if topic.Many(deletions, known) && !topic.Many(deletions+1, known) || topic.Many(deletions, known+1) && !topic.Many(deletions, known) {
				t.Fatalf("%d of %d", deletions, known)
			}
		}
	}
}

func TestExclusion(t *testing.T) {
	excluded, err := topic.ParseExclusion(topic.DefaultExclusion)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"__consumer_offsets": true, "app-store-changelog": true, "app-store-repartition": true, "connect-configs": true, "my-connect-cluster-offsets": true,
		"mirrormaker2-cluster-status": true, "mm2-offset-syncs.east.internal": true, "east.checkpoints.internal": true, "connect-status": true,
		"orders": false, "_orders": false, "changelog": false, "changelog-orders": false, "my-reconnect-status": false, "orders__": false, "connect": false,
	} {
		if got := excluded.MatchString(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
	// A pattern matches whole names, also if it has alternatives.
	both, err := topic.ParseExclusion("a|b")
	if err != nil || both.MatchString("ab") || !both.MatchString("a") || !both.MatchString("b") {
		t.Errorf("a|b: %v", err)
	}
	if _, err := topic.ParseExclusion("("); err == nil {
		t.Error("( is an expression")
	}
}

func TestAfterLeavesWhatWasRead(t *testing.T) {
	value := "1"
	before := topic.Actual{Partitions: []topic.Partition{{Replicas: []int32{1, 2}}}, Config: map[string]string{"b": "2"}}
	after := before.After(topic.Changes{Partitions: 2, Options: []topic.Option{{Name: "a", Value: &value}, {Name: "b"}}})
	want := &topic.Actual{Partitions: []topic.Partition{{Replicas: []int32{1, 2}}, {Replicas: []int32{1, 2}}}, Config: map[string]string{"a": "1"}}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"b": "2"}, before.Config); diff != "" || len(before.Partitions) != 1 {
		t.Errorf("the topic that was read changed: %s", diff)
	}
}

func TestAnAgreementCountsInItsClusterAlone(t *testing.T) {
	made := &topic.Agreed{Cluster: "one", TopicID: "id"}
	for cluster, counts := range map[string]bool{"one": true, "": true, "another": false} {
		if got := made.In(cluster) != nil; got != counts {
			t.Errorf("in %q: %t", cluster, got)
		}
	}
	if (&topic.Agreed{TopicID: "id"}).In("one") == nil || (*topic.Agreed)(nil).In("one") != nil {
		t.Error("one without a cluster counts, none does not")
	}
}
