package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaBridge lets HTTP clients produce to and consume from a Kafka cluster.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkabridges,shortName=kb,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.labelSelector
// +kubebuilder:printcolumn:name="Desired replicas",type=integer,description="Wanted number of pods",JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Bootstrap Servers",type=string,priority=1,description="Kafka cluster behind it",JSONPath=`.spec.bootstrapServers`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the bridge is ready",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaBridge struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the bridge should be.
	Spec KafkaBridgeSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaBridgeStatus `json:"status,omitzero"`
}

// KafkaBridgeList is a list of bridges.
//
// +kubebuilder:object:root=true
type KafkaBridgeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The bridges.
	Items []KafkaBridge `json:"items"`
}

// KafkaBridgeSpec is a wanted bridge.
//
// +kubebuilder:validation:XValidation:rule="has(self.http)",message="http is required; http: {} listens on port 8080"
type KafkaBridgeSpec struct {
	// Number of pods.
	//
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`
	// Container image. Default: the operator's.
	Image       string `json:"image,omitempty"`
	KafkaClient `json:",inline"`
	// Where HTTP clients connect. Required.
	HTTP *BridgeHTTP `json:"http,omitempty"`
	// The client that asks about topics.
	AdminClient *BridgeAdminClient `json:"adminClient,omitempty"`
	// The consumers.
	Consumer *BridgeConsumer `json:"consumer,omitempty"`
	// The producers.
	Producer *BridgeProducer `json:"producer,omitempty"`
	// Options of the bridge itself, except those the operator sets.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
	// CPU and memory of each pod.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// JVM options.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
	// Log levels.
	Logging *Logging `json:"logging,omitempty"`
	// Image of the init container that looks up the rack.
	ClientRackInitImage string `json:"clientRackInitImage,omitempty"`
	// How consumers learn the rack they run in, so that they read from the nearest replica.
	Rack *Rack `json:"rack,omitempty"`
	// How metrics are exposed. Absent: not at all.
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`
	// Liveness probe.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// How messages are traced. Absent: not at all.
	Tracing *Tracing `json:"tracing,omitempty"`
	// Changes to the generated objects.
	Template *KafkaBridgeTemplate `json:"template,omitempty"`
}

// BridgeHTTP says where HTTP clients connect.
type BridgeHTTP struct {
	// Port. Default: 8080.
	//
	// +kubebuilder:validation:Minimum=1023
	Port *int32 `json:"port,omitempty"`
	// TLS. Absent: plain HTTP.
	TLS *BridgeHTTPTLS `json:"tls,omitempty"`
	// Web pages of which origins may use the bridge. Absent: none.
	CORS *BridgeCORS `json:"cors,omitempty"`
}

// BridgeHTTPTLS says with which certificate the bridge answers.
type BridgeHTTPTLS struct {
	// Server certificate and key.
	CertificateAndKey CertAndKeySecretSource `json:"certificateAndKey"`
	// Options `ssl.enabled.cipher.suites` and `ssl.enabled.protocols`.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// BridgeCORS says which web pages may use the bridge.
type BridgeCORS struct {
	// Origins, as URLs or Java regular expressions.
	AllowedOrigins []string `json:"allowedOrigins"`
	// HTTP methods.
	AllowedMethods []string `json:"allowedMethods"`
}

// BridgeAdminClient configures the client that asks about topics.
type BridgeAdminClient struct {
	// Kafka admin client options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// BridgeConsumer configures the consumers.
type BridgeConsumer struct {
	// Whether consuming is possible. Default: true.
	Enabled *bool `json:"enabled,omitempty"`
	// Seconds after which a consumer nobody uses is deleted. Default: -1, never.
	TimeoutSeconds *int64 `json:"timeoutSeconds,omitempty"`
	// Kafka consumer options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// BridgeProducer configures the producers.
type BridgeProducer struct {
	// Whether producing is possible. Default: true.
	Enabled *bool `json:"enabled,omitempty"`
	// Kafka producer options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// KafkaBridgeTemplate changes the objects generated for a bridge.
type KafkaBridgeTemplate struct {
	// Deployment.
	Deployment *DeploymentTemplate `json:"deployment,omitempty"`
	// Pod.
	Pod *PodTemplate `json:"pod,omitempty"`
	// Service of the REST API.
	APIService *ServiceTemplate `json:"apiService,omitempty"`
	// PodDisruptionBudget.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
	// Container.
	BridgeContainer *ContainerTemplate `json:"bridgeContainer,omitempty"`
	// Container that looks up the rack.
	InitContainer *ContainerTemplate `json:"initContainer,omitempty"`
	// ServiceAccount.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
	// ClusterRoleBinding of the init container.
	ClusterRoleBinding *ResourceTemplate `json:"clusterRoleBinding,omitempty"`
}

// KafkaBridgeStatus is what the operator last saw of a bridge.
type KafkaBridgeStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// URL of the REST API, inside the Kubernetes cluster.
	URL string `json:"url,omitempty"`
	// Number of pods.
	//
	// +optional
	Replicas int32 `json:"replicas"`
	// Selector of the pods: `key=value`, separated by commas.
	LabelSelector string `json:"labelSelector,omitempty"`
}
