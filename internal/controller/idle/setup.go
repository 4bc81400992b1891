package idle

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
)

// Options say which resources get a status.
type Options struct {
	// Kinds on which this version does not act.
	Kinds []Kind
	// Namespaces to watch; empty for all.
	Namespaces []string
	// Selector restricts the resources that the operator speaks about.
	Selector labels.Selector
	// Timing has the clock, and how long another operator may take to renew a status.
	Timing controller.Timing
}

// Setup registers a controller for each kind. The operator must run without definitions that a user has not installed, and without
// rights on them: each namespace is asked on its own, and again later, until the kind can be listed there.
//
// The resources are kept in caches of their own, of which a standby of the leader holds nothing.
func Setup(mgr ctrl.Manager, o Options) error {
	kept := caches{}
	for _, namespace := range watched(o.Namespaces) {
		resources, err := cache.New(mgr.GetConfig(), cache.Options{
			HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
			DefaultNamespaces: map[string]cache.Config{namespace: {}}, DefaultLabelSelector: o.Selector, DefaultTransform: trim,
		})
		if err != nil {
			return fmt.Errorf("set up the cache of kinds that are not acted on: %w", err)
		}
		if err := mgr.Add(resources); err != nil {
			return fmt.Errorf("set up the cache of kinds that are not acted on: %w", err)
		}
		kept[namespace] = resources
	}
	for _, kind := range o.Kinds {
		if err := register(mgr, kind, kept, o.Timing); err != nil {
			return fmt.Errorf("set up the controller of %s: %w", kind.Kind, err)
		}
	}
	return nil
}

func register(mgr ctrl.Manager, kind Kind, kept caches, timing controller.Timing) error {
	reconciler := New(kind, kept, mgr.GetClient(), timing)
	c, err := ctrlcontroller.New("idle-"+strings.ToLower(kind.Kind), mgr, ctrlcontroller.Options{Reconciler: reconciler})
	if err != nil {
		return err
	}
	resource := &unstructured.Unstructured{}
	resource.SetGroupVersionKind(kind.GroupVersionKind)
	for namespace, resources := range kept {
		err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
			if !untilListable(ctx, mgr.GetAPIReader(), kind, namespace) {
				return nil
			}
			return c.Watch(source.Kind(resources, client.Object(resource), &handler.EnqueueRequestForObject{}))
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// A kind that cannot be listed is tried again after the first pause, and then after pauses that double up to the longest.
const (
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
)

// untilListable waits until the resources of a kind can be listed in a namespace; it is false if the context ends before.
func untilListable(ctx context.Context, live client.Reader, kind Kind, namespace string) bool {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := list(ctx, live, kind, namespace)
		if err == nil {
			return true
		}
		log.FromContext(ctx).Info("resources of this kind get no status yet", "kind", kind.Kind, "namespace", namespace, "why", err.Error(), "nextTry", pause.String())
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

func list(ctx context.Context, live client.Reader, kind Kind, namespace string) error {
	first := &metav1.PartialObjectMetadataList{}
	first.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return live.List(ctx, first, client.InNamespace(namespace), client.Limit(1))
}

// watched lists the namespaces to watch, in the way of the Kubernetes API: the empty name is all of them.
func watched(namespaces []string) []string {
	if len(namespaces) == 0 {
		return []string{metav1.NamespaceAll}
	}
	return namespaces
}

// caches by namespace; that of the empty name holds all.
type caches map[string]cache.Cache

// Get reads a resource from the cache of its namespace.
func (c caches) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	resources, is := c[key.Namespace]
	if !is {
		resources = c[metav1.NamespaceAll]
	}
	return resources.Get(ctx, key, into, options...)
}

// trim leaves of a resource what decisions depend on, so that many of them need little memory.
func trim(o any) (any, error) {
	full, is := o.(*unstructured.Unstructured)
	if !is {
		return o, nil // the cache's note of a resource that is gone
	}
	out := &unstructured.Unstructured{Object: map[string]any{}}
	out.SetGroupVersionKind(full.GroupVersionKind())
	out.SetNamespace(full.GetNamespace())
	out.SetName(full.GetName())
	out.SetUID(full.GetUID())
	out.SetResourceVersion(full.GetResourceVersion())
	out.SetGeneration(full.GetGeneration())
	annotations := map[string]string{}
	for _, name := range []string{v1.AnnotationPauseReconciliation, v1.AnnotationRebalanceTemplate} {
		if value, set := full.GetAnnotations()[name]; set {
			annotations[name] = value
		}
	}
	if len(annotations) > 0 {
		out.SetAnnotations(annotations)
	}
	for _, name := range []string{"conditions", "observedGeneration"} {
		value, set, err := unstructured.NestedFieldNoCopy(full.Object, "status", name)
		if err != nil {
			return nil, err
		}
		if set {
			if err := unstructured.SetNestedField(out.Object, value, "status", name); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
