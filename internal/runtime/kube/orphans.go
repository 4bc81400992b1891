package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/runtime"
)

// RemoveOrphans deletes the cluster wide bindings, and the rights in other namespaces, of clusters in the namespaces (all when there
// are none) whose Kafka resource was deleted while no operator ran: Kubernetes collects nothing across namespaces. Belongs to the
// start of an operator.
func (r *Runtime) RemoveOrphans(ctx context.Context, namespaces []string) error {
	return errors.Join(r.removeOrphanBindings(ctx, namespaces), r.removeOrphanRights(ctx, namespaces))
}

// removeOrphanRights deletes rights that were made for a cluster in another namespace which is gone.
func (r *Runtime) removeOrphanRights(ctx context.Context, namespaces []string) error {
	var failures []error
	for _, kind := range []schema.GroupVersionKind{gvk(rbacv1.GroupName, "RoleBinding"), gvk(rbacv1.GroupName, "Role")} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind)
		ours := client.MatchingLabels{v1.LabelKind: "Kafka", v1.LabelAppManagedBy: v1.ManagedByClusterOperator}
		if err := r.client.List(ctx, &list, ours); err != nil {
			return fmt.Errorf("list %ss: %w", kind.Kind, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			cluster := runtime.Ref{Namespace: o.Annotations[v1.AnnotationClusterNamespace], Cluster: o.Labels[v1.LabelCluster], Kind: "Kafka"}
			if cluster.Namespace == "" || cluster.Cluster == "" || len(namespaces) > 0 && !slices.Contains(namespaces, cluster.Namespace) {
				continue
			}
			o.SetGroupVersionKind(kind)
			failures = append(failures, r.removeOrphan(ctx, o, cluster))
		}
	}
	return errors.Join(failures...)
}

// removeOrphanBindings deletes bindings that belong to no namespace. An operator without rights on such cannot have made one.
func (r *Runtime) removeOrphanBindings(ctx context.Context, namespaces []string) error {
	var bindings rbacv1.ClusterRoleBindingList
	ours := client.MatchingLabels{v1.LabelKind: "Kafka", v1.LabelAppManagedBy: v1.ManagedByClusterOperator}
	err := r.live.List(ctx, &bindings, ours)
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list cluster role bindings: %w", err)
	}
	var failures []error
	for i := range bindings.Items {
		cluster, certain := boundCluster(&bindings.Items[i])
		if !certain || len(namespaces) > 0 && !slices.Contains(namespaces, cluster.Namespace) {
			continue
		}
		bindings.Items[i].SetGroupVersionKind(gvk(rbacv1.GroupName, "ClusterRoleBinding"))
		failures = append(failures, r.removeOrphan(ctx, &bindings.Items[i], cluster))
	}
	return errors.Join(failures...)
}

// boundCluster is the cluster that a binding was made for. It is certain only if name, labels and account of the binding agree: names of
// bindings can be read in more than one way.
func boundCluster(b *rbacv1.ClusterRoleBinding) (cluster runtime.Ref, certain bool) {
	if len(b.Subjects) != 1 || b.Subjects[0].Kind != rbacv1.ServiceAccountKind {
		return runtime.Ref{}, false
	}
	name, account := b.Labels[v1.LabelCluster], b.Subjects[0]
	cluster = runtime.Ref{Namespace: account.Namespace, Cluster: name, Kind: "Kafka", Component: name + "-kafka"}
	return cluster, name != "" && account.Namespace != "" && account.Name == cluster.Component && b.Name == machineReader(cluster)
}

// removeOrphan deletes an object as it was listed, if the API server says that its Kafka resource does not exist. Any other answer is no answer.
func (r *Runtime) removeOrphan(ctx context.Context, o client.Object, cluster runtime.Ref) error {
	what := fmt.Sprintf("%s %s", o.GetObjectKind().GroupVersionKind().Kind, o.GetName())
	err := r.live.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Cluster}, &v1.Kafka{})
	if err == nil || apierrors.IsForbidden(err) {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("look for Kafka %s of %s: %w", cluster.Cluster, what, err)
	}
	uid, version := o.GetUID(), o.GetResourceVersion()
	err = r.client.Delete(ctx, o, client.Preconditions{UID: &uid, ResourceVersion: &version})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.IsForbidden(err) {
		return nil
	}
	return fmt.Errorf("delete %s: %w", what, err)
}
