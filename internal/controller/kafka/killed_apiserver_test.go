//go:build apiserver

package kafka_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
)

// The tests of this file end the operator between any two of its writes. Whatever it leaves behind, the next one has to finish,
// with no key replaced and no two nodes down.

// moment is one moment of a test: the operator is killed after so many writes.
type moment struct {
	world *world
	// keys and id as they were first seen.
	keys map[string][]byte
	id   string
}

// run lets an operator act until it is killed or there is nothing left to do; it tells whether it was killed.
func (m *moment) run(t *testing.T) bool {
	t.Helper()
	w := m.world
	for range rounds {
		writes := len(w.requests.writes)
		_, err := w.shell.Reconcile(t.Context(), w.request())
		m.check(t)
		if errors.Is(err, errKilled) {
			return true
		}
		must(t, err)
		before := w.versions(t)
		w.others(t)
		k := w.cluster(t)
		ready := k.Status.ObservedGeneration == k.Generation && verdict(k).Type == v1.ConditionReady
		if ready && writes == len(w.requests.writes) && maps.Equal(before, w.versions(t)) {
			return false
		}
	}
	t.Fatalf("never settled: %+v", w.cluster(t).Status.Conditions)
	return false
}

// check looks for what must never happen.
func (m *moment) check(t *testing.T) {
	t.Helper()
	for _, s := range m.world.authorities(t) {
		key, isKey := s.Data["ca.key"]
		if !isKey {
			continue
		}
		if m.keys[s.Name] == nil {
			m.keys[s.Name] = key
		}
		if string(m.keys[s.Name]) != string(key) {
			t.Errorf("the key in secret %s was replaced", s.Name)
		}
	}
	m.checkID(t)
	equal(t, "restarts while another node was down", []string(nil), m.world.requests.unsafe)
}

// checkID compares every place that has the cluster's id once nodes may have seen it.
func (m *moment) checkID(t *testing.T) {
	t.Helper()
	ids := map[string]bool{}
	for _, p := range items[v1.KafkaNodePool](t, m.world, &v1.KafkaNodePoolList{}) {
		ids[p.Status.ClusterID] = true
	}
	for _, files := range items[corev1.ConfigMap](t, m.world, &corev1.ConfigMapList{}) {
		ids[files.Data["cluster.id"]] = true
	}
	delete(ids, "")
	if m.id == "" {
		for id := range ids {
			m.id = id
		}
	}
	delete(ids, m.id)
	equal(t, "other ids of the cluster", map[string]bool{}, ids)
}

// kill ends the operator of a world after n more writes and has the next one finish. It tells whether the first one had finished.
func kill(t *testing.T, w *world, n int) (finished bool) {
	t.Helper()
	m := moment{world: w, keys: map[string][]byte{}}
	m.check(t)
	w.requests.killAfter(n)
	killed := m.run(t)
	w.others(t)
	w.startOperator(t)
	if m.run(t) {
		t.Fatal("an operator that nobody kills was killed")
	}
	equal(t, "cluster id in the status", m.id, w.cluster(t).Status.ClusterID)
	return !killed
}

func TestAnOperatorThatIsKilledWhileItMakesAuthoritiesLosesNone(t *testing.T) {
	// The status, and a key and a certificate of each of two authorities; then nothing is left to make.
	for n := range 6 {
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			w := newEmptyWorld(t)
			w.createResources(t, combined(1))
			kill(t, w, n)
		})
	}
}

func TestAnOperatorThatIsKilledWhileItMakesAClusterIsReplaced(t *testing.T) {
	for n, finished := 0, false; !finished && !t.Failed(); n++ {
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			w := newWorld(t, pool{"brokers", 1, "broker", "type: persistent-claim, size: 1Gi"}, pool{"controllers", 1, "controller", "type: ephemeral"})
			finished = kill(t, w, n)
			equal(t, "pods", []string{"one-brokers-0", "one-controllers-1"}, names(w.pods(t)))
		})
	}
}

func TestAnOperatorThatIsKilledWhileNodesRestartIsReplaced(t *testing.T) {
	w := newWorld(t, combined(3))
	w.settle(t)
	for n, finished := 0, false; !finished && !t.Failed(); n++ {
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			before := uids(w.pods(t))
			w.option(t, 9+n)
			finished = kill(t, w, n)
			after := uids(w.pods(t))
			equal(t, "pods", sortedKeys(before), sortedKeys(after))
			for name, uid := range after {
				if before[name] == uid {
					t.Errorf("pod %s did not restart", name)
				}
			}
		})
	}
}

func TestAnOperatorThatIsKilledWhileNodesComeAndGoIsReplaced(t *testing.T) {
	w := newWorld(t, pool{"both", 1, "controller, broker", "type: persistent-claim, size: 1Gi, deleteClaim: true"})
	w.settle(t)
	for n, finished := 0, false; !finished && !t.Failed(); n++ {
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			w.scale(t, "both", 2)
			grown := kill(t, w, n)
			equal(t, "ids", []int32{0, 1}, w.pool(t, "both").Status.NodeIDs)
			w.scale(t, "both", 1)
			shrunk := kill(t, w, n)
			equal(t, "ids", []int32{0}, w.pool(t, "both").Status.NodeIDs)
			equal(t, "pods", []string{"one-both-0"}, names(w.pods(t)))
			equal(t, "claims", 1, len(items[corev1.PersistentVolumeClaim](t, w, &corev1.PersistentVolumeClaimList{})))
			finished = grown && shrunk
		})
	}
}

func TestAnOperatorThatIsKilledWhileATopicOperatorComesAndGoesIsReplaced(t *testing.T) {
	w := newWorld(t, combined(1))
	w.settle(t)
	for n, finished := 0, false; !finished && !t.Failed(); n++ {
		t.Run(fmt.Sprintf("after %d writes", n), func(t *testing.T) {
			w.wantTopics(t, true)
			came := kill(t, w, n)
			equal(t, "objects", allEntityObjects(), w.entityObjects(t))
			w.wantTopics(t, false)
			went := kill(t, w, n)
			equal(t, "objects", []string(nil), w.entityObjects(t))
			finished = came && went
		})
	}
}
