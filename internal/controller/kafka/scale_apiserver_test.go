//go:build apiserver

package kafka_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker/fake"
	"castellan.io/castellan/internal/kafka/roll"
)

// hideKafka makes Kafka not answer until pods are looked at again.
func (w *world) hideKafka() { w.kafka.Change(func(s *fake.State) { s.Down = true }) }

func TestBrokersThatHoldReplicasStay(t *testing.T) {
	w := newWorld(t, pool{"brokers", 3, "broker", "type: ephemeral"}, pool{"controllers", 1, "controller", "type: ephemeral"})
	w.topics = []roll.Partition{{Topic: "orders", Replicas: []int32{2}, MinISR: 1}}
	w.settle(t)
	w.scale(t, "brokers", 2)
	w.settle(t)
	equal(t, "pods", []string{"one-brokers-0", "one-brokers-1", "one-brokers-2", "one-controllers-3"}, names(w.pods(t)))
	equal(t, "ids", []int32{0, 1, 2}, w.pool(t, "brokers").Status.NodeIDs)
	warning := warningsOf(w.cluster(t))[v1.WarningScaleDownPrevented]
	for _, want := range []string{"brokers", "3 replicas", "2"} {
		if !strings.Contains(warning, want) {
			t.Errorf("warning %q lacks %q", warning, want)
		}
	}
	equal(t, "replicas in the resource", int32(2), w.pool(t, "brokers").Spec.Replicas)

	w.topics = []roll.Partition{{Topic: "orders", Replicas: []int32{0}, MinISR: 1}}
	w.others(t)
	w.settle(t)
	equal(t, "pods", []string{"one-brokers-0", "one-brokers-1", "one-controllers-3"}, names(w.pods(t)))
	equal(t, "warning", "", warningsOf(w.cluster(t))[v1.WarningScaleDownPrevented])
}

func TestBrokersStayWhenNobodyKnowsWhetherTheyAreInUse(t *testing.T) {
	w := newWorld(t, pool{"brokers", 2, "broker", "type: ephemeral"}, pool{"controllers", 1, "controller", "type: ephemeral"})
	w.settle(t)
	before := uids(w.pods(t))
	w.scale(t, "brokers", 1)
	w.hideKafka()
	w.reconcile(t)
	w.reconcileSets(t)
	equal(t, "pods", before, uids(w.pods(t)))
	warning := warningsOf(w.cluster(t))[v1.WarningScaleDownPrevented]
	for _, want := range []string{"Nodes [1] stay", "skip-broker-scaledown-check"} {
		if !strings.Contains(warning, want) {
			t.Errorf("warning %q lacks %q", warning, want)
		}
	}
	w.others(t)
	w.settle(t)
	equal(t, "pods", []string{"one-brokers-0", "one-controllers-2"}, names(w.pods(t)))
}

func TestControllersRetireAfterTheOthersKnow(t *testing.T) {
	w := newWorld(t, combined(4))
	w.settle(t)
	w.scale(t, "both", 3)
	for range rounds {
		w.reconcile(t)
		pods := names(w.pods(t))
		restarted := w.requests.restarts
		for _, name := range []string{"one-both-0", "one-both-1", "one-both-2"} {
			if slices.Contains(restarted, name) {
				continue
			}
			if !slices.Contains(pods, "one-both-3") {
				t.Fatalf("pods %v after restarts of %v", pods, restarted)
			}
		}
		w.others(t)
		if len(pods) == 3 {
			break
		}
	}
	w.settle(t)
	equal(t, "pods", []string{"one-both-0", "one-both-1", "one-both-2"}, names(w.pods(t)))
	equal(t, "restarts", []string{"one-both-0", "one-both-1", "one-both-2"}, sorted(w.requests.restarts))
	equal(t, "restarts while another node was down", []string(nil), w.requests.unsafe)
	equal(t, "ids", []int32{0, 1, 2}, w.pool(t, "both").Status.NodeIDs)
}

func TestVolumesGrowWhereTheirClassLetsThem(t *testing.T) {
	w := newWorld(t, combined(1))
	growing := class(t, w.namespace+"-growing", true)
	fixed := class(t, w.namespace+"-fixed", false)
	w.create(t, &v1.KafkaNodePool{}, poolOf(w, "growing", "type: persistent-claim, size: 1Gi, class: "+growing))
	w.create(t, &v1.KafkaNodePool{}, poolOf(w, "fixed", "type: persistent-claim, size: 1Gi, class: "+fixed))
	w.settle(t)
	before := uids(w.pods(t))
	for _, name := range []string{"growing", "fixed"} {
		w.editPool(t, name, func(p *v1.KafkaNodePool) { p.Spec.Storage.Size = "2Gi" })
	}
	w.settle(t)
	sizes := map[string]string{}
	for _, claim := range items[corev1.PersistentVolumeClaim](t, w, &corev1.PersistentVolumeClaimList{}) {
		sizes[claim.Labels[v1.LabelPoolName]] = claim.Spec.Resources.Requests.Storage().String()
	}
	equal(t, "sizes", map[string]string{"growing": "2Gi", "fixed": "1Gi"}, sizes)
	equal(t, "pods", before, uids(w.pods(t)))
	warning := warningsOf(w.cluster(t))[v1.WarningPvcResizing]
	if !strings.Contains(warning, "data-one-fixed-") || !strings.Contains(warning, "allowVolumeExpansion") {
		t.Errorf("warning: %q", warning)
	}
}

func TestAVolumeWhoseFileSystemWaitsHasItsNodeRestarted(t *testing.T) {
	w := newWorld(t, combined(1))
	w.create(t, &v1.KafkaNodePool{}, poolOf(w, "growing", "type: persistent-claim, size: 1Gi, class: "+class(t, w.namespace+"-growing", true)))
	w.settle(t)
	claim := items[corev1.PersistentVolumeClaim](t, w, &corev1.PersistentVolumeClaimList{})[0]
	claim.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: corev1.PersistentVolumeClaimFileSystemResizePending, Status: corev1.ConditionTrue}}
	must(t, api.Status().Update(t.Context(), &claim))
	w.reconcile(t)
	claim = items[corev1.PersistentVolumeClaim](t, w, &corev1.PersistentVolumeClaimList{})[0]
	claim.Status.Conditions = nil
	must(t, api.Status().Update(t.Context(), &claim))
	w.settle(t)
	equal(t, "restarts", []string{strings.TrimPrefix(claim.Name, "data-")}, w.requests.restarts)
}

func poolOf(w *world, name, storage string) string {
	return fmt.Sprintf(poolManifest, name, w.namespace, 1, "broker", storage)
}

// class is a storage class.
func class(t *testing.T, name string, grows bool) string {
	t.Helper()
	c := &storagev1.StorageClass{Provisioner: "example.com/none", AllowVolumeExpansion: &grows}
	c.Name = name
	must(t, api.Create(t.Context(), c))
	t.Cleanup(func() { must(t, api.Delete(context.Background(), c)) })
	return name
}
