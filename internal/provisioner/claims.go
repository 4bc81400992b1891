package provisioner

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"

	"castellan.io/castellan/internal/provisioner/volume"
)

const (
	annotationProvisioner = "volume.kubernetes.io/storage-provisioner"

	reasonGrown   = "VolumeResizeSuccessful"
	reasonRefused = "ProvisioningFailed"
)

// claimKeeper does for claims what the library does not: it carries growth
// through, and refuses claims that bind before a node is chosen.
type claimKeeper struct {
	client   kubernetes.Interface
	claims   cache.Store
	volumes  cache.Store
	classes  cache.Store
	queue    workqueue.TypedRateLimitingInterface[string]
	recorder record.EventRecorder
	grown    prometheus.Counter
	logger   logr.Logger
	now      func() time.Time
	// refused holds the claims this process has seen refused, so that it asks
	// the API server once for each.
	refused sync.Map
}

// watch makes the keeper look at a claim whenever it or its volume changes:
// after a start, either may become known first.
func (k *claimKeeper) watch(claims, volumes cache.SharedInformer) error {
	if _, err := claims.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    k.enqueue,
		UpdateFunc: func(_, claim any) { k.enqueue(claim) },
		DeleteFunc: k.forget,
	}); err != nil {
		return fmt.Errorf("watching claims: %w", err)
	}
	if _, err := volumes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    k.enqueueClaimOf,
		UpdateFunc: func(_, pv any) { k.enqueueClaimOf(pv) },
	}); err != nil {
		return fmt.Errorf("watching volumes: %w", err)
	}
	return nil
}

func (k *claimKeeper) enqueue(object any) {
	if claim, ok := object.(*corev1.PersistentVolumeClaim); ok {
		k.queue.Add(claim.Namespace + "/" + claim.Name)
	}
}

func (k *claimKeeper) enqueueClaimOf(object any) {
	if pv, ok := object.(*corev1.PersistentVolume); ok && pv.Spec.ClaimRef != nil {
		k.queue.Add(pv.Spec.ClaimRef.Namespace + "/" + pv.Spec.ClaimRef.Name)
	}
}

func (k *claimKeeper) forget(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if claim, ok := object.(*corev1.PersistentVolumeClaim); ok {
		k.refused.Delete(claim.UID)
	}
}

// run works until the context ends. The caches must have been filled before.
func (k *claimKeeper) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, k.queue.ShutDown)
	defer stop()
	for {
		key, shutdown := k.queue.Get()
		if shutdown {
			return
		}
		if err := k.sync(ctx, key); err != nil {
			k.logger.Error(err, "Trying a claim again later", "claim", key)
			k.queue.AddRateLimited(key)
		} else {
			k.queue.Forget(key)
		}
		k.queue.Done(key)
	}
}

func (k *claimKeeper) sync(ctx context.Context, key string) error {
	claim, found, err := get[*corev1.PersistentVolumeClaim](k.claims, key)
	if err != nil || !found {
		return err
	}
	if claim.Spec.VolumeName == "" {
		return k.refuseImmediate(ctx, claim)
	}
	// Only this node's volumes are in the store: another node's claim ends here.
	pv, found, err := get[*corev1.PersistentVolume](k.volumes, claim.Spec.VolumeName)
	if err != nil || !found {
		return err
	}
	return k.grow(ctx, claim, pv)
}

// grow writes the volume first: a claim must never show more than its volume.
func (k *claimKeeper) grow(ctx context.Context, claim *corev1.PersistentVolumeClaim, pv *corev1.PersistentVolume) error {
	growth := volume.GrowthOf(claim, pv)
	if !growth.Needed() {
		return nil
	}
	if err := k.growVolume(ctx, pv, growth); err != nil {
		return err
	}
	if err := k.growClaim(ctx, claim, growth); err != nil {
		return err
	}
	k.grown.Inc()
	k.logger.Info("Grew a volume", "claim", claim.Namespace+"/"+claim.Name, "volume", pv.Name, "capacity", growth.ClaimCapacity.String())
	k.recorder.Eventf(claim, corev1.EventTypeNormal, reasonGrown, "The volume's capacity is %s now; a directory needs no resize of a file system", growth.ClaimCapacity)
	return nil
}

func (k *claimKeeper) growVolume(ctx context.Context, pv *corev1.PersistentVolume, growth volume.Growth) error {
	if growth.VolumeCapacity == nil {
		return nil
	}
	patch, err := json.Marshal(map[string]any{
		"spec": map[string]any{"capacity": corev1.ResourceList{corev1.ResourceStorage: *growth.VolumeCapacity}},
	})
	if err != nil {
		return fmt.Errorf("writing the patch of PersistentVolume %s: %w", pv.Name, err)
	}
	if _, err := k.client.CoreV1().PersistentVolumes().Patch(ctx, pv.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("growing PersistentVolume %s: %w", pv.Name, err)
	}
	return nil
}

// growClaim names the version it has read, because it replaces the conditions
// as a whole.
func (k *claimKeeper) growClaim(ctx context.Context, claim *corev1.PersistentVolumeClaim, growth volume.Growth) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": claim.ResourceVersion, "uid": claim.UID},
		"status": map[string]any{
			"capacity":   corev1.ResourceList{corev1.ResourceStorage: *growth.ClaimCapacity},
			"conditions": growth.ClaimConditions,
		},
	})
	if err != nil {
		return fmt.Errorf("writing the patch of claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	claims := k.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	if _, err := claims.Patch(ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("growing the status of claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return nil
}

// refuseImmediate says on a claim why it gets no volume. No node was chosen for
// it, so every instance sees it as its own matter; the event's name is made
// from the claim, so only the first one's is kept.
func (k *claimKeeper) refuseImmediate(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Annotations[annotationProvisioner] != volume.ProvisionerName || claim.Annotations[volume.AnnotationSelectedNode] != "" {
		return nil
	}
	class, found, err := get[*storagev1.StorageClass](k.classes, classOf(claim))
	if err != nil || !found || !volume.BindsImmediately(class) {
		return err
	}
	if _, seen := k.refused.LoadOrStore(claim.UID, true); seen {
		return nil
	}
	event := refusalEvent(claim, volume.Refusals{volume.ImmediateRefusal(class.Name)}, k.now())
	_, err = k.client.CoreV1().Events(claim.Namespace).Create(ctx, event, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		k.refused.Delete(claim.UID)
		return fmt.Errorf("writing an event on claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return nil
}

func refusalEvent(claim *corev1.PersistentVolumeClaim, refusal error, now time.Time) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: claim.Namespace, Name: "immediate-binding." + string(claim.UID)},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "PersistentVolumeClaim",
			Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
		},
		Type:           corev1.EventTypeWarning,
		Reason:         reasonRefused,
		Message:        refusal.Error(),
		Source:         corev1.EventSource{Component: volume.ProvisionerName},
		FirstTimestamp: metav1.NewTime(now),
		LastTimestamp:  metav1.NewTime(now),
		Count:          1,
	}
}

func classOf(claim *corev1.PersistentVolumeClaim) string {
	if claim.Spec.StorageClassName == nil {
		return ""
	}
	return *claim.Spec.StorageClassName
}

// get reads an object of a known type from an informer's store.
func get[T any](store cache.Store, key string) (T, bool, error) {
	object, found, err := store.GetByKey(key)
	typed, ok := object.(T)
	if found && !ok {
		return typed, false, fmt.Errorf("reading %s from the cache: it is a %T", key, object)
	}
	return typed, found, err
}
