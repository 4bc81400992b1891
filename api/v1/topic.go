package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaTopic is a topic of the Kafka cluster its label strimzi.io/cluster names.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkatopics,shortName=kt,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,description="Kafka cluster it belongs to",JSONPath=`.metadata.labels.strimzi\.io/cluster`
// +kubebuilder:printcolumn:name="Partitions",type=integer,description="Wanted number of partitions",JSONPath=`.spec.partitions`
// +kubebuilder:printcolumn:name="Replication factor",type=integer,description="Wanted number of replicas",JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the topic is as wanted",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaTopic struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the topic should be.
	Spec KafkaTopicSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaTopicStatus `json:"status,omitzero"`
}

// KafkaTopicList is a list of topics.
//
// +kubebuilder:object:root=true
type KafkaTopicList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The topics.
	Items []KafkaTopic `json:"items"`
}

// KafkaTopicSpec is a wanted topic.
type KafkaTopicSpec struct {
	// Name in Kafka, for names that Kubernetes does not allow. Cannot change. Default: the resource's name.
	TopicName string `json:"topicName,omitempty"`
	// Number of partitions. Cannot shrink. Default: the brokers' `num.partitions`.
	//
	// +kubebuilder:validation:Minimum=1
	Partitions *int32 `json:"partitions,omitempty"`
	// Number of replicas of each partition. Default: the brokers' `default.replication.factor`.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32767
	Replicas *int32 `json:"replicas,omitempty"`
	// Kafka options of the topic. Those not listed here have the brokers' value.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// KafkaTopicStatus is what the operator last saw of a topic.
type KafkaTopicStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Name in Kafka.
	TopicName string `json:"topicName,omitempty"`
	// Kafka's id of the topic.
	TopicID string `json:"topicId,omitempty"`
	// Change of the number of replicas that is not done yet.
	ReplicasChange *ReplicasChangeStatus `json:"replicasChange,omitempty"`
}

// ReplicasChangeState is where a change of the number of replicas stands.
//
// +kubebuilder:validation:Enum=pending;ongoing
type ReplicasChangeState string

// The states of a change of the number of replicas.
const (
	// ReplicasChangePending: Cruise Control has not taken it up yet.
	ReplicasChangePending ReplicasChangeState = "pending"
	// ReplicasChangeOngoing: Cruise Control works on it.
	ReplicasChangeOngoing ReplicasChangeState = "ongoing"
)

// ReplicasChangeStatus is a change of the number of replicas that is not done yet.
type ReplicasChangeStatus struct {
	// Wanted number of replicas.
	TargetReplicas int32 `json:"targetReplicas,omitempty"`
	// Where the change stands.
	State ReplicasChangeState `json:"state,omitempty"`
	// What keeps the change from going on, for people.
	Message string `json:"message,omitempty"`
	// Cruise Control's id of the change.
	SessionID string `json:"sessionId,omitempty"`
}
