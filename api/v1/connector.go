package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaConnector is a connector in the Connect cluster its label strimzi.io/cluster names.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkaconnectors,shortName=kctr,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.tasksMax,statuspath=.status.tasksMax
// +kubebuilder:printcolumn:name="Cluster",type=string,description="Connect cluster it runs in",JSONPath=`.metadata.labels.strimzi\.io/cluster`
// +kubebuilder:printcolumn:name="Connector class",type=string,description="Java class",JSONPath=`.spec.class`
// +kubebuilder:printcolumn:name="Max Tasks",type=integer,description="Largest number of tasks",JSONPath=`.spec.tasksMax`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the connector is ready",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaConnector struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the connector should be.
	Spec KafkaConnectorSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaConnectorStatus `json:"status,omitzero"`
}

// KafkaConnectorList is a list of connectors.
//
// +kubebuilder:object:root=true
type KafkaConnectorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The connectors.
	Items []KafkaConnector `json:"items"`
}

// KafkaConnectorSpec is a wanted connector.
type KafkaConnectorSpec struct {
	// Java class, or its alias.
	Class             string `json:"class,omitempty"`
	ConnectorSettings `json:",inline"`
}

// ConnectorSettings is what all connectors have in common, those of MirrorMaker 2 too.
type ConnectorSettings struct {
	// Version or range of versions of the plugin, where workers have several. Default: the newest.
	Version string `json:"version,omitempty"`
	// Largest number of tasks. Default: Kafka's, 1.
	//
	// +kubebuilder:validation:Minimum=1
	TasksMax *int32 `json:"tasksMax,omitempty"`
	// Options of the connector, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
	// Whether it runs. Default: running.
	State ConnectorState `json:"state,omitempty"`
	// Whether and how often a failed connector is restarted. Absent: never.
	AutoRestart *AutoRestart `json:"autoRestart,omitempty"`
	// Where the annotation strimzi.io/connector-offsets=list writes offsets.
	ListOffsets *ListOffsets `json:"listOffsets,omitempty"`
	// Where the annotation strimzi.io/connector-offsets=alter reads offsets.
	AlterOffsets *AlterOffsets `json:"alterOffsets,omitempty"`
}

// ConnectorState is a wanted state of a connector.
//
// +kubebuilder:validation:Enum=paused;stopped;running
type ConnectorState string

// The wanted states of a connector.
const (
	// ConnectorPaused keeps the tasks, which do nothing.
	ConnectorPaused ConnectorState = "paused"
	// ConnectorStopped ends the tasks. Offsets can be changed then.
	ConnectorStopped ConnectorState = "stopped"
	// ConnectorRunning runs the tasks.
	ConnectorRunning ConnectorState = "running"
)

// AutoRestart says whether and how often a failed connector is restarted. The time between two restarts grows.
type AutoRestart struct {
	// Whether it is restarted. Default: true.
	Enabled *bool `json:"enabled,omitempty"`
	// Most restarts in a row. Default: no limit.
	MaxRestarts *int32 `json:"maxRestarts,omitempty"`
}

// ListOffsets says where offsets are written.
type ListOffsets struct {
	// ConfigMap, which is made or changed.
	ToConfigMap corev1.LocalObjectReference `json:"toConfigMap"`
}

// AlterOffsets says where offsets are read.
type AlterOffsets struct {
	// ConfigMap, in the form that listing writes.
	FromConfigMap corev1.LocalObjectReference `json:"fromConfigMap"`
}

// KafkaConnectorStatus is what the operator last saw of a connector.
type KafkaConnectorStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Automatic restarts since the connector last ran well.
	AutoRestart *AutoRestartStatus `json:"autoRestart,omitempty"`
	// What the REST API of Kafka Connect says about the connector and its tasks.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	ConnectorStatus FreeForm `json:"connectorStatus,omitzero"`
	// Largest number of tasks.
	TasksMax int32 `json:"tasksMax,omitempty"`
	// Topics the connector has used.
	Topics []string `json:"topics,omitzero"`
}

// AutoRestartStatus tells about the automatic restarts of a connector.
type AutoRestartStatus struct {
	// Name of the connector.
	ConnectorName string `json:"connectorName,omitempty"`
	// Number of restarts in a row.
	//
	// +optional
	Count int32 `json:"count"`
	// Time of the last one, ISO 8601 in UTC.
	LastRestartTimestamp string `json:"lastRestartTimestamp,omitempty"`
}
