package kube

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// Metadata lists the kinds of which the operator needs to know no more than their metadata.
// They, and the kinds of Typed, are pruned by their labels.
func Metadata() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		gvk("", "v1", "ConfigMap"),
		gvk("", "v1", "Service"),
		gvk("", "v1", "ServiceAccount"),
		gvk("policy", "v1", "PodDisruptionBudget"),
		gvk("networking.k8s.io", "v1", "NetworkPolicy"),
	}
}

// Apply writes the objects of a plan that differ from what was last written, and prunes what the plan no longer has.
func (r *Runtime) Apply(ctx context.Context, want plan.Plan) error {
	objects, err := render.Objects(&want, r.settings)
	if err != nil {
		return err
	}
	var sets, others []client.Object
	for _, o := range objects {
		set, ok := o.(*podsetv1.StrimziPodSet)
		if !ok {
			others = append(others, o)
			continue
		}
		if err := r.keepRetiring(ctx, set, retiring(&want, set.Name)); err != nil {
			return err
		}
		sets = append(sets, o)
	}
	// Pods need everything else to exist, so their sets come last.
	for _, batch := range [][]client.Object{others, sets} {
		if err := r.applyAll(ctx, want.Owner, batch); err != nil {
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

func (r *Runtime) applyAll(ctx context.Context, owner plan.Owner, objects []client.Object) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(applyAtOnce)
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
	err = r.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(FieldManager), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("apply %s: %w", what, err)
	}
	r.sent.record(owner, u, hash)
	return nil
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
	seen := cached(object.GetObjectKind().GroupVersionKind())
	if seen == nil {
		return "", nil
	}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(object), seen)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	return seen.GetResourceVersion(), err
}

// cached is an empty object in the form in which the operator caches its kind; nil for kinds it does not cache.
func cached(kind schema.GroupVersionKind) client.Object {
	switch kind.Kind {
	case "Secret":
		return &corev1.Secret{}
	case "PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}
	case "StrimziPodSet":
		return &podsetv1.StrimziPodSet{}
	case "ClusterRoleBinding":
		return nil
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(kind)
	return m
}

// prune deletes what carries the component's labels and is not wanted. Claims go only when their annotation says so.
func (r *Runtime) prune(ctx context.Context, want *plan.Plan, objects []client.Object) error {
	wanted := map[string]bool{}
	for _, o := range objects {
		wanted[o.GetObjectKind().GroupVersionKind().Kind+"/"+o.GetName()] = true
	}
	inventory, err := r.inventory(ctx, refOf(want))
	if err != nil {
		return err
	}
	for _, o := range inventory {
		kind := o.GetObjectKind().GroupVersionKind().Kind
		if wanted[kind+"/"+o.GetName()] || !prunable(kind, o) || ofRetiring(want, o.GetName()) {
			continue
		}
		if err := r.client.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete unwanted %s %s: %w", kind, o.GetName(), err)
		}
	}
	return nil
}

func prunable(kind string, o client.Object) bool {
	if o.GetDeletionTimestamp() != nil {
		return false
	}
	if o.GetLabels()[v1.LabelAppManagedBy] != v1.ManagedByClusterOperator {
		return false
	}
	return kind != "PersistentVolumeClaim" || isTrue(o.GetAnnotations()[v1.AnnotationDeleteClaim])
}

// ofRetiring tells whether an object is a retiring pod's: those are named like the pod, with a prefix for volumes.
func ofRetiring(want *plan.Plan, object string) bool {
	for i := range want.Groups {
		for _, name := range want.Groups[i].Retiring {
			if object == name || strings.HasSuffix(object, "-"+name) {
				return true
			}
		}
	}
	return false
}

// inventory is everything that carries a component's labels, with kinds set.
func (r *Runtime) inventory(ctx context.Context, ref runtime.Ref) ([]client.Object, error) {
	where := []client.ListOption{client.InNamespace(ref.Namespace), componentLabels(ref)}
	var out []client.Object
	for _, kind := range Metadata() {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind)
		if err := r.client.List(ctx, &list, where...); err != nil {
			return nil, fmt.Errorf("list %ss: %w", kind.Kind, err)
		}
		for i := range list.Items {
			list.Items[i].SetGroupVersionKind(kind)
			out = append(out, &list.Items[i])
		}
	}
	var secrets corev1.SecretList
	var claims corev1.PersistentVolumeClaimList
	var sets podsetv1.StrimziPodSetList
	for _, list := range []client.ObjectList{&secrets, &claims, &sets} {
		if err := r.client.List(ctx, list, where...); err != nil {
			return nil, fmt.Errorf("list what belongs to %s: %w", ref.Component, err)
		}
	}
	for i := range secrets.Items {
		out = append(out, kinded(&secrets.Items[i], gvk("", "v1", "Secret")))
	}
	for i := range claims.Items {
		out = append(out, kinded(&claims.Items[i], gvk("", "v1", "PersistentVolumeClaim")))
	}
	for i := range sets.Items {
		out = append(out, kinded(&sets.Items[i], podsetv1.GroupVersion().WithKind("StrimziPodSet")))
	}
	return out, nil
}

func kinded(o client.Object, kind schema.GroupVersionKind) client.Object {
	o.GetObjectKind().SetGroupVersionKind(kind)
	return o
}

// Outdated compares the revisions of the pods that run with those of the pods that the plan wants.
func (r *Runtime) Outdated(ctx context.Context, want plan.Plan) (map[string]runtime.Difference, error) {
	wanted, err := render.Pods(&want, r.settings)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	if err := r.client.List(ctx, &pods, client.InNamespace(want.Owner.Namespace), componentLabels(refOf(&want))); err != nil {
		return nil, fmt.Errorf("read the pods of %s: %w", want.Component.Name, err)
	}
	out := map[string]runtime.Difference{}
	for i := range pods.Items {
		runs := &pods.Items[i]
		if d := difference(runs, wanted[runs.Name]); d != "" {
			out[runs.Name] = d
		}
	}
	return out, nil
}

func refOf(p *plan.Plan) runtime.Ref {
	return runtime.Ref{Namespace: p.Owner.Namespace, Cluster: p.Owner.Name, Kind: p.Owner.Kind, Component: p.Component.Name}
}

func difference(runs, wanted *corev1.Pod) runtime.Difference {
	if wanted == nil {
		return ""
	}
	if runs.Annotations[v1.AnnotationRevision] != wanted.Annotations[v1.AnnotationRevision] {
		return runtime.DifferentShape
	}
	if runs.Annotations[v1.AnnotationResourceRevision] != wanted.Annotations[v1.AnnotationResourceRevision] {
		return runtime.DifferentResources
	}
	return ""
}
