//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// TestPools has a controller of its own, two broker pools of different storage, a listener with an address for each
// broker, racks, and authorization.
func TestPools(t *testing.T) {
	w := newWorld(t, "pools")
	w.apply("pools.yaml")
	w.waitReady()

	w.expectNodeIDs(map[string][]int32{"controllers": {100}, "alpha": {0}, "beta": {1}})
	w.expectBrokers([]string{
		"0 my-cluster-alpha-inside-0.e2e-pools.svc:9094 rack zone-a",
		"1 my-cluster-beta-inside-1.e2e-pools.svc:9094 rack zone-a",
	})
	w.createTopic(w.inside(), "pools", 4, 2)
	w.produce("pools", 0, 1000)
	w.expectRecords("pools", 1000)

	t.Run("brokers come and go under load", func(t *testing.T) { inner(t, w).scalesBrokers() })
	t.Run("a broker in use stays although its pool should shrink", func(t *testing.T) { inner(t, w).keepsBrokersInUse() })
	t.Run("volumes grow", func(t *testing.T) { inner(t, w).growsVolumes() })
	t.Run("deletion takes the claims that ask for it", func(t *testing.T) { inner(t, w).takesClaims() })
}

func inner(t *testing.T, w *world) *world {
	t.Helper()
	out := *w
	out.t, out.ctx = t, t.Context()
	return &out
}

// inside connects through the listener that gives each broker an address of its own.
func (w *world) inside() *kgo.Client {
	w.t.Helper()
	return w.dial(kgo.SeedBrokers(fmt.Sprintf("%s-kafka-inside-bootstrap.%s.svc:9094", clusterName, w.namespace)))
}

func (w *world) expectNodeIDs(want map[string][]int32) {
	w.t.Helper()
	got := map[string][]int32{}
	for name := range want {
		got[name] = w.pool(name).Status.NodeIDs
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("node ids (-want +got):\n%s", diff)
	}
}

// expectBrokers waits for the brokers as clients see them: Kubernetes makes an address lead to ready pods a moment after
// they are ready.
func (w *world) expectBrokers(want []string) {
	w.t.Helper()
	admin := kadm.NewClient(w.inside())
	w.eventually("clients see the brokers", func() error {
		meta, err := admin.BrokerMetadata(w.ctx)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, describeBrokers(meta.Brokers)); diff != "" {
			return errors.New("(-want +got):\n" + diff)
		}
		return nil
	})
}

func describeBrokers(brokers kadm.BrokerDetails) []string {
	var out []string
	for _, b := range brokers {
		rack := "none"
		if b.Rack != nil {
			rack = *b.Rack
		}
		out = append(out, fmt.Sprintf("%d %s:%d rack %s", b.NodeID, b.Host, b.Port, rack))
	}
	slices.Sort(out)
	return out
}

// scalesBrokers has three brokers, then four, then three again, while records are written.
func (w *world) scalesBrokers() {
	w.scale("beta", 2)
	w.waitReadyNodes("beta", 2)
	w.createTopic(w.inside(), "scale", 4, 2)
	w.scale("alpha", 2)
	w.waitReadyNodes("alpha", 2)
	l := w.startLoad("scale")
	w.scale("alpha", 1)
	w.waitReadyNodes("alpha", 1)
	l.finish()
	meta, err := kadm.NewClient(w.inside()).BrokerMetadata(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if ids := meta.Brokers.NodeIDs(); !slices.Equal(ids, []int32{0, 1, 2}) {
		w.t.Errorf("brokers %v are left", ids)
	}
	w.expectNodeIDs(map[string][]int32{"alpha": {0}, "beta": {1, 2}})
}

func (w *world) keepsBrokersInUse() {
	pool := w.pool("beta")
	shrunk := pool.DeepCopy()
	shrunk.Spec.Replicas = 0
	w.patch(pool, shrunk)
	w.eventually("the scale-down is reverted with a warning", func() error {
		for _, c := range w.kafka().Status.Conditions {
			if c.Type == v1.ConditionWarning && c.Reason == v1.WarningScaleDownPrevented {
				w.t.Log(c.Message)
				return nil
			}
		}
		return fmt.Errorf("conditions: %+v", w.kafka().Status.Conditions)
	})
	if pod := w.pods()["my-cluster-beta-1"]; pod == nil || !podReady(pod) {
		w.t.Error("the broker in use is gone")
	}
	shrunk = w.pool("beta")
	back := shrunk.DeepCopy()
	back.Spec.Replicas = pool.Spec.Replicas
	w.patch(shrunk, back)
	w.waitReady()
}

func (w *world) growsVolumes() {
	w.growVolumesOfAlpha()
	w.expectRecords("pools", 1000)
}

func (w *world) growVolumesOfAlpha() {
	w.t.Helper()
	pool := w.pool("alpha")
	grown := pool.DeepCopy()
	for i := range grown.Spec.Storage.Volumes {
		grown.Spec.Storage.Volumes[i].Size = "2Gi"
	}
	w.patch(pool, grown)
	w.eventually("both volumes have grown", func() error {
		for _, name := range []string{"data-0-my-cluster-alpha-0", "data-1-my-cluster-alpha-0"} {
			var claim corev1.PersistentVolumeClaim
			if err := w.client.Get(w.ctx, w.key(name), &claim); err != nil {
				return err
			}
			if size := claim.Status.Capacity[corev1.ResourceStorage]; size.String() != "2Gi" {
				return fmt.Errorf("%s has %s", name, size.String())
			}
		}
		return nil
	})
	w.waitReady()
}

func (w *world) takesClaims() {
	for _, o := range w.read("pools.yaml") {
		if err := w.client.Delete(w.ctx, o); client.IgnoreNotFound(err) != nil {
			w.t.Fatal(err)
		}
	}
	w.eventually("all claims are gone", func() error {
		if left := w.claims(); len(left) > 0 {
			return fmt.Errorf("left: %v", left)
		}
		return nil
	})
	w.eventually("all pods are gone", func() error {
		if left := w.pods(); len(left) > 0 {
			return errors.New("pods are left")
		}
		return nil
	})
}
