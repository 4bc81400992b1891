//go:build apiserver

package kube_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// TestAWorkloadThroughTheOperatorsCaches runs on the caches that the operator has, which hold less than the API server.
func TestAWorkloadThroughTheOperatorsCaches(t *testing.T) {
	for name, everywhere := range map[string]bool{"of some namespaces": false, "of all namespaces": true} {
		t.Run(name, func(t *testing.T) {
			c := moved(t, "workload")
			elsewhere := kubetest.Namespace(t, api)
			c.Plan.Account.Roles[1].Namespace = elsewhere
			namespace := c.Plan.Owner.Namespace
			watched := []string{namespace, elsewhere}
			if everywhere {
				watched = nil
			}
			cached := cachedClient(t, watched)
			r := kube.New(cached, operator, c.Settings)
			ref := runtime.Ref{Namespace: namespace, Cluster: "prod", Kind: "Kafka", Component: "prod-entity-operator"}
			must(t, r.RemoveOrphans(t.Context(), watched))
			must(t, r.Apply(t.Context(), c.Plan))
			eventually(t, "the workload is seen", func() bool {
				seen, err := r.Observe(t.Context(), ref)
				must(t, err)
				outdated, err := r.Outdated(t.Context(), c.Plan)
				must(t, err)
				_, exists := seen.Workloads["prod-entity-operator"]
				return exists && len(outdated) == 0
			})
			var d appsv1.Deployment
			must(t, cached.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: "prod-entity-operator"}, &d))
			if len(d.Spec.Template.Spec.Containers) > 0 || *d.Spec.Replicas != 1 {
				t.Errorf("the cache holds %+v", d.Spec)
			}
			must(t, r.Apply(t.Context(), c.Plan))
			eventually(t, "nothing is left of a plan of nothing", func() bool {
				must(t, r.Apply(t.Context(), plan.Plan{Owner: c.Plan.Owner, Component: c.Plan.Component}))
				return len(rightsIn(t, elsewhere)) == 0 && len(rightsIn(t, namespace)) == 0
			})
		})
	}
}

// cachedClient reads as the operator does.
func cachedClient(t *testing.T, watched []string) client.Client {
	t.Helper()
	scheme, err := kubetest.Scheme()
	must(t, err)
	options := kube.CacheOptions(watched)
	options.Scheme = scheme
	objects, err := cache.New(operatorConfig, options)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() { _ = objects.Start(ctx) }()
	out, err := client.New(operatorConfig, client.Options{Scheme: scheme, Cache: &client.CacheOptions{Reader: objects}})
	must(t, err)
	return out
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 600 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}
