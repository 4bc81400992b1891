package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kafka is a Kafka cluster. Its nodes are declared by the KafkaNodePools that carry the cluster's name as a label.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkas,shortName=k,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the cluster is ready",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Warnings",type=string,description="Whether there are warnings",JSONPath=`.status.conditions[?(@.type=="Warning")].status`
// +kubebuilder:printcolumn:name="Kafka version",type=string,description="Kafka version the cluster runs",JSONPath=`.status.kafkaVersion`
// +kubebuilder:printcolumn:name="Metadata version",type=string,description="Metadata version the cluster runs",JSONPath=`.status.kafkaMetadataVersion`
type Kafka struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the cluster should be.
	Spec KafkaSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaStatus `json:"status,omitzero"`
}

// KafkaList is a list of Kafka clusters.
//
// +kubebuilder:object:root=true
type KafkaList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The clusters.
	Items []Kafka `json:"items"`
}

// KafkaSpec is a wanted Kafka cluster and the components that belong to it.
type KafkaSpec struct {
	// What all nodes have in common.
	Kafka KafkaClusterSpec `json:"kafka"`
	// The topic and user operators. Absent: neither runs.
	EntityOperator *EntityOperatorSpec `json:"entityOperator,omitempty"`
	// The authority that signs the certificates of nodes and components.
	ClusterCA *CertificateAuthority `json:"clusterCa,omitempty"`
	// The authority that signs the certificates of users.
	ClientsCA *CertificateAuthority `json:"clientsCa,omitempty"`
	// Cruise Control, which moves partitions between brokers. Absent: it does not run.
	CruiseControl *CruiseControlSpec `json:"cruiseControl,omitempty"`
	// The exporter of consumer lag and topic metrics. Absent: it does not run.
	KafkaExporter *KafkaExporterSpec `json:"kafkaExporter,omitempty"`
	// Cron expressions (UTC) of the times at which certificates may be renewed. Default: at any time.
	MaintenanceTimeWindows []string `json:"maintenanceTimeWindows,omitzero"`
}

// KafkaClusterSpec is what all nodes of a cluster have in common.
type KafkaClusterSpec struct {
	// Kafka version. Default: the operator's newest.
	Version string `json:"version,omitempty"`
	// Metadata version, such as `4.3` or `4.3-IV0`. Default: the one that belongs to `version`.
	MetadataVersion string `json:"metadataVersion,omitempty"`
	// Container image of the nodes. Default: the operator's image for `version`.
	Image string `json:"image,omitempty"`
	// Where clients connect.
	//
	// +kubebuilder:validation:MinItems=1
	Listeners []Listener `json:"listeners"`
	// Kafka options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
	// Who may do what. Absent: everybody may do everything.
	Authorization *KafkaAuthorization `json:"authorization,omitempty"`
	// How brokers learn the rack they run in.
	Rack *Rack `json:"rack,omitempty"`
	// Image of the init container that looks up rack and node address.
	BrokerRackInitImage string `json:"brokerRackInitImage,omitempty"`
	// Liveness probe of the nodes.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe of the nodes.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// JVM options of pools that have none.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
	// Remote JMX access. Absent: closed.
	JmxOptions *JmxOptions `json:"jmxOptions,omitempty"`
	// How metrics are exposed. Absent: not at all.
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`
	// Log levels.
	Logging *Logging `json:"logging,omitempty"`
	// Changes to the generated objects. A pool's template replaces a member as a whole.
	Template *KafkaClusterTemplate `json:"template,omitempty"`
	// Where old log segments go. Absent: they stay on the brokers.
	TieredStorage *TieredStorage `json:"tieredStorage,omitempty"`
	// Limits on what clients may use.
	Quotas *Quotas `json:"quotas,omitempty"`
}

// KafkaClusterTemplate changes the objects generated for the nodes of a cluster.
type KafkaClusterTemplate struct {
	// Pods of the nodes.
	Pod *PodSetPodTemplate `json:"pod,omitempty"`
	// Bootstrap Service inside the Kubernetes cluster.
	BootstrapService *ServiceTemplate `json:"bootstrapService,omitempty"`
	// Headless Service of the nodes.
	BrokersService *ServiceTemplate `json:"brokersService,omitempty"`
	// Bootstrap Services of external listeners.
	ExternalBootstrapService *ResourceTemplate `json:"externalBootstrapService,omitempty"`
	// Services of single brokers.
	PerPodService *ResourceTemplate `json:"perPodService,omitempty"`
	// Bootstrap Routes.
	ExternalBootstrapRoute *ResourceTemplate `json:"externalBootstrapRoute,omitempty"`
	// Routes of single brokers.
	PerPodRoute *ResourceTemplate `json:"perPodRoute,omitempty"`
	// Bootstrap Ingresses.
	ExternalBootstrapIngress *ResourceTemplate `json:"externalBootstrapIngress,omitempty"`
	// Ingresses of single brokers.
	PerPodIngress *ResourceTemplate `json:"perPodIngress,omitempty"`
	// Volume claims of the nodes.
	PersistentVolumeClaim *ResourceTemplate `json:"persistentVolumeClaim,omitempty"`
	// PodDisruptionBudget of the nodes.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
	// Container that runs Kafka.
	KafkaContainer *ContainerTemplate `json:"kafkaContainer,omitempty"`
	// Container that looks up rack and node address.
	InitContainer *ContainerTemplate `json:"initContainer,omitempty"`
	// Secret with the certificate of the cluster CA.
	ClusterCACert *ResourceTemplate `json:"clusterCaCert,omitempty"`
	// ServiceAccount of the nodes.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
	// Secret with the JMX credentials.
	JmxSecret *ResourceTemplate `json:"jmxSecret,omitempty"`
	// ClusterRoleBinding of the init container.
	ClusterRoleBinding *ResourceTemplate `json:"clusterRoleBinding,omitempty"`
	// StrimziPodSets of the pools.
	PodSet *ResourceTemplate `json:"podSet,omitempty"`
}

// KafkaStatus is what the operator last saw of a cluster.
type KafkaStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Addresses of the listeners.
	Listeners []ListenerStatus `json:"listeners,omitzero"`
	// Node pools of the cluster, by name.
	KafkaNodePools []UsedNodePool `json:"kafkaNodePools,omitzero"`
	// Kafka's cluster id.
	ClusterID string `json:"clusterId,omitempty"`
	// Version of the operator that last reconciled the cluster without an error.
	OperatorLastSuccessfulVersion string `json:"operatorLastSuccessfulVersion,omitempty"`
	// Kafka version all nodes run.
	KafkaVersion string `json:"kafkaVersion,omitempty"`
	// Metadata version the cluster has finalized.
	KafkaMetadataVersion string `json:"kafkaMetadataVersion,omitempty"`
	// Progress of the automatic rebalance after scaling.
	AutoRebalance *AutoRebalanceStatus `json:"autoRebalance,omitempty"`
	// How nodes and components protect the traffic among themselves.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	ClusterSecurity FreeForm `json:"clusterSecurity,omitzero"`
}

// UsedNodePool names a node pool of a cluster.
type UsedNodePool struct {
	// Name of the KafkaNodePool.
	Name string `json:"name,omitempty"`
}

// ListenerStatus tells how a listener is reached.
type ListenerStatus struct {
	// Name of the listener.
	Name string `json:"name,omitempty"`
	// Addresses of the bootstrap endpoint.
	Addresses []ListenerAddress `json:"addresses,omitzero"`
	// The addresses as clients want them: `host:port`, separated by commas.
	BootstrapServers string `json:"bootstrapServers,omitempty"`
	// Certificates (PEM) a client must trust. Only with TLS.
	Certificates []string `json:"certificates,omitzero"`
}

// ListenerAddress is one address of a listener.
type ListenerAddress struct {
	// DNS name or IP address.
	Host string `json:"host,omitempty"`
	// Port.
	Port *int32 `json:"port,omitempty"`
}

// AutoRebalanceState is where the automatic rebalance stands.
//
// +kubebuilder:validation:Enum=Idle;RebalanceOnScaleDown;RebalanceOnScaleUp
type AutoRebalanceState string

// The states of the automatic rebalance.
const (
	// AutoRebalanceIdle: nothing to do.
	AutoRebalanceIdle AutoRebalanceState = "Idle"
	// AutoRebalanceOnScaleDown: brokers about to go are being emptied.
	AutoRebalanceOnScaleDown AutoRebalanceState = "RebalanceOnScaleDown"
	// AutoRebalanceOnScaleUp: new brokers are being filled.
	AutoRebalanceOnScaleUp AutoRebalanceState = "RebalanceOnScaleUp"
)

// AutoRebalanceStatus is the progress of the automatic rebalance.
type AutoRebalanceStatus struct {
	// Current state.
	State AutoRebalanceState `json:"state,omitempty"`
	// Time of the last change of `state`, ISO 8601 in UTC.
	LastTransitionTime string `json:"lastTransitionTime,omitempty"`
	// Work queued for each mode.
	Modes []AutoRebalanceStatusMode `json:"modes,omitzero"`
}

// AutoRebalanceStatusMode lists the brokers of a queued or running rebalance.
type AutoRebalanceStatusMode struct {
	// Kind of rebalance.
	Mode AutoRebalanceMode `json:"mode,omitempty"`
	// Ids of the brokers that are added or removed.
	Brokers []int32 `json:"brokers,omitzero"`
}
