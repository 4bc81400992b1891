package kafka

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// clustersAtOnce is how many clusters are reconciled at the same time.
const clustersAtOnce = 10

// Setup registers a reconciler of Kafka resources with the manager. Made are the kinds of objects that the platform makes for
// a cluster and of which only the metadata is watched.
func Setup(mgr ctrl.Manager, r reconcile.Reconciler, made []schema.GroupVersionKind) error {
	// What only a status changes is the operator's own doing.
	asked := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{})
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1.Kafka{}, builder.WithPredicates(asked)).
		Watches(&v1.KafkaNodePool{}, handler.EnqueueRequestsFromMapFunc(clusterOf), builder.WithPredicates(asked)).
		Watches(&podsetv1.StrimziPodSet{}, handler.EnqueueRequestsFromMapFunc(ownedBy), builder.WithPredicates(asked)).
		Watches(&appsv1.Deployment{}, handler.EnqueueRequestsFromMapFunc(ownedBy)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(ownedBy)).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(ownedBy)).
		Watches(&corev1.PersistentVolumeClaim{}, handler.EnqueueRequestsFromMapFunc(ownedBy)).
		WithOptions(controller.Options{MaxConcurrentReconciles: clustersAtOnce})
	for _, kind := range made {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(kind)
		b = b.WatchesMetadata(object, handler.EnqueueRequestsFromMapFunc(ownedBy))
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("set up the Kafka controller: %w", err)
	}
	return nil
}

// clusterOf finds the cluster that a pool names.
func clusterOf(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[v1.LabelCluster]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: name}}}
}

// ownedBy finds the cluster for which the operator made an object, which may be in another namespace.
func ownedBy(ctx context.Context, o client.Object) []reconcile.Request {
	if o.GetLabels()[v1.LabelKind] != "Kafka" {
		return nil
	}
	out := clusterOf(ctx, o)
	if namespace := o.GetAnnotations()[v1.AnnotationClusterNamespace]; namespace != "" && len(out) > 0 {
		out[0].Namespace = namespace
	}
	return out
}
