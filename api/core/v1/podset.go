package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	kafkav1 "castellan.io/castellan/api/v1"
)

// StrimziPodSet is a set of pods that may all differ. Its controller creates the pods that are missing and deletes those that
// are not listed; it never changes or restarts one.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=strimzipodsets,shortName=sps,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Pods",type=integer,description="Wanted number of pods",JSONPath=`.status.pods`
// +kubebuilder:printcolumn:name="Ready Pods",type=integer,description="Number of ready pods",JSONPath=`.status.readyPods`
// +kubebuilder:printcolumn:name="Current Pods",type=integer,description="Number of pods of the current revision",JSONPath=`.status.currentPods`
// +kubebuilder:printcolumn:name="Age",type=date,description="Age of the set",JSONPath=`.metadata.creationTimestamp`
type StrimziPodSet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the set should be.
	Spec StrimziPodSetSpec `json:"spec"`
	// What its controller last saw.
	Status StrimziPodSetStatus `json:"status,omitzero"`
}

// StrimziPodSetList is a list of pod sets.
//
// +kubebuilder:object:root=true
type StrimziPodSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The sets.
	Items []StrimziPodSet `json:"items"`
}

// StrimziPodSetSpec is a wanted set of pods.
type StrimziPodSetSpec struct {
	// Selects the pods of the set. Cannot change.
	Selector metav1.LabelSelector `json:"selector"`
	// The pods, as complete Pod objects. Each keeps the JSON text it was read from.
	//
	// +kubebuilder:validation:items:XPreserveUnknownFields
	Pods []runtime.RawExtension `json:"pods"`
}

// StrimziPodSetStatus is what the controller last saw of a set.
type StrimziPodSetStatus struct {
	// Warnings and errors.
	Conditions []kafkav1.Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Number of wanted pods.
	//
	// +optional
	Pods int32 `json:"pods"`
	// Number of pods that are ready.
	//
	// +optional
	ReadyPods int32 `json:"readyPods"`
	// Number of pods of the current revision.
	//
	// +optional
	CurrentPods int32 `json:"currentPods"`
}
