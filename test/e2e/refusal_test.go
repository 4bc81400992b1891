//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// refusesBadSpecs puts one mistake after the other into a running cluster: each must change nothing but the status,
// which must say what to do.
func refusesBadSpecs(w *world) {
	cases := []struct {
		name   string
		edit   func(*v1.Kafka, *v1.KafkaNodePool)
		reason string
		says   []string
	}{
		{
			name:   "an unknown version",
			edit:   func(k *v1.Kafka, _ *v1.KafkaNodePool) { k.Spec.Kafka.Version = "1.2.3" },
			reason: v1.ReasonUnsupportedKafkaVersion,
			says:   []string{"Unsupported Kafka.spec.kafka.version: 1.2.3. Supported versions are:", "4.3.1"},
		},
		{
			name: "two listeners on one port",
			edit: func(k *v1.Kafka, _ *v1.KafkaNodePool) {
				k.Spec.Kafka.Listeners = append(k.Spec.Kafka.Listeners, v1.Listener{Name: "again", Port: 9092, Type: v1.ListenerInternal})
			},
			reason: v1.ReasonInvalidResource,
			says:   []string{"port", "9092"},
		},
		{
			name: "a replication factor beyond the brokers",
			edit: func(k *v1.Kafka, _ *v1.KafkaNodePool) {
				k.Spec.Kafka.Config["default.replication.factor"] = json.RawMessage("5")
			},
			reason: v1.ReasonInvalidResource,
			says:   []string{"default.replication.factor", "5", "3"},
		},
		{
			name:   "an option out of its range",
			edit:   func(k *v1.Kafka, _ *v1.KafkaNodePool) { k.Spec.Kafka.Config["num.io.threads"] = json.RawMessage("0") },
			reason: v1.ReasonInvalidResource,
			says:   []string{"num.io.threads", "1"},
		},
		{
			name: "a memory limit below the request",
			edit: func(_ *v1.Kafka, p *v1.KafkaNodePool) {
				p.Spec.Resources = &corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
				}
			},
			reason: v1.ReasonInvalidResource,
			says:   []string{"memory", "2Gi", "1Gi"},
		},
		{
			name:   "no controller at all",
			edit:   func(_ *v1.Kafka, p *v1.KafkaNodePool) { p.Spec.Roles = []v1.NodeRole{v1.RoleBroker} },
			reason: v1.ReasonInvalidResource,
			says:   []string{"no KafkaNodePool with role controller", "spec.roles"},
		},
	}
	for _, c := range cases {
		before, kafka, pool := w.runningObjects(), w.kafka(), w.pool("dual")
		k, p := kafka.DeepCopy(), pool.DeepCopy()
		c.edit(k, p)
		w.patch(kafka, k)
		w.patch(pool, p)
		w.eventually(c.name+" is refused", func() error { return refused(w.kafka(), c.reason, c.says) })
		if diff := cmp.Diff(before, w.runningObjects()); diff != "" {
			w.t.Errorf("%s: objects changed (-before +after):\n%s", c.name, diff)
		}
		w.t.Logf("%s: %s", c.name, condition(w.kafka(), v1.ConditionNotReady).Message)
		w.restore(kafka, pool)
		w.waitReady()
	}
}

// runningObjects are the versions of all objects but the resources themselves.
func (w *world) runningObjects() map[string]string {
	out := w.versions()
	for name := range out {
		if strings.Contains(name, "KafkaNodePoolList") {
			delete(out, name)
		}
	}
	return out
}

func refused(k *v1.Kafka, reason string, says []string) error {
	c := condition(k, v1.ConditionNotReady)
	if c == nil || c.Status != v1.ConditionTrue {
		return errors.New("not refused")
	}
	if reason != "" && c.Reason != reason {
		return fmt.Errorf("the reason is %s", c.Reason)
	}
	for _, text := range says {
		if !strings.Contains(c.Message, text) {
			return fmt.Errorf("the message %q does not say %q", c.Message, text)
		}
	}
	return nil
}

func (w *world) pool(name string) *v1.KafkaNodePool {
	w.t.Helper()
	var p v1.KafkaNodePool
	if err := w.client.Get(w.ctx, w.key(name), &p); err != nil {
		w.t.Fatal(err)
	}
	return &p
}

func (w *world) patch(before, after client.Object) {
	w.t.Helper()
	if err := w.client.Patch(w.ctx, after, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// restore puts the specs back to what they were.
func (w *world) restore(kafka *v1.Kafka, pool *v1.KafkaNodePool) {
	w.t.Helper()
	k, p := w.kafka(), w.pool(pool.Name)
	fixedK, fixedP := k.DeepCopy(), p.DeepCopy()
	fixedK.Spec, fixedP.Spec = *kafka.Spec.DeepCopy(), *pool.Spec.DeepCopy()
	w.patch(k, fixedK)
	w.patch(p, fixedP)
}
