//go:build apiserver

package kafka_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

func TestAClusterIsMade(t *testing.T) {
	w := newWorld(t, pool{"brokers", 2, "broker", "type: ephemeral"}, pool{"controllers", 1, "controller", "type: ephemeral"})
	w.reconcile(t)
	equal(t, "ids of the brokers", []int32{0, 1}, w.pool(t, "brokers").Status.NodeIDs)
	equal(t, "ids of the controllers", []int32{2}, w.pool(t, "controllers").Status.NodeIDs)
	equal(t, "pod sets", 2, len(items[podsetv1.StrimziPodSet](t, w, &podsetv1.StrimziPodSetList{})))
	k := w.cluster(t)
	equal(t, "verdict before there are pods", v1.ReasonCreating, verdict(k).Reason)
	equal(t, "observed generation before there are pods", int64(0), k.Status.ObservedGeneration)

	w.reconcileSets(t)
	w.reconcile(t)
	equal(t, "pods", []string{"one-brokers-0", "one-brokers-1", "one-controllers-2"}, names(w.pods(t)))
	equal(t, "verdict before pods are ready", v1.ReasonCreating, verdict(w.cluster(t)).Reason)

	w.settle(t)
	k = w.cluster(t)
	equal(t, "pools in the status", []v1.UsedNodePool{{Name: "brokers"}, {Name: "controllers"}}, k.Status.KafkaNodePools)
	equal(t, "versions", []string{"4.3.1", "4.3-IV0", "0.1.0"}, []string{k.Status.KafkaVersion, k.Status.KafkaMetadataVersion, k.Status.OperatorLastSuccessfulVersion})
	if len(k.Status.ClusterID) != 22 || k.Status.ClusterID != w.pool(t, "brokers").Status.ClusterID {
		t.Errorf("cluster ids: %q, %q", k.Status.ClusterID, w.pool(t, "brokers").Status.ClusterID)
	}
	secrets := data(items[corev1.Secret](t, w, &corev1.SecretList{}))
	for _, name := range append(authorityNames(), "one-brokers-0", "one-brokers-1", "one-controllers-2", "one-cluster-operator-certs") {
		if len(secrets[name]) == 0 {
			t.Errorf("secret %s: %v", name, sortedKeys(secrets[name]))
		}
	}
	equal(t, "restarts", []string(nil), w.requests.restarts)
}

func TestAnIdleClusterCostsNothing(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	requests, questions, versions := len(w.requests.made), len(w.kafka.Calls()), w.versions(t)
	for range 3 {
		w.reconcile(t)
	}
	equal(t, "requests", []string{}, w.requests.made[requests:])
	equal(t, "questions to Kafka", []string{}, w.kafka.Calls()[questions:])
	equal(t, "resource versions", versions, w.versions(t))
}

func TestAnOperatorThatStartsChangesNothing(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	before := w.versions(t)
	w.startOperator(t)
	w.reconcile(t)
	w.others(t)
	w.reconcile(t)
	equal(t, "resource versions", before, w.versions(t))
}
