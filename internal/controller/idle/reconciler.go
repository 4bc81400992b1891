package idle

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/reconciliation"
)

// conflictPause gives the cache time to show what a conflict was about.
const conflictPause = 200 * time.Millisecond

// Reconciler writes the status of the resources of one kind.
type Reconciler struct {
	kind   Kind
	reader getter
	writer client.StatusClient
	timing controller.Timing

	mu sync.Mutex
	// awaited holds what was last seen of the resources whose status another operator may be about to write. It only times a
	// write: losing it delays the write.
	awaited map[types.NamespacedName]sighting
}

// getter reads a resource.
type getter interface {
	Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error
}

// sighting is a version of a resource, and since when it has been the newest.
type sighting struct {
	version string
	since   time.Time
}

// New returns a reconciler of a kind that reads resources, of which it needs no more than trim leaves, and writes their status.
func New(kind Kind, reader getter, writer client.StatusClient, timing controller.Timing) *Reconciler {
	return &Reconciler{kind: kind, reader: reader, writer: writer, timing: timing, awaited: map[types.NamespacedName]sighting{}}
}

// Reconcile writes the status of one resource, if it has to.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	resource := &unstructured.Unstructured{}
	resource.SetGroupVersionKind(r.kind.GroupVersionKind)
	err := r.reader.Get(ctx, request.NamespacedName, resource)
	if apierrors.IsNotFound(err) {
		r.settle(request.NamespacedName)
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read %s %s: %w", r.kind.Kind, request.NamespacedName, err)
	}
	is, err := observe(resource)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read %s %s: %w", r.kind.Kind, request.NamespacedName, err)
	}
	want, do := r.kind.decide(is)
	if do == await {
		if left := r.timing.Patience - r.waited(request.NamespacedName, resource.GetResourceVersion()); left > 0 {
			return reconcile.Result{RequeueAfter: left}, nil
		}
	}
	r.settle(request.NamespacedName)
	if do == keep {
		return reconcile.Result{}, nil
	}
	reconciliation.Stamp(is.status.Conditions, want.Conditions, r.timing.Now())
	return r.write(ctx, resource, want)
}

// observe takes from a resource what decisions depend on.
func observe(resource *unstructured.Unstructured) (seen, error) {
	out := seen{
		generation: resource.GetGeneration(),
		paused:     reconciliation.Paused(resource),
		template:   strings.EqualFold(resource.GetAnnotations()[v1.AnnotationRebalanceTemplate], "true"),
	}
	said, _, err := unstructured.NestedMap(resource.Object, "status")
	if err != nil {
		return out, err
	}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(said, &out.status)
}

// write puts a status in the place of the one that was read. Of one that has changed since, it must be decided anew.
func (r *Reconciler) write(ctx context.Context, resource *unstructured.Unstructured, want status) (reconcile.Result, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&want)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("write the status of %s %s: %w", r.kind.Kind, resource.GetName(), err)
	}
	after := resource.DeepCopy()
	after.Object["status"] = content
	unless := client.MergeFromWithOptions(resource, client.MergeFromWithOptimisticLock{})
	err = r.writer.Status().Patch(ctx, after, unless)
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: conflictPause}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("write the status of %s %s: %w", r.kind.Kind, resource.GetName(), err)
	}
	return reconcile.Result{}, nil
}

// waited is for how long a version of a resource has been the newest. Any change shows that somebody is there, and time starts anew.
func (r *Reconciler) waited(key types.NamespacedName, version string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.awaited[key].version != version {
		r.awaited[key] = sighting{version, r.timing.Now()}
	}
	return r.timing.Now().Sub(r.awaited[key].since)
}

// settle forgets since when a resource has been waited for.
func (r *Reconciler) settle(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.awaited, key)
}
