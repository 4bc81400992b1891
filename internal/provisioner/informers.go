package provisioner

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"castellan.io/castellan/internal/provisioner/volume"
)

// watched are the caches the library and the claimKeeper share.
type watched struct {
	claims  cache.SharedIndexInformer
	volumes cache.SharedIndexInformer
	classes cache.SharedIndexInformer
}

// newWatched builds the caches of one node's instance; nothing runs yet.
func newWatched(client kubernetes.Interface, nodeName string) (watched, error) {
	everything := informers.NewSharedInformerFactory(client, 0)
	ofNode := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.LabelSelector = volume.NodeLabel + "=" + volume.NodeLabelValue(nodeName)
	}))
	w := watched{
		claims:  everything.Core().V1().PersistentVolumeClaims().Informer(),
		volumes: ofNode.Core().V1().PersistentVolumes().Informer(),
		classes: everything.Storage().V1().StorageClasses().Informer(),
	}
	keepLittle := func(object any) (any, error) { return withoutForeignDetail(object, nodeName), nil }
	if err := w.claims.SetTransform(keepLittle); err != nil {
		return watched{}, fmt.Errorf("setting up the watch of claims: %w", err)
	}
	return w, nil
}

func (w watched) all() []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{w.claims, w.volumes, w.classes}
}

func (w watched) run(ctx context.Context) {
	for _, informer := range w.all() {
		go informer.RunWithContext(ctx)
	}
}

func (w watched) synced() bool {
	for _, informer := range w.all() {
		if !informer.HasSynced() {
			return false
		}
	}
	return true
}

func (w watched) wait(ctx context.Context) bool {
	return cache.WaitForCacheSync(ctx.Done(), w.claims.HasSynced, w.volumes.HasSynced, w.classes.HasSynced)
}

// withoutForeignDetail cuts a claim that another node serves down to its
// identity, so that an instance's memory grows little with the fleet.
func withoutForeignDetail(object any, nodeName string) any {
	claim, ok := object.(*corev1.PersistentVolumeClaim)
	if !ok {
		return object
	}
	selected := claim.Annotations[volume.AnnotationSelectedNode]
	if selected == "" || selected == nodeName {
		claim.ManagedFields = nil
		return claim
	}
	return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
		Annotations: map[string]string{volume.AnnotationSelectedNode: selected},
	}}
}
