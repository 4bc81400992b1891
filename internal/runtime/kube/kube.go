package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/kube/render"
)

// FieldManager is the name under which the operator owns fields; the compatible API fixes it.
const FieldManager = "strimzi-kafka-operator"

// keepManager owns the fields of what Keep creates, until it is applied. It has a name of its own because fields that the server's
// admission sets when something is applied, such as the finalizer that protects claims, count as updates by FieldManager.
const keepManager = FieldManager + "-keep"

// Runtime is Kubernetes as a platform for plans.
type Runtime struct {
	client   client.Client
	live     client.Reader
	settings render.Settings
	sent     *sent
}

var _ runtime.Runtime = (*Runtime)(nil)

// New returns a Runtime that reads through c, which may answer from a cache, and confirms what must
// not be stale with live, which asks the API server.
func New(c client.Client, live client.Reader, settings render.Settings) *Runtime {
	return &Runtime{client: c, live: live, settings: settings, sent: newSent()}
}

// Keep creates a secret and never overwrites one.
func (r *Runtime) Keep(ctx context.Context, owner plan.Owner, secret plan.Secret) error {
	object := render.Secret(owner, secret.Component, &secret)
	err := r.client.Create(ctx, object, client.FieldOwner(keepManager))
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("keep secret %s: %w", secret.Name, runtime.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("keep secret %s: %w", secret.Name, err)
	}
	return nil
}

// Restart deletes a pod; the controller of its set creates it anew.
//
// The pods are read once more from the API server: a cache that lags behind could make the decision
// look right although another pod has just gone.
func (r *Runtime) Restart(ctx context.Context, ref runtime.Ref, instance string, seen plan.Observed) error {
	var pods corev1.PodList
	where := componentLabels(ref)
	where[v1.LabelAppManagedBy] = v1.ManagedByClusterOperator
	if err := r.live.List(ctx, &pods, client.InNamespace(ref.Namespace), where); err != nil {
		return fmt.Errorf("confirm the pods of %s: %w", ref.Component, err)
	}
	was, known := seen.Instances[instance]
	if !known || !sameInstances(pods.Items, seen.Instances) {
		return fmt.Errorf("restart %s: %w", instance, runtime.ErrConflict)
	}
	uid := types.UID(was.UID)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ref.Namespace, Name: instance}}
	err := r.client.Delete(ctx, pod, client.Preconditions{UID: &uid})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return fmt.Errorf("restart %s: %w", instance, runtime.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("restart %s: %w", instance, err)
	}
	return nil
}

func sameInstances(pods []corev1.Pod, seen map[string]plan.ObservedInstance) bool {
	if len(pods) != len(seen) {
		return false
	}
	for i := range pods {
		was, ok := seen[pods[i].Name]
		if !ok || was.UID != string(pods[i].UID) || was.Ready != ready(&pods[i]) || was.Ending != ending(&pods[i]) {
			return false
		}
	}
	return true
}

// Remove deletes the cluster wide binding of the component's account, and the rights of all accounts of the cluster in other
// namespaces: no namespaced owner can own them. An operator without rights on cluster wide objects cannot have made the binding.
func (r *Runtime) Remove(ctx context.Context, ref runtime.Ref) error {
	r.sent.forget(ownerKey(ref.Namespace, ref.Cluster))
	cluster := client.MatchingLabels{v1.LabelCluster: ref.Cluster, v1.LabelKind: ref.Kind}
	abroad, err := r.abroad(ctx, ref.Namespace, cluster)
	if err != nil {
		return err
	}
	for _, o := range abroad {
		if err := r.delete(ctx, o); err != nil {
			return err
		}
	}
	return r.deleteMachineReader(ctx, ref)
}

// dropMachineReader deletes the binding of a cluster that does not need one. Bindings are not cached, so there is nothing to
// look it up in; once is enough, for nobody else makes one.
func (r *Runtime) dropMachineReader(ctx context.Context, ref runtime.Ref) error {
	owner, key := ownerKey(ref.Namespace, ref.Cluster), objectKey("ClusterRoleBinding", "", machineReader(ref))
	if r.sent.deleted(owner, key) {
		return nil
	}
	if err := r.deleteMachineReader(ctx, ref); err != nil {
		return err
	}
	r.sent.recordDeleted(owner, key)
	return nil
}

func machineReader(ref runtime.Ref) string {
	owner := plan.Owner{Namespace: ref.Namespace, Name: ref.Cluster}
	return render.MachineReaderName(owner, plan.Component{Name: ref.Component})
}

func (r *Runtime) deleteMachineReader(ctx context.Context, ref runtime.Ref) error {
	name := machineReader(ref)
	err := r.client.Delete(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil
	}
	return fmt.Errorf("delete cluster role binding %s: %w", name, err)
}

func componentLabels(ref runtime.Ref) client.MatchingLabels {
	return client.MatchingLabels{v1.LabelCluster: ref.Cluster, v1.LabelKind: ref.Kind, v1.LabelName: ref.Component}
}
