package stage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/stage"
)

func running(container string) []corev1.ContainerStatus {
	return []corev1.ContainerStatus{{Name: container, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
}

func kafka(generation, observed int64, kind string) *v1.Kafka {
	k := &v1.Kafka{}
	k.Name, k.Generation = "k", generation
	k.Status.ObservedGeneration = observed
	k.Status.Conditions = []v1.Condition{{Type: kind, Status: v1.ConditionTrue}}
	return k
}

func TestOf(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "p", UID: "1"}
	deleted := metav1.Now()
	ending := *meta.DeepCopy()
	ending.DeletionTimestamp = &deleted
	ready := []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	for name, c := range map[string]struct {
		object client.Object
		want   []stage.Stage
	}{
		"a pod without a node is only created":     {&corev1.Pod{ObjectMeta: meta}, []stage.Stage{stage.Created}},
		"a pod with a node is scheduled":           {&corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{NodeName: "n"}}, []stage.Stage{stage.Created, stage.Scheduled}},
		"another container than Kafka's is no one": {&corev1.Pod{ObjectMeta: meta, Status: corev1.PodStatus{ContainerStatuses: running("sidecar")}}, []stage.Stage{stage.Created}},
		"Kafka's container runs":                   {&corev1.Pod{ObjectMeta: meta, Status: corev1.PodStatus{ContainerStatuses: running("kafka")}}, []stage.Stage{stage.Created, stage.Started}},
		"a pod is ready":                           {&corev1.Pod{ObjectMeta: meta, Status: corev1.PodStatus{Conditions: ready}}, []stage.Stage{stage.Created, stage.Ready}},
		"a pod ends":                               {&corev1.Pod{ObjectMeta: ending}, []stage.Stage{stage.Created, stage.Ending}},
		"a resource without a status is not seen":  {&v1.Kafka{}, nil},
		"a resource that is not ready is seen":     {kafka(1, 0, v1.ConditionNotReady), []stage.Stage{stage.Announced}},
		"readiness of an old generation is none":   {kafka(2, 1, v1.ConditionReady), []stage.Stage{stage.Announced}},
		"a resource is Ready":                      {kafka(2, 2, v1.ConditionReady), []stage.Stage{stage.Announced, stage.ClusterReady}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []stage.Stage
			for _, s := range stage.Of(c.object) {
				got = append(got, s.Stage)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimeline(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	line := stage.NewTimeline()
	old, replaced, other := stage.Sight{Stage: stage.Ready, Name: "a", Incarnation: "1"}, stage.Sight{Stage: stage.Ready, Name: "a", Incarnation: "2"}, stage.Sight{Stage: stage.Ready, Name: "b", Incarnation: "3"}
	line.Note(second(1), []stage.Sight{old})
	line.Note(second(2), []stage.Sight{old, replaced})
	early := line.Copy()
	line.Note(second(3), []stage.Sight{old, replaced, other})

	if at, ok := line.Seen(old); !ok || !at.Equal(second(1)) {
		t.Errorf("the first sight counts: got %v, %v", at, ok)
	}
	if at, count := line.Last(stage.Ready); count != 3 || !at.Equal(second(3)) {
		t.Errorf("last: got %v, %d", at, count)
	}
	if at, count := early.Last(stage.Ready); count != 2 || !at.Equal(second(2)) {
		t.Errorf("a copy does not go on: got %v, %d", at, count)
	}
	if incarnation, at := line.Newest(stage.Ready, "a"); incarnation != "2" || !at.Equal(second(2)) {
		t.Errorf("newest: got %q, %v", incarnation, at)
	}
	if incarnation, at := line.Newest(stage.Gone, "a"); incarnation != "" || !at.IsZero() {
		t.Errorf("what never came: got %q, %v", incarnation, at)
	}
}
