package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// KafkaMirrorMaker2 copies topics, and with them the progress of consumer groups, from Kafka clusters into another one.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkamirrormaker2s,shortName=kmm2,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired replicas",type=integer,description="Wanted number of workers",JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the mirror is ready",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaMirrorMaker2 struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What should be mirrored, and by what.
	Spec KafkaMirrorMaker2Spec `json:"spec"`
	// What the operator last saw.
	Status KafkaMirrorMaker2Status `json:"status,omitzero"`
}

// KafkaMirrorMaker2List is a list of mirrors.
//
// +kubebuilder:object:root=true
type KafkaMirrorMaker2List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The mirrors.
	Items []KafkaMirrorMaker2 `json:"items"`
}

// KafkaMirrorMaker2Spec is a Connect cluster at the target and the mirrors that run in it.
type KafkaMirrorMaker2Spec struct {
	ConnectWorkers `json:",inline"`
	// The Kafka cluster to copy into. The workers keep their state there.
	Target MirrorTarget `json:"target"`
	// The Kafka clusters to copy from.
	Mirrors []Mirror `json:"mirrors"`
}

// MirrorTarget is the Kafka cluster to copy into.
type MirrorTarget struct {
	// Short name of the cluster.
	//
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9\._\-]{1,100}$`
	Alias        string `json:"alias"`
	ConnectGroup `json:",inline"`
}

// Mirror says what is copied from one Kafka cluster.
type Mirror struct {
	// The cluster to copy from.
	Source MirrorSource `json:"source"`
	// The connector that copies topics. Absent: they are not copied.
	SourceConnector *ConnectorSettings `json:"sourceConnector,omitempty"`
	// The connector that copies the progress of consumer groups. Absent: it is not copied.
	CheckpointConnector *ConnectorSettings `json:"checkpointConnector,omitempty"`
	// Topics to copy, as regular expressions separated by commas. Default: Kafka's, all.
	TopicsPattern string `json:"topicsPattern,omitempty"`
	// Topics not to copy, as regular expressions separated by commas. Default: Kafka's, internal ones.
	TopicsExcludePattern string `json:"topicsExcludePattern,omitempty"`
	// Consumer groups to copy, as regular expressions separated by commas. Default: Kafka's, all.
	GroupsPattern string `json:"groupsPattern,omitempty"`
	// Consumer groups not to copy, as regular expressions separated by commas. Default: Kafka's, those of tools.
	GroupsExcludePattern string `json:"groupsExcludePattern,omitempty"`
}

// MirrorSource is a Kafka cluster to copy from.
type MirrorSource struct {
	// Short name of the cluster. Copied topics have it as a prefix, if nothing else is configured.
	//
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9\._\-]{1,100}$`
	Alias       string `json:"alias"`
	KafkaClient `json:",inline"`
	// Options of MirrorMaker 2's clients for this cluster.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// KafkaMirrorMaker2Status is what the operator last saw of a mirror.
type KafkaMirrorMaker2Status struct {
	ConnectWorkersStatus `json:",inline"`
	// What the REST API of Kafka Connect says about each connector, as JSON text.
	//
	// +kubebuilder:validation:items:XPreserveUnknownFields
	Connectors []runtime.RawExtension `json:"connectors,omitzero"`
	// Automatic restarts of connectors since they last ran well.
	AutoRestartStatuses []AutoRestartStatus `json:"autoRestartStatuses,omitzero"`
}
