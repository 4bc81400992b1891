package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"time"

	dto "github.com/prometheus/client_model/go"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	operatorName = "strimzi-cluster-operator"
	// operatorPort serves metrics and health.
	operatorPort = "8080"
	mebibyte     = 1 << 20
	// calm is how long nothing must happen before something counts as idle.
	calm = 5 * time.Second
)

// operator is the operator as it is deployed.
type operator struct {
	*world
	namespace string
}

// leader is the pod that does the work.
func (o *operator) leader(ctx context.Context) (*corev1.Pod, error) {
	lease, err := o.lease(ctx)
	if err != nil {
		return nil, err
	}
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return nil, errors.New("no operator leads")
	}
	var pod corev1.Pod
	if err := o.client.Get(ctx, client.ObjectKey{Namespace: o.namespace, Name: *lease.Spec.HolderIdentity}, &pod); err != nil {
		return nil, fmt.Errorf("find the leading operator: %w", err)
	}
	return &pod, nil
}

func (o *operator) lease(ctx context.Context) (*coordinationv1.Lease, error) {
	var lease coordinationv1.Lease
	if err := o.client.Get(ctx, client.ObjectKey{Namespace: o.namespace, Name: operatorName}, &lease); err != nil {
		return nil, fmt.Errorf("read the operator's lease: %w", err)
	}
	return &lease, nil
}

// metrics are what the leader says about itself.
type metrics map[string]*dto.MetricFamily

func (o *operator) metrics(ctx context.Context) (metrics, error) {
	pod, err := o.leader(ctx)
	if err != nil {
		return nil, err
	}
	out, err := readMetrics(ctx, net.JoinHostPort(pod.Status.PodIP, operatorPort))
	if err != nil {
		return nil, fmt.Errorf("read the operator's metrics: %w", err)
	}
	return out, nil
}

// sum adds the values of a metric whose labels have the given values; a histogram's value is its count.
func (m metrics) sum(name string, labels map[string]string) float64 {
	total := 0.0
	for _, one := range m[name].GetMetric() {
		if !matches(one, labels) {
			continue
		}
		total += one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
	}
	return total
}

// seconds adds the sums of a histogram.
func (m metrics) seconds(name string, labels map[string]string) float64 {
	total := 0.0
	for _, one := range m[name].GetMetric() {
		if matches(one, labels) {
			total += one.GetHistogram().GetSampleSum()
		}
	}
	return total
}

func matches(one *dto.Metric, labels map[string]string) bool {
	found := 0
	for _, l := range one.GetLabel() {
		if want, asked := labels[l.GetName()]; asked && want == l.GetValue() {
			found++
		}
	}
	return found == len(labels)
}

// memory is what the operator's process holds, in MiB.
func (o *operator) memory(ctx context.Context) (float64, error) {
	m, err := o.metrics(ctx)
	if err != nil {
		return 0, err
	}
	return m.sum("process_resident_memory_bytes", nil) / mebibyte, nil
}

// restart replaces the operator and waits until the new one has looked at so many clusters.
func (o *operator) restart(ctx context.Context, clusters int) error {
	old, err := o.leader(ctx)
	if err != nil {
		return err
	}
	if err := o.client.Delete(ctx, old); err != nil {
		return fmt.Errorf("delete the operator's pod: %w", err)
	}
	return o.until(ctx, "a new operator has looked at everything", func() error {
		pod, err := o.leader(ctx)
		if err != nil {
			return err
		}
		if pod.Name == old.Name {
			return errStill
		}
		m, err := o.metrics(ctx)
		if err != nil {
			return err
		}
		if looked := int(m.sum("strimzi_reconciliations_total", map[string]string{"kind": "Kafka"})); looked < clusters {
			return fmt.Errorf("it has looked at %d of %d", looked, clusters)
		}
		return nil
	})
}

// changedByRestart restarts the operator, which then applies everything anew, and counts the objects of a namespace that
// are others afterwards, were added or are missing.
func (b *bench) changedByRestart(ctx context.Context, namespace string, clusters int) (changed, objects int, err error) {
	if err := b.pause(ctx, calm); err != nil {
		return 0, 0, err
	}
	before, err := b.versions(ctx, namespace)
	if err != nil {
		return 0, 0, err
	}
	if err := b.operator.restart(ctx, clusters); err != nil {
		return 0, 0, err
	}
	if err := b.pause(ctx, calm); err != nil {
		return 0, 0, err
	}
	after, err := b.versions(ctx, namespace)
	if err != nil {
		return 0, 0, err
	}
	for name, version := range before {
		if after[name] != version {
			b.say("changed: %s", name)
			changed++
		}
	}
	for name := range after {
		if _, known := before[name]; !known {
			b.say("new: %s", name)
			changed++
		}
	}
	return changed, len(before), nil
}

func (w *world) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// versions are the resource versions of everything in a namespace but events.
func (w *world) versions(ctx context.Context, namespace string) (map[string]string, error) {
	finder, err := discovery.NewDiscoveryClientForConfig(w.connection)
	if err != nil {
		return nil, err
	}
	lists, err := finder.ServerPreferredNamespacedResources()
	if err != nil {
		return nil, fmt.Errorf("ask for all kinds: %w", err)
	}
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch"}}, lists)
	out := map[string]string{}
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for i := range list.APIResources {
			if kind := list.APIResources[i].Kind; kind != "Event" {
				found, err := w.versionsOf(ctx, namespace, group.WithKind(kind))
				if err != nil {
					return nil, err
				}
				maps.Copy(out, found)
			}
		}
	}
	return out, nil
}

func (w *world) versionsOf(ctx context.Context, namespace string, kind schema.GroupVersionKind) (map[string]string, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(kind)
	if err := w.client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
	}
	out := map[string]string{}
	for i := range list.Items {
		out[kind.Kind+" "+list.Items[i].Name] = list.Items[i].ResourceVersion
	}
	return out, nil
}
