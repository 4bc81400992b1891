package idle

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
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

// Setup registers a controller for each kind that can be listed. The others are left out until the operator starts again: it must
// run without definitions that a user has not installed, and without rights on them.
//
// The resources are kept in a cache of their own, of which a standby of the leader holds nothing.
func Setup(ctx context.Context, mgr ctrl.Manager, o Options) error {
	resources, err := cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		DefaultNamespaces: namespaces(o.Namespaces), DefaultLabelSelector: o.Selector, DefaultTransform: trim,
	})
	if err != nil {
		return fmt.Errorf("set up the cache of kinds that are not acted on: %w", err)
	}
	if err := mgr.Add(resources); err != nil {
		return fmt.Errorf("set up the cache of kinds that are not acted on: %w", err)
	}
	for _, kind := range o.Kinds {
		why, err := unlistable(ctx, mgr.GetAPIReader(), kind.GroupVersionKind, o.Namespaces)
		if err != nil {
			return err
		}
		if why != "" {
			log.FromContext(ctx).Info("resources of this kind get no status", "kind", kind.Kind, "why", why)
			continue
		}
		if err := watch(mgr, kind, resources, o.Timing); err != nil {
			return err
		}
	}
	return nil
}

func watch(mgr ctrl.Manager, kind Kind, resources cache.Cache, timing controller.Timing) error {
	resource := &unstructured.Unstructured{}
	resource.SetGroupVersionKind(kind.GroupVersionKind)
	err := ctrl.NewControllerManagedBy(mgr).
		Named("idle-" + strings.ToLower(kind.Kind)).
		WatchesRawSource(source.Kind(resources, client.Object(resource), &handler.EnqueueRequestForObject{})).
		Complete(New(kind, resources, mgr.GetClient(), timing))
	if err != nil {
		return fmt.Errorf("set up the controller of %s: %w", kind.Kind, err)
	}
	return nil
}

// unlistable says why the resources of a kind cannot be watched, if so. The error is of a server that does not answer.
func unlistable(ctx context.Context, live client.Reader, kind schema.GroupVersionKind, namespaces []string) (why string, err error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		err := live.List(ctx, list, client.InNamespace(namespace), client.Limit(1))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			return err.Error(), nil
		}
		if err != nil {
			return "", fmt.Errorf("list %s: %w", kind.Kind, err)
		}
	}
	return "", nil
}

func namespaces(names []string) map[string]cache.Config {
	out := map[string]cache.Config{}
	for _, name := range names {
		out[name] = cache.Config{}
	}
	return out
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
