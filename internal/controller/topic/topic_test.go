package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/topic"
)

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) passes(d time.Duration) { c.at = c.at.Add(d) }

func key(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }

func made(name string, change func(*v1.KafkaTopic)) *v1.KafkaTopic {
	out := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, Generation: 7, Labels: map[string]string{"l": "1"}}}
	if change != nil {
		change(out)
	}
	return out
}

func operator(change func(*Options)) *Operator {
	options := Options{Namespace: "ns", Labels: map[string]string{"l": "1"}, Now: time.Now, Resync: 2 * time.Minute, SyncInterval: 10 * time.Second, Finalizers: true, BatchSize: 10}
	if change != nil {
		change(&options)
	}
	nobody, err := apiserver.Connect(&rest.Config{})
	if err != nil {
		panic(err)
	}
	options.API = nobody
	out, err := New(options)
	if err != nil {
		panic(err)
	}
	return out
}

// queued takes all that waits in the queue.
func queued(o *Operator) []string {
	var out []string
	for o.queue.Len() > 0 {
		k, _ := o.queue.Get()
		o.queue.Done(k)
		out = append(out, k.Name)
	}
	slices.Sort(out)
	return out
}

func TestDeletionsOfTheSameTimeAreCountedTogether(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	d := newDeletions(c.now)
	deleting := made("x", func(t *v1.KafkaTopic) { t.DeletionTimestamp = &metav1.Time{Time: c.at} })
	for i := range 10 {
		d.see(key(fmt.Sprint(i)), deleting)
		d.see(key(fmt.Sprint(i)), deleting)
	}
	if d.manyResources(100) {
		t.Error("10 of 100 are many")
	}
	d.follow(key("0"))
	if d.manyResources(100) {
		t.Error("one that is carried out counts twice")
	}
	d.see(key("10"), deleting)
	if !d.manyResources(100) || d.manyTopics(100) {
		t.Error("one more is not counted with the one that was carried out")
	}
	c.passes(together + time.Second)
	if d.manyResources(100) {
		t.Error("what was carried out long ago still counts")
	}
	d.see(key("11"), made("11", nil))
	d.see(key("1"), made("1", func(t *v1.KafkaTopic) {
		t.DeletionTimestamp, t.Annotations = &metav1.Time{Time: c.at}, map[string]string{v1.AnnotationConfirmDeletion: "true"}
	}))
	d.see(key("2"), made("2", func(t *v1.KafkaTopic) {
		t.DeletionTimestamp, t.Annotations = &metav1.Time{Time: c.at}, map[string]string{v1.AnnotationManaged: "false"}
	}))
	d.forget(key("3"))
	if got := len(d.leaving); got != 7 {
		t.Errorf("%d leave, without one that stays, one that was confirmed, one that is not managed and one that is gone", got)
	}
}

func TestHowLongATopicIsMissingIsKnown(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	d := newDeletions(c.now)
	if d.vanish(key("a")) != 0 {
		t.Error("it was missing before it was")
	}
	c.passes(3 * time.Second)
	if got := d.vanish(key("a")); got != 3*time.Second {
		t.Errorf("missing for %s", got)
	}
	d.exists(key("a"))
	if got := d.vanish(key("a")); got != 0 {
		t.Errorf("missing for %s, though it came back", got)
	}
	d.vanish(key("b"))
	d.vanish(key("c"))
	if !d.manyTopics(3) || d.manyResources(3) {
		t.Error("three of three topics")
	}
	d.forget(key("c"))
	if d.manyTopics(3) {
		t.Error("a resource that is gone counts")
	}
}

func TestEventsThatSaySomethingNewAreLookedAt(t *testing.T) {
	now := metav1.Now()
	tests := map[string]struct {
		change func(*v1.KafkaTopic)
		want   []string
	}{
		"nothing":                          {func(*v1.KafkaTopic) {}, nil},
		"a new spec":                       {func(t *v1.KafkaTopic) { t.Generation++ }, []string{"a"}},
		"a status":                         {func(t *v1.KafkaTopic) { t.Status.TopicID = "x" }, nil},
		"a deletion":                       {func(t *v1.KafkaTopic) { t.DeletionTimestamp = &now }, []string{"a"}},
		"a pause":                          {func(t *v1.KafkaTopic) { t.Annotations[v1.AnnotationPauseReconciliation] = "true" }, []string{"a"}},
		"what the operator notes":          {func(t *v1.KafkaTopic) { t.Annotations[v1.AnnotationAgreed] = "{}" }, nil},
		"the finalizer that was asked for": {func(t *v1.KafkaTopic) { t.Finalizers = []string{v1.FinalizerTopic} }, nil},
		"another object of the name":       {func(t *v1.KafkaTopic) { t.UID = "2" }, []string{"a", "rival"}},
		"not managed any more":             {func(t *v1.KafkaTopic) { t.Annotations[v1.AnnotationManaged] = "false" }, []string{"a", "rival"}},
		"another name":                     {func(t *v1.KafkaTopic) { t.Generation++; t.Spec.TopicName = "other" }, []string{"a", "rival"}},
		"no label any more":                {func(t *v1.KafkaTopic) { t.Labels = nil }, []string{"rival"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := operator(nil)
			events := o.events()
			before := made("a", func(t *v1.KafkaTopic) { t.Spec.TopicName, t.Annotations = "t", map[string]string{} })
			events.OnAdd(before, true)
			events.OnAdd(made("rival", func(t *v1.KafkaTopic) { t.Spec.TopicName = "t" }), true)
			events.OnAdd(made("foreign", func(t *v1.KafkaTopic) { t.Labels = nil }), true)
			if got := queued(o); !slices.Equal(got, []string{"a", "rival"}) {
				t.Fatalf("at the start: %v", got)
			}
			after := before.DeepCopy()
			test.change(after)
			events.OnUpdate(before, after)
			if got := queued(o); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestWhatIsLostWithItsLabelComesBackWithIt(t *testing.T) {
	o := operator(nil)
	with, without := made("a", nil), made("a", func(t *v1.KafkaTopic) { t.Labels = nil })
	events := o.events()
	events.OnAdd(with, true)
	events.OnUpdate(with, without)
	if o.resources.Count() != 0 {
		t.Error("it is still known")
	}
	queued(o)
	events.OnUpdate(without, with)
	if got := queued(o); o.resources.Count() != 1 || !slices.Equal(got, []string{"a"}) {
		t.Errorf("%d known, %v queued", o.resources.Count(), got)
	}
}

func TestLookInterval(t *testing.T) {
	tests := map[string]struct {
		mode topic.Mode
		size int
		want time.Duration
	}{
		"in one direction as configured":             {topic.Revert, 1_000_000, 2 * time.Minute},
		"where drift is told as configured":          {topic.Report, 0, 2 * time.Minute},
		"in both directions soon":                    {topic.TwoWay, 100, 10 * time.Second},
		"in both directions more slowly, with many":  {topic.TwoWay, 10_000, 20 * time.Second},
		"with very many more slowly than configured": {topic.TwoWay, 100_000, 200 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := operator(func(o *Options) { o.Mode = test.mode })
			for i := range test.size {
				o.resources.Put(fmt.Sprint(i), fmt.Sprint(i), false)
			}
			if got := o.lookInterval(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestTrimKeepsWhatIsRead(t *testing.T) {
	in := made("a", func(t *v1.KafkaTopic) {
		t.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
		t.Finalizers, t.UID, t.ResourceVersion = []string{v1.FinalizerTopic}, "u", "9"
		t.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}", v1.AnnotationDrift: "report"}
		t.Status.TopicName = "a"
	})
	want := in.DeepCopy()
	want.ManagedFields, want.Annotations = nil, map[string]string{v1.AnnotationDrift: "report"}
	got, err := trim()(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{v1.AnnotationManaged, v1.AnnotationPauseReconciliation, v1.AnnotationAgreed, v1.AnnotationConfirmDeletion, v1.AnnotationDrift} {
		if !slices.Contains(annotationsRead(), name) {
			t.Errorf("%s is read and trimmed", name)
		}
	}
	if other, err := trim()("text"); err != nil || other != "text" {
		t.Errorf("another object: %v, %v", other, err)
	}
}

func TestStatus(t *testing.T) {
	ready := v1.Condition{Type: "Ready", Status: "True"}
	warned := v1.Condition{Type: "Warning", Status: "True", Reason: "InvalidConfig", Message: "w"}
	replicas := &v1.ReplicasChangeStatus{TargetReplicas: 3, State: "ongoing", SessionID: "s"}
	resource := func(change func(*v1.KafkaTopic)) *v1.KafkaTopic {
		return made("a", func(t *v1.KafkaTopic) {
			t.Status.TopicName, t.Status.TopicID = "a", "old"
			if change != nil {
				change(t)
			}
		})
	}
	actual := &topic.Actual{Name: "a", ID: "id"}
	refusal := &broker.Refused{Class: "c.TopicDeletionDisabledException", Message: "no", Code: kerr.TopicDeletionDisabled}
	three := "3"
	tests := map[string]struct {
		job  *job
		want v1.KafkaTopicStatus
	}{
		"all is as wanted": {
			&job{resource: resource(nil), actual: actual, deed: compare},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", Conditions: []v1.Condition{ready}},
		},
		"a verdict comes first, then warnings, drift and conflicts": {
			&job{
				resource: resource(nil), actual: actual, deed: compare, mode: topic.Report, warnings: []v1.Condition{warned},
				difference: topic.Difference{
					Warnings: []v1.Condition{{Type: "Warning", Message: "x"}}, Resource: []topic.Edit{{Partitions: 3}, {Option: &topic.Option{Name: "o", Value: &three}}}, Conflicts: []string{"c1", "c2"},
				},
			},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", Conditions: []v1.Condition{
				ready, warned,
				{Type: "Warning", Message: "x"},
				warning(v1.WarningDrift, `Kafka differs from the resource and is left like that: partitions is 3, o is "3"`),
				warning(v1.WarningTopicConflict, "c1; c2"),
			}},
		},
		"what is written into the resource is no drift": {
			&job{resource: resource(nil), actual: actual, deed: compare, mode: topic.TwoWay, difference: topic.Difference{Resource: []topic.Edit{{Partitions: 3}}}},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", Conditions: []v1.Condition{ready}},
		},
		"what cannot be comes before what went wrong": {
			&job{
				resource: resource(nil), actual: actual, deed: compare, err: refusal,
				difference: topic.Difference{Refused: []topic.Refusal{{Reason: "NotSupported", Message: "first"}, {Reason: "NotSupported", Message: "second"}}},
			},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", Conditions: []v1.Condition{notReady("NotSupported", "first")}},
		},
		"Kafka's words": {
			&job{resource: resource(nil), err: refusal},
			v1.KafkaTopicStatus{TopicName: "a", Conditions: []v1.Condition{notReady("KafkaError", "c.TopicDeletionDisabledException: no")}},
		},
		"Kafka's silence": {
			&job{resource: resource(nil), err: fmt.Errorf("%w: x", broker.ErrUnreachable)},
			v1.KafkaTopicStatus{TopicName: "a", Conditions: []v1.Condition{notReady("KafkaError", "Kafka does not answer: x")}},
		},
		"anything else": {
			&job{resource: resource(nil), err: errors.New("x")},
			v1.KafkaTopicStatus{TopicName: "a", Conditions: []v1.Condition{notReady("InternalError", "x")}},
		},
		"a name that changed": {
			&job{resource: resource(func(t *v1.KafkaTopic) { t.Spec.TopicName = "b" }), err: &problem{"NotSupported", "no"}},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "old", Conditions: []v1.Condition{notReady("NotSupported", "no")}},
		},
		"paused": {
			&job{resource: resource(nil), only: &v1.Condition{Type: "ReconciliationPaused", Status: "True"}},
			v1.KafkaTopicStatus{TopicName: "a", Conditions: []v1.Condition{{Type: "ReconciliationPaused", Status: "True"}}},
		},
		"not managed": {
			&job{resource: resource(nil), only: &v1.Condition{Type: "Unmanaged", Status: "True"}},
			v1.KafkaTopicStatus{Conditions: []v1.Condition{{Type: "Unmanaged", Status: "True"}}},
		},
		"replicas on their way": {
			&job{resource: resource(nil), actual: actual, deed: compare, replicas: replicas},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", ReplicasChange: replicas, Conditions: []v1.Condition{ready}},
		},
		"replicas that arrived": {
			&job{resource: resource(func(t *v1.KafkaTopic) { t.Status.ReplicasChange = replicas }), actual: actual, deed: compare},
			v1.KafkaTopicStatus{TopicName: "a", TopicID: "id", Conditions: []v1.Condition{ready}},
		},
		"replicas on their way that nobody could look at": {
			&job{resource: resource(func(t *v1.KafkaTopic) { t.Status.ReplicasChange = replicas }), err: refusal},
			v1.KafkaTopicStatus{TopicName: "a", ReplicasChange: replicas, Conditions: []v1.Condition{notReady("KafkaError", "c.TopicDeletionDisabledException: no")}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.ObservedGeneration = 7
			if diff := cmp.Diff(test.want, test.job.status()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKafkaMayBeSilentForAWhile(t *testing.T) {
	c := &clock{at: time.Unix(1000, 0)}
	o := operator(func(o *Options) { o.Now = c.now })
	silent := fmt.Errorf("%w: x", broker.ErrUnreachable)
	look := func(err error) []deed {
		asked, refused := &job{resource: made("a", nil), deed: undecided}, &job{resource: made("b", nil), err: errors.New("wrong"), deed: tell}
		paused, deleting := &job{resource: made("c", nil), only: &v1.Condition{}}, &job{resource: made("d", nil), deed: deleteTopic}
		o.silence([]*job{asked, refused, paused, deleting}, err)
		return []deed{asked.deed, refused.deed, paused.deed, deleting.deed}
	}
	if diff := cmp.Diff([]deed{nothing, tell, tell, nothing}, look(silent)); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	c.passes(batch.Patience + time.Second)
	if diff := cmp.Diff([]deed{tell, tell, tell, tell}, look(silent)); diff != "" {
		t.Errorf("after a while (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]deed{nothing, nothing, nothing, nothing}, look(context.Canceled)); diff != "" {
		t.Errorf("at the end of the operator (-want +got):\n%s", diff)
	}
	o.reach.Restored()
	if diff := cmp.Diff([]deed{nothing, tell, tell, nothing}, look(silent)); diff != "" {
		t.Errorf("when it begins again (-want +got):\n%s", diff)
	}
}

func TestFailedTopicsAreCounted(t *testing.T) {
	o := operator(func(o *Options) { o.Metrics = NewMetrics("counted", "", false, time.Now) })
	registry := prometheus.NewRegistry()
	if err := reconciliation.Register(registry); err != nil {
		t.Fatal(err)
	}
	o.count(&job{resource: made("a", nil)}, time.Second)
	o.count(&job{resource: made("a", nil), err: errors.New("x")}, time.Second)
	o.count(&job{resource: made("a", nil), difference: topic.Difference{Refused: []topic.Refusal{{}}}}, time.Second)
	o.count(&job{deed: release}, time.Second)
	got := map[string]float64{}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			if strings.Contains(one.String(), `"counted"`) && one.GetCounter() != nil {
				got[f.GetName()] = one.GetCounter().GetValue()
			}
		}
	}
	want := map[string]float64{"strimzi_reconciliations_total": 3, "strimzi_reconciliations_successful_total": 1, "strimzi_reconciliations_failed_total": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnOperatorIsReadyWhenTheResourcesAreKnown(t *testing.T) {
	o := operator(func(*Options) {})
	if o.Ready() || !o.Alive() {
		t.Error("before it starts it is alive, and not ready")
	}
	synced := false
	o.synced = func() bool { return synced }
	if o.Ready() {
		t.Error("ready before the resources are known")
	}
	if synced = true; !o.Ready() {
		t.Error("not ready although the resources are known")
	}
}

func TestResourcesAndPausedOnesAreCounted(t *testing.T) {
	o := operator(func(*Options) {})
	o.added(made("a", nil))
	o.added(made("b", func(t *v1.KafkaTopic) { t.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "true"} }))
	if o.Resources() != 2 || o.Paused() != 1 {
		t.Errorf("%d resources, %d paused", o.Resources(), o.Paused())
	}
}

func TestResourcesShareWhatTheyHaveInCommon(t *testing.T) {
	share := trim()
	with := func(retention string) *v1.KafkaTopic {
		out, err := share(made("a", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": []byte(retention)} }))
		if err != nil {
			t.Fatal(err)
		}
		return out.(*v1.KafkaTopic)
	}
	a, b, c := with("1"), with("1"), with("2")
	// Nobody changes what the cache holds; here it shows what is shared.
	a.Spec.Config["seen"], a.Labels["seen"] = []byte("1"), "1"
	if b.Spec.Config["seen"] == nil || b.Labels["seen"] == "" {
		t.Error("equal ones are not shared")
	}
	if c.Spec.Config["seen"] != nil || string(c.Spec.Config["retention.ms"]) != "2" {
		t.Error("different ones are")
	}
}

func TestATopicWhoseResourceHasNoNameIsToldOnce(t *testing.T) {
	var said []string
	ctx := logr.NewContext(t.Context(), funcr.New(func(_, text string) { said = append(said, text) }, funcr.Options{}))
	o := operator(nil)
	o.tellHomeless(ctx, "a", nil)
	o.tellHomeless(ctx, "a", made("a", nil))
	if len(said) > 0 {
		t.Errorf("it may be its own: %q", said)
	}
	for range 2 {
		o.tellHomeless(ctx, "a", made("a", func(t *v1.KafkaTopic) { t.Spec.TopicName = "b" }))
		o.tellHomeless(ctx, "c", made("c", func(t *v1.KafkaTopic) { t.Labels = map[string]string{v1.LabelCluster: "other"} }))
	}
	if len(said) != 2 || !strings.Contains(said[0], `"topic"="a" "taken"="a"`) || !strings.Contains(said[1], `"cluster"="other"`) {
		t.Errorf("said %q", said)
	}
}

func TestMovesAreSettledWhenTheirTopicIsDeletedAndOnceAfterTheStart(t *testing.T) {
	o := operator(nil)
	asked := func() bool {
		select {
		case <-o.unsettled:
			return true
		default:
			return false
		}
	}
	if !asked() {
		t.Error("an earlier operator's are left")
	}
	o.gone(made("a", nil))
	if asked() {
		t.Error("nothing of it moved")
	}
	o.gone(made("b", func(t *v1.KafkaTopic) { t.Status.ReplicasChange = &v1.ReplicasChangeStatus{} }))
	if !asked() {
		t.Error("those of a deleted topic are left")
	}
}

func TestWhatIsChangedInKafkaIsInTheLog(t *testing.T) {
	var said []string
	ctx := logr.NewContext(t.Context(), funcr.New(func(_, text string) { said = append(said, text) }, funcr.Options{}))
	one, refused := "1", map[string]error{"refused": &broker.Refused{}}
	jobOf := func(name string) *job {
		return &job{key: types.NamespacedName{Namespace: "ns", Name: name}, wanted: topic.Wanted{Name: name}, resource: made(name, nil), actual: &topic.Actual{Name: name, Partitions: make([]topic.Partition, 1)}}
	}
	fresh, grown, left, same := jobOf("made"), jobOf("grown"), jobOf("refused"), jobOf("same")
	fresh.created(fresh.wanted, broker.Created{Partitions: 3, Replicas: 2})
	for _, j := range []*job{grown, left} {
		j.changed(refused, topic.Changes{Partitions: 5})
		j.changed(refused, topic.Changes{Options: []topic.Option{{Name: "retention.ms", Value: &one}, {Name: "segment.bytes"}}})
	}
	operator(nil).conclude(ctx, []*job{fresh, grown, left, same}, 0)
	want := []string{
		`"level"=0 "msg"="changed a topic" "topic"="made" "resource"="ns/made" "what"="created"`,
		`"level"=0 "msg"="changed a topic" "topic"="grown" "resource"="ns/grown" "what"="partitions is 5; retention.ms is \"1\", segment.bytes is not set"`,
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
