package volume

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// resizeConditions are the conditions of a claim that speak of a growth under
// way, and are wrong once it is done.
var resizeConditions = []corev1.PersistentVolumeClaimConditionType{
	corev1.PersistentVolumeClaimResizing,
	corev1.PersistentVolumeClaimFileSystemResizePending,
	corev1.PersistentVolumeClaimControllerResizeError,
	corev1.PersistentVolumeClaimNodeResizeError,
}

// Growth is what has to be written to carry a claim's growth through. A
// directory has no size of its own, so recording the new one is all of it.
type Growth struct {
	// VolumeCapacity is the PersistentVolume's new capacity; nil when it is
	// large enough already.
	VolumeCapacity *resource.Quantity
	// ClaimCapacity is the claim's new status.capacity, never smaller than the
	// old one; nil when it is right already.
	ClaimCapacity *resource.Quantity
	// ClaimConditions are the claim's conditions without those of a growth.
	ClaimConditions []corev1.PersistentVolumeClaimCondition
}

// Needed tells whether there is anything to write.
func (g Growth) Needed() bool { return g.VolumeCapacity != nil || g.ClaimCapacity != nil }

// GrowthOf compares what a claim asks for with what it and its volume have. It
// is empty for a claim that is not bound to this volume or on its way out,
// and never takes anything away.
func GrowthOf(claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume) Growth {
	if !boundTogether(claim, volume) || claim.DeletionTimestamp != nil {
		return Growth{}
	}
	wanted := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	granted := claim.Status.Capacity[corev1.ResourceStorage]
	if wanted.Cmp(granted) <= 0 {
		return Growth{}
	}
	growth := Growth{ClaimCapacity: &wanted, ClaimConditions: withoutResize(claim.Status.Conditions)}
	capacity := volume.Spec.Capacity[corev1.ResourceStorage]
	if wanted.Cmp(capacity) > 0 {
		growth.VolumeCapacity = &wanted
	}
	return growth
}

func boundTogether(claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume) bool {
	return claim.Status.Phase == corev1.ClaimBound &&
		claim.Spec.VolumeName == volume.Name &&
		volume.Annotations[AnnotationProvisionedBy] == ProvisionerName &&
		volume.Spec.ClaimRef != nil && volume.Spec.ClaimRef.UID == claim.UID
}

func withoutResize(conditions []corev1.PersistentVolumeClaimCondition) []corev1.PersistentVolumeClaimCondition {
	return slices.DeleteFunc(slices.Clone(conditions), func(condition corev1.PersistentVolumeClaimCondition) bool {
		return slices.Contains(resizeConditions, condition.Type)
	})
}
