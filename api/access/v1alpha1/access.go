package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kafkav1 "castellan.io/castellan/api/v1"
)

// KafkaAccess asks for a Secret with all that an application needs to connect to a Kafka cluster: addresses, certificates and
// the credentials of a user. Frameworks that bind services to applications understand it.
//
// +kubebuilder:object:root=true
// +kubebuilder:metadata:labels="servicebinding.io/provisioned-service=true"
// +kubebuilder:resource:path=kafkaaccesses,shortName=ka,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Listener",type=string,description="Listener to connect to",JSONPath=`.spec.kafka.listener`
// +kubebuilder:printcolumn:name="Cluster",type=string,description="Kafka cluster to connect to",JSONPath=`.spec.kafka.name`
// +kubebuilder:printcolumn:name="User",type=string,description="User to connect as",JSONPath=`.spec.user.name`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the Secret is there",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaAccess struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the application needs.
	Spec *KafkaAccessSpec `json:"spec,omitempty"`
	// What the operator last saw.
	Status KafkaAccessStatus `json:"status,omitzero"`
}

// KafkaAccessList is a list of accesses.
//
// +kubebuilder:object:root=true
type KafkaAccessList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The accesses.
	Items []KafkaAccess `json:"items"`
}

// KafkaAccessSpec says to what an application connects, and as whom.
type KafkaAccessSpec struct {
	// The Kafka cluster.
	Kafka KafkaReference `json:"kafka"`
	// The user. Absent: the Secret has no credentials.
	User *UserReference `json:"user,omitempty"`
	// Name of the Secret. Default: that of the KafkaAccess.
	SecretName string `json:"secretName,omitempty"`
	// Changes to the generated objects.
	Template *KafkaAccessTemplate `json:"template,omitempty"`
}

// KafkaReference names a listener of a Kafka cluster.
type KafkaReference struct {
	// Name of the Kafka resource.
	Name string `json:"name"`
	// Its namespace. Default: that of the KafkaAccess.
	Namespace string `json:"namespace,omitempty"`
	// Name of the listener. Default: the operator picks one that fits the user.
	Listener string `json:"listener,omitempty"`
}

// UserReference names a user.
type UserReference struct {
	// Kind of the user's resource: KafkaUser.
	Kind string `json:"kind"`
	// API group of the user's resource: kafka.strimzi.io.
	APIGroup string `json:"apiGroup"`
	// Name of the user's resource.
	Name string `json:"name"`
	// Its namespace. Default: that of the KafkaAccess.
	Namespace string `json:"namespace,omitempty"`
}

// KafkaAccessTemplate changes the objects generated for an access.
type KafkaAccessTemplate struct {
	// The Secret.
	Secret *kafkav1.ResourceTemplate `json:"secret,omitempty"`
}

// KafkaAccessStatus is what the operator last saw of an access.
type KafkaAccessStatus struct {
	// Readiness and warnings.
	//
	// +kubebuilder:validation:items:XPreserveUnknownFields
	Conditions []kafkav1.Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// The Secret, where frameworks that bind services look for it.
	Binding *Binding `json:"binding,omitempty"`
}

// Binding names the Secret.
type Binding struct {
	// Name of the Secret.
	Name string `json:"name,omitempty"`
}
