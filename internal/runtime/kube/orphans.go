package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/runtime"
)

// RemoveOrphans deletes the cluster wide bindings of clusters in the namespaces (all when there are none) whose Kafka resource was
// deleted while no operator ran: Kubernetes collects nothing that belongs to no namespace. Belongs to the start of an operator.
// An operator without rights on cluster wide objects cannot have made one.
func (r *Runtime) RemoveOrphans(ctx context.Context, namespaces []string) error {
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

// removeOrphan deletes the binding as it was listed, if the API server says that its Kafka resource does not exist. Any other answer is no answer.
func (r *Runtime) removeOrphan(ctx context.Context, b *rbacv1.ClusterRoleBinding, cluster runtime.Ref) error {
	err := r.live.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Cluster}, &v1.Kafka{})
	if err == nil || apierrors.IsForbidden(err) {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("look for Kafka %s of cluster role binding %s: %w", cluster.Cluster, b.Name, err)
	}
	err = r.client.Delete(ctx, b, client.Preconditions{UID: &b.UID, ResourceVersion: &b.ResourceVersion})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.IsForbidden(err) {
		return nil
	}
	return fmt.Errorf("delete cluster role binding %s: %w", b.Name, err)
}
