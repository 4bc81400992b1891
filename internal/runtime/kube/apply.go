package kube

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/podset"
	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/kube/render"
)

// applyAtOnce bounds how many objects of one plan are written at the same time.
const applyAtOnce = 8

// Apply writes the objects of a plan that differ from what was last written, and prunes what the plan no longer has.
func (r *Runtime) Apply(ctx context.Context, want plan.Plan) error {
	objects, err := render.Objects(&want, r.settings)
	if err != nil {
		return err
	}
	var secrets, roles, others, workloads []client.Object
	for _, o := range objects {
		switch o := o.(type) {
		case *corev1.Secret:
			secrets = append(secrets, o)
		case *podsetv1.StrimziPodSet:
			if err := r.keepRetiring(ctx, o, retiring(&want, o.Name)); err != nil {
				return err
			}
			workloads = append(workloads, o)
		case *appsv1.Deployment:
			workloads = append(workloads, o)
		case *rbacv1.Role:
			roles = append(roles, o)
		default:
			others = append(others, o)
		}
	}
	// The order of secrets is the plan's. What binds a role needs it to exist, and pods need everything else, so what makes them
	// comes last.
	for _, batch := range []struct {
		objects []client.Object
		atOnce  int
	}{{secrets, 1}, {roles, applyAtOnce}, {others, applyAtOnce}, {workloads, applyAtOnce}} {
		if err := r.applyAll(ctx, want.Owner, batch.objects, batch.atOnce); err != nil {
			return err
		}
	}
	return r.prune(ctx, &want, objects)
}

func retiring(p *plan.Plan, set string) []string {
	for i := range p.Groups {
		if p.Groups[i].Set == set {
			return p.Groups[i].Retiring
		}
	}
	return nil
}

// keepRetiring carries the entries of retiring pods over from the set as it is.
func (r *Runtime) keepRetiring(ctx context.Context, set *podsetv1.StrimziPodSet, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var is podsetv1.StrimziPodSet
	if err := r.client.Get(ctx, client.ObjectKeyFromObject(set), &is); err != nil {
		return client.IgnoreNotFound(err)
	}
	for i := range is.Spec.Pods {
		pod, err := podset.Decode(is.Spec.Pods[i])
		if err != nil {
			return fmt.Errorf("read a pod of %s: %w", set.Name, err)
		}
		if slices.Contains(names, pod.Name) {
			set.Spec.Pods = append(set.Spec.Pods, is.Spec.Pods[i])
		}
	}
	return nil
}

func (r *Runtime) applyAll(ctx context.Context, owner plan.Owner, objects []client.Object, atOnce int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, o := range objects {
		group.Go(func() error { return r.apply(ctx, ownerKey(owner.Namespace, owner.Name), o) })
	}
	return group.Wait()
}

func (r *Runtime) apply(ctx context.Context, owner string, object client.Object) error {
	u, err := bare(object)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s %s", u.GetKind(), u.GetName())
	hash, err := contentHash(u)
	if err != nil {
		return fmt.Errorf("apply %s: %w", what, err)
	}
	live, err := r.liveVersion(ctx, object)
	if err != nil {
		return fmt.Errorf("apply %s: %w", what, err)
	}
	if r.sent.same(owner, u, hash, live) {
		return nil
	}
	if live == "" {
		if err := r.refuseForeign(ctx, object); err != nil {
			return fmt.Errorf("apply %s: %w", what, err)
		}
	}
	if err := r.write(ctx, u); err != nil {
		return fmt.Errorf("apply %s: %w", what, err)
	}
	r.sent.record(owner, u, hash)
	return nil
}

// refuseForeign makes sure that an object which the caches do not show is not somebody else's: they hold the operator's
// own objects only, and applying would take the other one over.
func (r *Runtime) refuseForeign(ctx context.Context, object client.Object) error {
	if object.GetObjectKind().GroupVersionKind().Kind == "ClusterRoleBinding" {
		return nil
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(object.GetObjectKind().GroupVersionKind())
	err := r.live.Get(ctx, client.ObjectKeyFromObject(object), m)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return sameMark(m, object)
}

// sameMark tells whether an object that exists was made for the same cluster as the one that is wanted in its place.
func sameMark(is, wanted client.Object) error {
	for _, label := range []string{v1.LabelCluster, v1.LabelKind, v1.LabelAppManagedBy} {
		if is.GetLabels()[label] != wanted.GetLabels()[label] {
			return fmt.Errorf("%w: its label %s is %q, not %q; remove it or name things differently",
				runtime.ErrForeign, label, is.GetLabels()[label], wanted.GetLabels()[label])
		}
	}
	return sameNamespace(is, wanted)
}

// sameNamespace tells whether it was made for a cluster in the same namespace: clusters of one name in several have the same labels.
// An operator that came before may not have noted the namespace of what has no owner.
func sameNamespace(is, wanted client.Object) error {
	of, ours := is.GetAnnotations()[v1.AnnotationClusterNamespace], wanted.GetAnnotations()[v1.AnnotationClusterNamespace]
	if of == ours || of == "" && len(is.GetOwnerReferences()) == 0 {
		return nil
	}
	return fmt.Errorf("%w: it was made for a cluster of the same name in another namespace (annotation %s: %q); remove it or name things differently",
		runtime.ErrForeign, v1.AnnotationClusterNamespace, of)
}

// write applies an object, and fills u with the server's answer.
//
// What Keep created has two owners then: the one who kept it and the one who applies it. What a plan drops would stay,
// because the former still wants it. So the ownership is united, and the object applied once more.
func (r *Runtime) write(ctx context.Context, u *unstructured.Unstructured) error {
	wanted := u.DeepCopy()
	force := []client.ApplyOption{client.FieldOwner(FieldManager), client.ForceOwnership}
	if err := r.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), force...); err != nil {
		return err
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(u, sets.New(keepManager), FieldManager)
	if err != nil || patch == nil {
		return err
	}
	if err := r.client.Patch(ctx, u.DeepCopy(), client.RawPatch(types.JSONPatchType, patch)); err != nil {
		return err
	}
	u.Object = wanted.Object
	return r.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), force...)
}

// bare is the object without what only the server fills: sent zero values would be taken for wishes.
func bare(object client.Object) (*unstructured.Unstructured, error) {
	content, err := kruntime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", object.GetName(), err)
	}
	delete(content, "status")
	if m, ok := content["metadata"].(map[string]any); ok {
		delete(m, "creationTimestamp")
	}
	return &unstructured.Unstructured{Object: content}, nil
}

func contentHash(u *unstructured.Unstructured) ([sha256.Size]byte, error) {
	raw, err := json.Marshal(u.Object)
	return sha256.Sum256(raw), err
}

// liveVersion is the resource version that the operator's cache holds; empty for no object.
func (r *Runtime) liveVersion(ctx context.Context, object client.Object) (string, error) {
	seen := cached(object)
	if seen == nil {
		return "", nil
	}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(object), seen)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return seen.GetResourceVersion(), sameMark(seen, object)
}

// cached is an empty object in the form in which the operator caches its kind; nil for what it does not cache: what belongs to no
// namespace, or to one other than its owner's, which the operator may not watch.
func cached(o client.Object) client.Object {
	if _, abroad := o.GetAnnotations()[v1.AnnotationClusterNamespace]; abroad {
		return nil
	}
	kind := o.GetObjectKind().GroupVersionKind()
	switch kind.Kind {
	case "Secret":
		return &corev1.Secret{}
	case "PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}
	case "StrimziPodSet":
		return &podsetv1.StrimziPodSet{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "ClusterRoleBinding":
		return nil
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(kind)
	return m
}
