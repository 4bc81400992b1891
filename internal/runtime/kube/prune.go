package kube

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
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
// They are pruned by their labels, as are secrets, claims, pod sets and deployments.
func Metadata() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		gvk("", "ConfigMap"),
		gvk("", "Service"),
		gvk("", "ServiceAccount"),
		gvk("policy", "PodDisruptionBudget"),
		gvk("networking.k8s.io", "NetworkPolicy"),
		gvk(rbacv1.GroupName, "Role"),
		gvk(rbacv1.GroupName, "RoleBinding"),
	}
}

// prune deletes what carries the component's labels and is not wanted. Claims go only when their annotation says so.
func (r *Runtime) prune(ctx context.Context, want *plan.Plan, objects []client.Object) error {
	wanted := map[string]bool{}
	for _, o := range objects {
		wanted[sentKey(o)] = true
	}
	inventory, err := r.inventory(ctx, refOf(want))
	if err != nil {
		return err
	}
	for _, o := range inventory {
		kind := o.GetObjectKind().GroupVersionKind().Kind
		if wanted[sentKey(o)] || !prunable(kind, o) || keptVolume(want, kind) || ofRetiring(want, o.GetName()) {
			continue
		}
		if err := r.delete(ctx, o); err != nil {
			return err
		}
		if cached(o) == nil {
			r.sent.recordDeleted(ownerKey(want.Owner.Namespace, want.Owner.Name), sentKey(o))
		}
	}
	// Instances of groups alone look up the machine that they run on.
	if want.Account.ReadsPlatformNodes || len(want.Groups) == 0 {
		return nil
	}
	return r.dropMachineReader(ctx, refOf(want))
}

// delete removes an object that is still the one that was seen.
func (r *Runtime) delete(ctx context.Context, o client.Object) error {
	uid := o.GetUID()
	err := r.client.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete unwanted %s %s: %w", o.GetObjectKind().GroupVersionKind().Kind, o.GetName(), err)
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
	abroad, err := r.abroad(ctx, ref.Namespace, componentLabels(ref))
	if err != nil {
		return nil, err
	}
	out = append(out, abroad...)
	var secrets corev1.SecretList
	var claims corev1.PersistentVolumeClaimList
	var sets podsetv1.StrimziPodSetList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&secrets, &claims, &sets, &deployments} {
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
	for i := range deployments.Items {
		out = append(out, kinded(&deployments.Items[i], gvk("apps", "Deployment")))
	}
	return out, nil
}

// abroad are the rights in other namespaces that were made for clusters of a namespace and have the labels. They are found in the
// namespaces that the operator watches.
func (r *Runtime) abroad(ctx context.Context, clusterNamespace string, labels client.MatchingLabels) ([]client.Object, error) {
	var out []client.Object
	for _, kind := range []schema.GroupVersionKind{gvk(rbacv1.GroupName, "RoleBinding"), gvk(rbacv1.GroupName, "Role")} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind)
		if err := r.client.List(ctx, &list, labels); err != nil {
			return nil, fmt.Errorf("list %ss of all namespaces: %w", kind.Kind, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			if of, abroad := o.Annotations[v1.AnnotationClusterNamespace]; abroad && of == clusterNamespace && prunable(kind.Kind, o) {
				o.SetGroupVersionKind(kind)
				out = append(out, o)
			}
		}
	}
	return out, nil
}

func kinded(o client.Object, kind schema.GroupVersionKind) client.Object {
	o.GetObjectKind().SetGroupVersionKind(kind)
	return o
}
