package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaConnect is a Kafka Connect cluster. KafkaConnectors that carry its name as a label run in it, if the annotation
// strimzi.io/use-connector-resources is true.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkaconnects,shortName=kc,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired replicas",type=integer,description="Wanted number of workers",JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the cluster is ready",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaConnect struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the cluster should be.
	Spec KafkaConnectSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaConnectStatus `json:"status,omitzero"`
}

// KafkaConnectList is a list of Connect clusters.
//
// +kubebuilder:object:root=true
type KafkaConnectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The clusters.
	Items []KafkaConnect `json:"items"`
}

// KafkaConnectSpec is a wanted Connect cluster.
type KafkaConnectSpec struct {
	ConnectWorkers `json:",inline"`
	ConnectGroup   `json:",inline"`
	// Builds the workers' image with plugins in it. Absent: the image is used as it is.
	Build *ConnectBuild `json:"build,omitempty"`
	// Plugins to mount into the workers, each from images.
	Plugins []MountedPlugin `json:"plugins,omitzero"`
}

// ConnectWorkers is what the workers of Connect and of MirrorMaker 2 have in common.
type ConnectWorkers struct {
	// Kafka version. Default: the operator's newest.
	Version string `json:"version,omitempty"`
	// Number of workers.
	Replicas int32 `json:"replicas"`
	// Container image of the workers. Default: the operator's image for `version`.
	Image string `json:"image,omitempty"`
	// CPU and memory of each worker.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Liveness probe.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// JVM options.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
	// Remote JMX access. Absent: closed.
	JmxOptions *JmxOptions `json:"jmxOptions,omitempty"`
	// Log levels.
	Logging *Logging `json:"logging,omitempty"`
	// Image of the init container that looks up the rack.
	ClientRackInitImage string `json:"clientRackInitImage,omitempty"`
	// How consumers learn the rack they run in, so that they read from the nearest replica.
	Rack *Rack `json:"rack,omitempty"`
	// How metrics are exposed. Absent: not at all.
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`
	// How messages are traced. Absent: not at all.
	Tracing *Tracing `json:"tracing,omitempty"`
	// Changes to the generated objects.
	Template *ConnectTemplate `json:"template,omitempty"`
}

// ConnectGroup says with which Kafka cluster the workers work, and where they keep their state in it.
type ConnectGroup struct {
	KafkaClient `json:",inline"`
	// Id that makes workers one Connect cluster. Unique within the Kafka cluster.
	GroupID string `json:"groupId"`
	// Topic with the configurations of connectors. Unique within the Kafka cluster.
	ConfigStorageTopic string `json:"configStorageTopic"`
	// Topic with the states of connectors. Unique within the Kafka cluster.
	StatusStorageTopic string `json:"statusStorageTopic"`
	// Topic with the offsets of source connectors. Unique within the Kafka cluster.
	OffsetStorageTopic string `json:"offsetStorageTopic"`
	// Kafka Connect options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// ConnectTemplate changes the objects generated for Connect and for MirrorMaker 2.
type ConnectTemplate struct {
	// StrimziPodSet of the workers.
	PodSet *ResourceTemplate `json:"podSet,omitempty"`
	// Pods of the workers.
	Pod *PodSetPodTemplate `json:"pod,omitempty"`
	// Service of the REST API.
	APIService *ServiceTemplate `json:"apiService,omitempty"`
	// Headless Service of the workers.
	HeadlessService *ServiceTemplate `json:"headlessService,omitempty"`
	// PodDisruptionBudget of the workers.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
	// Container that runs the worker.
	ConnectContainer *ContainerTemplate `json:"connectContainer,omitempty"`
	// Container that looks up the rack.
	InitContainer *ContainerTemplate `json:"initContainer,omitempty"`
	// ServiceAccount of the workers.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
	// ClusterRoleBinding of the init container.
	ClusterRoleBinding *ResourceTemplate `json:"clusterRoleBinding,omitempty"`
	// Secret with the JMX credentials.
	JmxSecret *ResourceTemplate `json:"jmxSecret,omitempty"`
	// Pod that builds the image.
	BuildPod *PodTemplate `json:"buildPod,omitempty"`
	// Container that builds the image.
	BuildContainer *ContainerTemplate `json:"buildContainer,omitempty"`
	// ServiceAccount of the build.
	BuildServiceAccount *ResourceTemplate `json:"buildServiceAccount,omitempty"`
	// BuildConfig, where OpenShift builds the image.
	BuildConfig *BuildConfigTemplate `json:"buildConfig,omitempty"`
}

// BuildConfigTemplate changes a generated BuildConfig.
type BuildConfigTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
	// Secret with credentials to pull the base image.
	PullSecret string `json:"pullSecret,omitempty"`
}

// KafkaConnectStatus is what the operator last saw of a Connect cluster.
type KafkaConnectStatus struct {
	ConnectWorkersStatus `json:",inline"`
}

// ConnectWorkersStatus is what the operator last saw of the workers of Connect or MirrorMaker 2.
type ConnectWorkersStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// URL of the REST API.
	URL string `json:"url,omitempty"`
	// Plugins that the workers have.
	ConnectorPlugins []ConnectorPlugin `json:"connectorPlugins,omitzero"`
	// Number of workers.
	//
	// +optional
	Replicas int32 `json:"replicas"`
	// Selector of the workers' pods: `key=value`, separated by commas.
	LabelSelector string `json:"labelSelector,omitempty"`
}

// ConnectorPlugin is a plugin that workers have.
type ConnectorPlugin struct {
	// Java class.
	Class string `json:"class,omitempty"`
	// Kind of plugin: source or sink.
	Type string `json:"type,omitempty"`
	// Version.
	Version string `json:"version,omitempty"`
}
