//go:build apiserver

package kafka_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/roll"
)

func separate() []pool {
	return []pool{{"brokers", 3, "broker", "type: ephemeral"}, {"controllers", 3, "controller", "type: ephemeral"}}
}

func TestAChangeRestartsOneNodeAtATime(t *testing.T) {
	w := newWorld(t, separate()...)
	w.topics = []roll.Partition{{Topic: "orders", Replicas: []int32{0, 1, 2}, MinISR: 2}}
	w.settle(t)
	before := uids(w.pods(t))
	w.option(t, 9)
	w.settle(t)
	// Controllers come before brokers, and the active one (3) after the others.
	want := []string{"one-controllers-4", "one-controllers-5", "one-controllers-3", "one-brokers-0", "one-brokers-1", "one-brokers-2"}
	equal(t, "restarts", want, w.requests.restarts)
	equal(t, "restarts while another node was down", []string(nil), w.requests.unsafe)
	for name, uid := range uids(w.pods(t)) {
		if before[name] == uid {
			t.Errorf("pod %s did not restart", name)
		}
	}
	equal(t, "nodes of events", sorted(want), w.restartEvents(t))
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// events are those about an action.
func (w *world) events(t *testing.T, action string) []eventsv1.Event {
	t.Helper()
	all := items[eventsv1.Event](t, w, &eventsv1.EventList{})
	return slices.DeleteFunc(all, func(e eventsv1.Event) bool { return e.Action != action })
}

// restartEvents are the nodes of which events tell that they were restarted because of a new revision.
func (w *world) restartEvents(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, e := range w.events(t, v1.RestartEventAction) {
		told := []string{e.Regarding.Kind, e.Regarding.Name, e.Related.Kind, e.Reason, e.Action, e.ReportingController, e.ReportingInstance, e.Type}
		want := []string{"Kafka", "one", "Pod", v1.RestartPodHasOldRevision, "StrimziInitiatedPodRestart", "strimzi.io/cluster-operator", "operator-1", "Normal"}
		equal(t, "event", want, told)
		out = append(out, e.Related.Name)
	}
	return sorted(out)
}

func TestANodeThatRestartsLeavesTheClusterReady(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	generation := w.cluster(t).Status.ObservedGeneration
	w.option(t, 9)
	w.reconcile(t)
	equal(t, "restarts", 1, len(w.requests.restarts))
	for range 3 { // nobody runs pods, so nothing else may happen
		w.reconcile(t)
	}
	equal(t, "restarts", 1, len(w.requests.restarts))
	k := w.cluster(t)
	equal(t, "verdict", v1.ConditionReady, verdict(k).Type)
	equal(t, "observed generation", generation, k.Status.ObservedGeneration)
	w.settle(t)
	k = w.cluster(t)
	equal(t, "observed generation", k.Generation, k.Status.ObservedGeneration)
}

func TestANodeStaysWhileReplicasNeedIt(t *testing.T) {
	w := newWorld(t, separate()...)
	w.settle(t)
	w.topics = []roll.Partition{{Topic: "orders", Replicas: []int32{0, 1, 2}, MinISR: 3}, {Topic: "logs", Replicas: []int32{0, 1}, MinISR: 1}}
	w.settle(t)
	w.option(t, 9)
	w.settle(t)
	equal(t, "restarts although a partition has no replica to spare", 6, len(w.requests.restarts))

	w.topics = []roll.Partition{{Topic: "orders", Replicas: []int32{0, 1, 2, 7}, MinISR: 3}}
	w.option(t, 10)
	for range 20 {
		w.reconcile(t)
		w.others(t)
	}
	equal(t, "restarts of controllers", 9, len(w.requests.restarts))
	equal(t, "comes back", 300*time.Millisecond, w.reconcile(t).RequeueAfter)
	w.topics = nil
	w.followPods(t)
	w.settle(t)
	equal(t, "restarts", 12, len(w.requests.restarts))
	equal(t, "restarts while another node was down", []string(nil), w.requests.unsafe)
}

func TestNothingRestartsWhileKafkaDoesNotAnswer(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	w.option(t, 9)
	for range 5 {
		w.hideKafka()
		w.reconcile(t)
	}
	equal(t, "restarts", []string(nil), w.requests.restarts)
	w.settle(t)
	equal(t, "restarts", 3, len(w.requests.restarts))
}

func TestAPersonCanAskForARestart(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	pod := w.pods(t)[1]
	pod.Annotations[v1.AnnotationManualRollingUpdate] = "true"
	must(t, api.Update(t.Context(), &pod))
	w.settle(t)
	equal(t, "restarts", []string{pod.Name}, w.requests.restarts)
	var reasons []string
	for _, e := range w.events(t, v1.RestartEventAction) {
		reasons = append(reasons, e.Reason)
	}
	equal(t, "reasons", []string{v1.RestartManualRollingUpdate}, reasons)
}

func TestANodeThatCannotStartIsTold(t *testing.T) {
	w := newWorld(t, combined(1))
	w.reconcile(t)
	w.reconcileSets(t)
	pod := w.pods(t)[0]
	pod.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "no machine has room",
	}}
	must(t, api.Status().Update(t.Context(), &pod))
	w.reconcile(t)
	got := verdict(w.cluster(t))
	equal(t, "reason", v1.ReasonFatalProblem, got.Reason)
	for _, want := range []string{pod.Name, "no machine has room"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("message %q lacks %q", got.Message, want)
		}
	}
	w.settle(t)
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	tests := map[string]struct {
		edit   func(*testing.T, *world)
		reason string
	}{
		"a version that nobody knows": {func(t *testing.T, w *world) {
			t.Helper()
			w.edit(t, func(k *v1.Kafka) { k.Spec.Kafka.Version = "9.9.9" })
		}, v1.ReasonUnsupportedKafkaVersion},
		"no brokers": {func(t *testing.T, w *world) { t.Helper(); w.scale(t, "both", 0) }, v1.ReasonInvalidResource},
		"no pools": {func(t *testing.T, w *world) {
			t.Helper()
			must(t, api.Delete(t.Context(), w.pool(t, "both")))
		}, v1.ReasonInvalidConfiguration},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, combined(1))
			w.settle(t)
			before := w.versions(t)
			test.edit(t, w)
			w.reconcile(t)
			k := w.cluster(t)
			equal(t, "reason", test.reason, verdict(k).Reason)
			equal(t, "observed generation", k.Generation, k.Status.ObservedGeneration)
			after := w.versions(t)
			for _, resource := range []string{"Kafka one", "KafkaNodePool both"} {
				delete(before, resource)
				delete(after, resource)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("resource versions (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAPauseStopsEverythingButPods(t *testing.T) {
	w := newWorld(t, combined(1))
	w.settle(t)
	id := w.cluster(t).Status.ClusterID
	w.option(t, 9)
	w.edit(t, func(k *v1.Kafka) { k.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "true"} })
	before := w.requests.made
	w.reconcile(t)
	equal(t, "requests", []string{"patch the status of *v1.Kafka one"}, w.requests.made[len(before):])
	k := w.cluster(t)
	equal(t, "verdict", v1.ConditionReconciliationPaused, verdict(k).Type)
	equal(t, "cluster id", id, k.Status.ClusterID)
	if k.Status.ObservedGeneration == k.Generation {
		t.Error("the status claims to be about the newest generation")
	}
	must(t, api.Delete(t.Context(), &w.pods(t)[0]))
	w.reconcileSets(t)
	equal(t, "pods", []string{"one-both-0"}, names(w.pods(t)))
	w.others(t)
	w.edit(t, func(k *v1.Kafka) { k.Annotations = nil })
	w.settle(t)
	equal(t, "cluster id", id, w.cluster(t).Status.ClusterID)
	equal(t, "restarts", []string{"one-both-0"}, w.requests.restarts)
}
