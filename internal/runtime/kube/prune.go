package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// Metadata lists the kinds of which the operator needs to know no more than their metadata.
// They are pruned by their labels, as are secrets, claims and pod sets.
func Metadata() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		gvk("", "ConfigMap"),
		gvk("", "Service"),
		gvk("", "ServiceAccount"),
		gvk("policy", "PodDisruptionBudget"),
		gvk("networking.k8s.io", "NetworkPolicy"),
	}
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
		if wanted[kind+"/"+o.GetName()] || !prunable(kind, o) || keptVolume(want, kind) || ofRetiring(want, o.GetName()) {
			continue
		}
		uid := o.GetUID()
		err := r.client.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("delete unwanted %s %s: %w", kind, o.GetName(), err)
		}
	}
	if want.Account.ReadsPlatformNodes {
		return nil
	}
	return r.dropMachineReader(ctx, refOf(want))
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

func keptVolume(want *plan.Plan, kind string) bool {
	return want.KeepVolumes && kind == "PersistentVolumeClaim"
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
		out = append(out, kinded(&secrets.Items[i], gvk("", "Secret")))
	}
	for i := range claims.Items {
		out = append(out, kinded(&claims.Items[i], gvk("", "PersistentVolumeClaim")))
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
