package kube

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// CacheOptions keep the operator's caches to what it made itself: of everything else in the namespaces (all when
// there are none) it holds nothing. Of Secrets only those of clusters are held, not those of their users.
func CacheOptions(namespaces []string) cache.Options {
	made := labels.SelectorFromSet(labels.Set{v1.LabelAppManagedBy: v1.ManagedByClusterOperator})
	ofClusters := labels.SelectorFromSet(labels.Set{v1.LabelKind: "Kafka"})
	out := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:                   {Label: made},
			&corev1.Secret{}:                {Label: ofClusters},
			&corev1.PersistentVolumeClaim{}: {Label: ofClusters},
			&appsv1.Deployment{}:            {Label: made, Transform: trimDeployment},
		},
	}
	for _, kind := range Metadata() {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(kind)
		out.ByObject[object] = cache.ByObject{Label: made}
	}
	if len(namespaces) > 0 {
		out.DefaultNamespaces = map[string]cache.Config{}
		for _, n := range namespaces {
			out.DefaultNamespaces[n] = cache.Config{}
		}
	}
	return out
}

// trimDeployment leaves of a Deployment what decisions depend on: not its pods, which are most of it.
func trimDeployment(o any) (any, error) {
	if d, is := o.(*appsv1.Deployment); is {
		d.ManagedFields = nil
		d.Spec = appsv1.DeploymentSpec{Replicas: d.Spec.Replicas}
	}
	return o, nil
}
