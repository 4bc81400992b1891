package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaNodePool is a group of like nodes of the Kafka cluster its label strimzi.io/cluster names.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkanodepools,shortName=knp,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired replicas",type=integer,description="Wanted number of nodes",JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Roles",type=string,description="Roles of the nodes",JSONPath=`.status.roles`
// +kubebuilder:printcolumn:name="NodeIds",type=string,description="Ids of the nodes",JSONPath=`.status.nodeIds`
type KafkaNodePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the pool should be.
	Spec KafkaNodePoolSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaNodePoolStatus `json:"status,omitzero"`
}

// KafkaNodePoolList is a list of node pools.
//
// +kubebuilder:object:root=true
type KafkaNodePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The pools.
	Items []KafkaNodePool `json:"items"`
}

// NodeRole is what a node does.
//
// +kubebuilder:validation:Enum=controller;broker
type NodeRole string

// The roles of a node. A node may have both.
const (
	// RoleController takes part in the metadata quorum.
	RoleController NodeRole = "controller"
	// RoleBroker stores and serves topics.
	RoleBroker NodeRole = "broker"
)

// KafkaNodePoolSpec is a wanted node pool.
type KafkaNodePoolSpec struct {
	// Number of nodes.
	//
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`
	// Volumes of each node.
	Storage Storage `json:"storage"`
	// What the nodes do.
	Roles []NodeRole `json:"roles"`
	// CPU and memory of each node.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// JVM options. Default: those of the cluster.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
	// Changes to the generated objects. Each member replaces the cluster's.
	Template *KafkaNodePoolTemplate `json:"template,omitempty"`
}

// KafkaNodePoolTemplate changes the objects generated for the nodes of a pool.
type KafkaNodePoolTemplate struct {
	// StrimziPodSet of the pool.
	PodSet *ResourceTemplate `json:"podSet,omitempty"`
	// Pods of the nodes.
	Pod *PodSetPodTemplate `json:"pod,omitempty"`
	// Services of single brokers.
	PerPodService *ResourceTemplate `json:"perPodService,omitempty"`
	// Routes of single brokers.
	PerPodRoute *ResourceTemplate `json:"perPodRoute,omitempty"`
	// Ingresses of single brokers.
	PerPodIngress *ResourceTemplate `json:"perPodIngress,omitempty"`
	// Volume claims of the nodes.
	PersistentVolumeClaim *ResourceTemplate `json:"persistentVolumeClaim,omitempty"`
	// Container that runs Kafka.
	KafkaContainer *ContainerTemplate `json:"kafkaContainer,omitempty"`
	// Container that looks up rack and node address.
	InitContainer *ContainerTemplate `json:"initContainer,omitempty"`
}

// KafkaNodePoolStatus is what the operator last saw of a pool.
type KafkaNodePoolStatus struct {
	// Warnings about the pool.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Ids of the nodes, ascending. The record of which ids the pool owns.
	NodeIDs []int32 `json:"nodeIds,omitzero"`
	// Kafka's cluster id.
	ClusterID string `json:"clusterId,omitempty"`
	// Roles the nodes have, controller first.
	Roles []NodeRole `json:"roles,omitzero"`
	// Number of nodes.
	//
	// +optional
	Replicas int32 `json:"replicas"`
	// Selector of the nodes' pods: `key=value`, separated by commas.
	LabelSelector string `json:"labelSelector,omitempty"`
}

// StorageType is a kind of storage.
type StorageType string

// The kinds of storage.
const (
	// StorageEphemeral lives as long as the pod.
	StorageEphemeral StorageType = "ephemeral"
	// StoragePersistentClaim lives in a PersistentVolumeClaim.
	StoragePersistentClaim StorageType = "persistent-claim"
	// StorageJBOD is a list of volumes, each with an id.
	StorageJBOD StorageType = "jbod"
)

// Storage says which volumes a node has: either one, or with `type: jbod` a list.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'persistent-claim' || has(self.size)",message="size is required with type persistent-claim"
// +kubebuilder:validation:XValidation:rule="self.type != 'jbod' || (has(self.volumes) && self.volumes.size() > 0)",message="type jbod needs at least one volume"
// +kubebuilder:validation:XValidation:rule="self.type != 'jbod' || !has(self.volumes) || self.volumes.all(v, has(v.id))",message="each volume of type jbod needs an id"
// +kubebuilder:validation:XValidation:rule="self.type != 'jbod' || !has(self.volumes) || self.volumes.all(v, v.type != 'persistent-claim' || has(v.size))",message="size is required for volumes of type persistent-claim"
type Storage struct {
	// Kind of storage.
	//
	// +kubebuilder:validation:Enum=ephemeral;persistent-claim;jbod
	Type           StorageType `json:"type"`
	VolumeSettings `json:",inline"`
	// The volumes of `type: jbod`.
	Volumes []Volume `json:"volumes,omitzero"`
}

// Volume is one volume of `type: jbod`.
type Volume struct {
	// Kind of volume.
	//
	// +kubebuilder:validation:Enum=ephemeral;persistent-claim
	Type           StorageType `json:"type"`
	VolumeSettings `json:",inline"`
}

// KRaftMetadataShared is the value of `kraftMetadata` that puts the metadata log on a volume that also holds topics.
const KRaftMetadataShared = "shared"

// VolumeSettings describes one volume.
type VolumeSettings struct {
	// Id, unique within the pool. Required within `type: jbod`.
	//
	// +kubebuilder:validation:Minimum=0
	ID *int32 `json:"id,omitempty"`
	// Size of the claim, such as `100Gi`. Required with `type: persistent-claim`.
	Size string `json:"size,omitempty"`
	// Largest size of an ephemeral volume. Default: no limit.
	//
	// +kubebuilder:validation:Pattern=`^([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`
	SizeLimit string `json:"sizeLimit,omitempty"`
	// StorageClass of the claim. Default: that of Kubernetes.
	Class string `json:"class,omitempty"`
	// VolumeAttributesClass of the claim.
	VolumeAttributesClass string `json:"volumeAttributesClass,omitempty"`
	// Labels a PersistentVolume must have to be bound.
	Selector map[string]string `json:"selector,omitzero"`
	// Whether the claim goes when the cluster or the volume goes. Default: false.
	DeleteClaim *bool `json:"deleteClaim,omitempty"`
	// Whether the metadata log lives on this volume. At most one volume; default: the one with the lowest id.
	//
	// +kubebuilder:validation:Enum=shared
	KRaftMetadata string `json:"kraftMetadata,omitempty"`
}
