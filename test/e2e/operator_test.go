//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	operatorName  = "strimzi-cluster-operator"
	operatorLabel = "strimzi.io/kind"
)

// operatorNamespace is where the operator under test is deployed.
func operatorNamespace() string {
	if ns := os.Getenv("OPERATOR_NAMESPACE"); ns != "" {
		return ns
	}
	return "castellan"
}

func metaOf(w *world, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.namespace, Name: name}
}

func (w *world) operatorPods() []corev1.Pod {
	w.t.Helper()
	var list corev1.PodList
	ctx := context.WithoutCancel(w.ctx) // what cleans up asks too
	if err := w.client.List(ctx, &list, client.InNamespace(operatorNamespace()), client.MatchingLabels{operatorLabel: "cluster-operator"}); err != nil {
		w.t.Fatal(err)
	}
	return list.Items
}

func (w *world) leader() string {
	var lease coordinationv1.Lease
	key := types.NamespacedName{Namespace: operatorNamespace(), Name: operatorName}
	if err := w.client.Get(w.ctx, key, &lease); err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// killOperator ends the operator without a chance to finish anything.
func (w *world) killOperator() {
	w.t.Helper()
	for _, pod := range w.operatorPods() {
		w.killPod(pod.Name)
	}
}

// killPod ends one pod of the operator at once.
func (w *world) killPod(name string) {
	w.t.Helper()
	now := int64(0)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace(), Name: name}}
	if err := w.client.Delete(w.ctx, pod, &client.DeleteOptions{GracePeriodSeconds: &now}); client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
}

// scaleOperator changes how many replicas the operator has, and waits until they run.
func (w *world) scaleOperator(replicas int32) {
	w.t.Helper()
	ctx := context.WithoutCancel(w.ctx)
	var deployment appsv1.Deployment
	key := types.NamespacedName{Namespace: operatorNamespace(), Name: operatorName}
	if err := w.client.Get(ctx, key, &deployment); err != nil {
		w.t.Fatal(err)
	}
	before := deployment.DeepCopy()
	deployment.Spec.Replicas = &replicas
	if err := w.client.Patch(ctx, &deployment, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
	for range 600 {
		if err := w.client.Get(ctx, key, &deployment); err == nil && deployment.Status.ReadyReplicas == replicas {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	w.t.Errorf("the operator does not have %d ready replicas", replicas)
}

// restartOperator replaces the operator and waits until the new one leads.
func (w *world) restartOperator() {
	w.t.Helper()
	old := map[string]bool{}
	for _, pod := range w.operatorPods() {
		old[pod.Name] = true
		if err := w.client.Delete(w.ctx, &pod); client.IgnoreNotFound(err) != nil {
			w.t.Fatal(err)
		}
	}
	w.eventually("another operator leads", func() error {
		if l := w.leader(); l == "" || old[l] {
			return fmt.Errorf("the leader is %q", l)
		}
		return nil
	})
}

// disruption watches that at most one node of the cluster is away at any moment.
type disruption struct {
	stop  context.CancelFunc
	done  chan struct{}
	worst []string
}

// watchDisruption looks many times a second. Nodes that were never ready before do not count: new ones have to start.
func (w *world) watchDisruption() *disruption {
	ctx, stop := context.WithCancel(w.ctx)
	d := &disruption{stop: stop, done: make(chan struct{})}
	known := map[string]bool{}
	for name, pod := range w.pods() {
		known[name] = podReady(pod)
	}
	go func() {
		defer close(d.done)
		for ctx.Err() == nil {
			if away := w.away(ctx, known); len(away) > len(d.worst) {
				d.worst = away
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	w.t.Cleanup(stop)
	return d
}

func (w *world) away(ctx context.Context, known map[string]bool) []string {
	var list corev1.PodList
	if err := w.client.List(ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{"strimzi.io/cluster": clusterName}); err != nil {
		return nil
	}
	ready := map[string]bool{}
	for i := range list.Items {
		ready[list.Items[i].Name] = podReady(&list.Items[i])
	}
	var out []string
	for name, was := range known {
		if was && !ready[name] {
			out = append(out, name)
		}
	}
	return out
}

func (d *disruption) finish(w *world) {
	w.t.Helper()
	d.stop()
	<-d.done
	if len(d.worst) > 1 {
		w.t.Errorf("nodes %v were away at the same time", d.worst)
	}
}

// expectEvents waits for at least so many events of a reason about the cluster.
func (w *world) expectEvents(reason string, least int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d events %s", least, reason), func() error {
		var list eventsv1.EventList
		if err := w.client.List(w.ctx, &list, client.InNamespace(w.namespace)); err != nil {
			return err
		}
		found := 0
		for _, e := range list.Items {
			if e.Reason == reason && e.Regarding.Kind == "Kafka" {
				found++
			}
		}
		if found < least {
			return errors.New(fmt.Sprint(found))
		}
		return nil
	})
}
