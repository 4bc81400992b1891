package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaRebalance asks for partitions to be moved between the brokers of the Kafka cluster its label strimzi.io/cluster names.
// The annotation strimzi.io/rebalance drives it; the type of the one condition that names a state is where it stands.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkarebalances,shortName=kr,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,description="Kafka cluster it is about",JSONPath=`.metadata.labels.strimzi\.io/cluster`
// +kubebuilder:printcolumn:name="Template",type=string,description="Whether it is a template for automatic rebalances",JSONPath=`.metadata.annotations.strimzi\.io/rebalance-template`
// +kubebuilder:printcolumn:name="Status",type=string,description="Where it stands",JSONPath=`.status.conditions[*].type`
type KafkaRebalance struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What should be moved.
	Spec KafkaRebalanceSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaRebalanceStatus `json:"status,omitzero"`
}

// KafkaRebalanceList is a list of rebalances.
//
// +kubebuilder:object:root=true
type KafkaRebalanceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The rebalances.
	Items []KafkaRebalance `json:"items"`
}

// RebalanceMode is what a rebalance is for.
//
// +kubebuilder:validation:Enum=full;add-brokers;remove-brokers;remove-disks
type RebalanceMode string

// What a rebalance is for.
const (
	// RebalanceFull spreads the load over all brokers. The default.
	RebalanceFull RebalanceMode = "full"
	// RebalanceAddBrokers fills new brokers.
	RebalanceAddBrokers RebalanceMode = "add-brokers"
	// RebalanceRemoveBrokers empties brokers before they go.
	RebalanceRemoveBrokers RebalanceMode = "remove-brokers"
	// RebalanceRemoveDisks empties volumes before they go.
	RebalanceRemoveDisks RebalanceMode = "remove-disks"
)

// KafkaRebalanceSpec is a wanted rebalance.
type KafkaRebalanceSpec struct {
	// What it is for. Default: full.
	Mode RebalanceMode `json:"mode,omitempty"`
	// Ids of the brokers to fill or empty. Required with `add-brokers` and `remove-brokers`.
	Brokers []int32 `json:"brokers,omitzero"`
	// Volumes to empty. Required with `remove-disks`.
	//
	// +kubebuilder:validation:MinItems=1
	MoveReplicasOffVolumes []BrokerVolumes `json:"moveReplicasOffVolumes,omitzero"`
	// Goals of Cruise Control's, most important first. Default: those that Cruise Control is configured with.
	Goals []string `json:"goals,omitzero"`
	// Whether `goals` may lack hard goals. Default: false.
	SkipHardGoalCheck *bool `json:"skipHardGoalCheck,omitempty"`
	// Whether load is spread over the volumes of each broker instead of over brokers. Only with `full`, without `goals`.
	// Default: false.
	RebalanceDisk *bool `json:"rebalanceDisk,omitempty"`
	// Topics to leave where they are, as a regular expression. Default: none.
	ExcludedTopics string `json:"excludedTopics,omitempty"`
	// Most partitions that move to or from a broker at a time. Default: Cruise Control's, 5.
	//
	// +kubebuilder:validation:Minimum=0
	ConcurrentPartitionMovementsPerBroker *int32 `json:"concurrentPartitionMovementsPerBroker,omitempty"`
	// Most partitions that move between the volumes of a broker at a time. Default: Cruise Control's, 2.
	//
	// +kubebuilder:validation:Minimum=0
	ConcurrentIntraBrokerPartitionMovements *int32 `json:"concurrentIntraBrokerPartitionMovements,omitempty"`
	// Most partitions that change their leader at a time. Default: Cruise Control's, 1000.
	//
	// +kubebuilder:validation:Minimum=0
	ConcurrentLeaderMovements *int32 `json:"concurrentLeaderMovements,omitempty"`
	// Bytes per second that moving may use. Default: no limit.
	//
	// +kubebuilder:validation:Minimum=0
	ReplicationThrottle *int64 `json:"replicationThrottle,omitempty"`
	// Java classes that order the moves. Default: Cruise Control's, as they come.
	ReplicaMovementStrategies []string `json:"replicaMovementStrategies,omitzero"`
}

// BrokerVolumes lists volumes of a broker.
type BrokerVolumes struct {
	// Id of the broker.
	BrokerID *int32 `json:"brokerId,omitempty"`
	// Ids of its volumes.
	//
	// +kubebuilder:validation:MinItems=1
	VolumeIDs []int32 `json:"volumeIds,omitzero"`
}

// KafkaRebalanceStatus is what the operator last saw of a rebalance.
type KafkaRebalanceStatus struct {
	// Where it stands, and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Cruise Control's id of the request.
	SessionID string `json:"sessionId,omitempty"`
	// How far it is.
	Progress *RebalanceProgress `json:"progress,omitempty"`
	// What Cruise Control proposes to do, in its own words.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	OptimizationResult FreeForm `json:"optimizationResult,omitzero"`
}

// RebalanceProgress tells where to read how far a rebalance is.
type RebalanceProgress struct {
	// Name of the ConfigMap with progress and load of the brokers.
	RebalanceProgressConfigMap string `json:"rebalanceProgressConfigMap,omitempty"`
}
