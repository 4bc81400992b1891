package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// EntityOperatorSpec is the pod of the topic and user operators.
type EntityOperatorSpec struct {
	// The topic operator. Absent: it does not run.
	TopicOperator *TopicOperatorSpec `json:"topicOperator,omitempty"`
	// The user operator. Absent: it does not run.
	UserOperator *UserOperatorSpec `json:"userOperator,omitempty"`
	// Changes to the generated objects.
	Template *EntityOperatorTemplate `json:"template,omitempty"`
}

// EntityOperatorContainer is what the topic and user operators have in common.
type EntityOperatorContainer struct {
	// Namespace of the resources it watches. Default: that of the cluster.
	WatchedNamespace string `json:"watchedNamespace,omitempty"`
	// Container image. Default: the operator's.
	Image string `json:"image,omitempty"`
	// Milliseconds between full reconciliations. Default: 120000.
	//
	// +kubebuilder:validation:Minimum=0
	ReconciliationIntervalMs *int64 `json:"reconciliationIntervalMs,omitempty"`
	// Liveness probe.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// CPU and memory.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Log levels.
	Logging *Logging `json:"logging,omitempty"`
	// JVM options.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
}

// TopicOperatorSpec is the operator of KafkaTopics.
type TopicOperatorSpec struct {
	EntityOperatorContainer `json:",inline"`
	// Startup probe.
	StartupProbe *Probe `json:"startupProbe,omitempty"`
}

// UserOperatorSpec is the operator of KafkaUsers.
type UserOperatorSpec struct {
	EntityOperatorContainer `json:",inline"`
	// What the names of users' Secrets start with. Default: nothing.
	SecretPrefix string `json:"secretPrefix,omitempty"`
}

// EntityOperatorTemplate changes the objects generated for the topic and user operators.
type EntityOperatorTemplate struct {
	// Deployment.
	Deployment *DeploymentTemplate `json:"deployment,omitempty"`
	// Pod.
	Pod *PodTemplate `json:"pod,omitempty"`
	// Container of the topic operator.
	TopicOperatorContainer *ContainerTemplate `json:"topicOperatorContainer,omitempty"`
	// Container of the user operator.
	UserOperatorContainer *ContainerTemplate `json:"userOperatorContainer,omitempty"`
	// ServiceAccount.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
	// PodDisruptionBudget.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
	// Roles.
	EntityOperatorRole *ResourceTemplate `json:"entityOperatorRole,omitempty"`
	// RoleBinding of the topic operator.
	TopicOperatorRoleBinding *ResourceTemplate `json:"topicOperatorRoleBinding,omitempty"`
	// RoleBinding of the user operator.
	UserOperatorRoleBinding *ResourceTemplate `json:"userOperatorRoleBinding,omitempty"`
}

// CruiseControlSpec is the Cruise Control of a cluster.
type CruiseControlSpec struct {
	// Container image. Default: the operator's.
	Image string `json:"image,omitempty"`
	// CPU and memory.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Liveness probe.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// JVM options.
	JvmOptions *JvmOptions `json:"jvmOptions,omitempty"`
	// Log levels.
	Logging *Logging `json:"logging,omitempty"`
	// Changes to the generated objects.
	Template *CruiseControlTemplate `json:"template,omitempty"`
	// What each broker can bear.
	BrokerCapacity *BrokerCapacity `json:"brokerCapacity,omitempty"`
	// Cruise Control options, except those the operator sets itself.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
	// How metrics are exposed. Absent: not at all.
	//
	// +kubebuilder:validation:XValidation:rule="self.type != 'strimziMetricsReporter'",message="value type not supported"
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`
	// Further users of its REST API.
	APIUsers *CruiseControlAPIUsers `json:"apiUsers,omitempty"`
	// When to rebalance without being asked. Absent: never.
	//
	// +kubebuilder:validation:MinItems=1
	AutoRebalance []AutoRebalance `json:"autoRebalance,omitzero"`
}

// CruiseControlTemplate changes the objects generated for Cruise Control.
type CruiseControlTemplate struct {
	// Deployment.
	Deployment *DeploymentTemplate `json:"deployment,omitempty"`
	// Pod.
	Pod *PodTemplate `json:"pod,omitempty"`
	// Service of the REST API.
	APIService *ServiceTemplate `json:"apiService,omitempty"`
	// PodDisruptionBudget.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
	// Container.
	CruiseControlContainer *ContainerTemplate `json:"cruiseControlContainer,omitempty"`
	// ServiceAccount.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
}

// CapacityLimits is what a broker can bear.
type CapacityLimits struct {
	// CPU cores, such as `2`, `1.5` or `1500m`. Default: the pod's CPU request or limit.
	//
	// +kubebuilder:validation:Pattern=`^[0-9]+([.][0-9]{0,3}|[m]?)$`
	CPU string `json:"cpu,omitempty"`
	// Bytes per second in, such as `10000KiB/s`. Default: 10000KiB/s.
	//
	// +kubebuilder:validation:Pattern=`^[0-9]+([KMG]i?)?B/s$`
	InboundNetwork string `json:"inboundNetwork,omitempty"`
	// Bytes per second out, such as `10000KiB/s`. Default: 10000KiB/s.
	//
	// +kubebuilder:validation:Pattern=`^[0-9]+([KMG]i?)?B/s$`
	OutboundNetwork string `json:"outboundNetwork,omitempty"`
}

// BrokerCapacity is what the brokers can bear.
type BrokerCapacity struct {
	CapacityLimits `json:",inline"`
	// Brokers that differ.
	Overrides []BrokerCapacityOverride `json:"overrides,omitzero"`
}

// BrokerCapacityOverride is what some brokers can bear.
type BrokerCapacityOverride struct {
	CapacityLimits `json:",inline"`
	// Ids of the brokers.
	Brokers []int32 `json:"brokers"`
}

// CruiseControlAPIUsersType is a format of Cruise Control's list of users.
//
// +kubebuilder:validation:Enum=hashLoginService
type CruiseControlAPIUsersType string

// CruiseControlHashLoginService is Jetty's format: `name: password,ROLE`, one a line.
const CruiseControlHashLoginService CruiseControlAPIUsersType = "hashLoginService"

// CruiseControlAPIUsers lists further users of Cruise Control's REST API.
type CruiseControlAPIUsers struct {
	// Format of the list.
	Type CruiseControlAPIUsersType `json:"type"`
	// Where the list is.
	ValueFrom SecretKeySource `json:"valueFrom"`
}

// AutoRebalanceMode is an occasion for a rebalance.
//
// +kubebuilder:validation:Enum=add-brokers;remove-brokers
type AutoRebalanceMode string

// The occasions for a rebalance.
const (
	// AutoRebalanceAddBrokers fills new brokers.
	AutoRebalanceAddBrokers AutoRebalanceMode = "add-brokers"
	// AutoRebalanceRemoveBrokers empties brokers before they go.
	AutoRebalanceRemoveBrokers AutoRebalanceMode = "remove-brokers"
)

// AutoRebalance asks for a rebalance on an occasion.
type AutoRebalance struct {
	// The occasion.
	Mode AutoRebalanceMode `json:"mode"`
	// KafkaRebalance, marked as a template, to copy the settings from.
	Template *corev1.LocalObjectReference `json:"template,omitempty"`
}

// KafkaExporterSpec is the exporter of consumer lag and topic metrics.
type KafkaExporterSpec struct {
	// Container image. Default: the operator's.
	Image string `json:"image,omitempty"`
	// Consumer groups to export, as a regular expression. Default: `.*`.
	GroupRegex string `json:"groupRegex,omitempty"`
	// Topics to export, as a regular expression. Default: `.*`.
	TopicRegex string `json:"topicRegex,omitempty"`
	// Consumer groups not to export, as a regular expression. Default: none.
	GroupExcludeRegex string `json:"groupExcludeRegex,omitempty"`
	// Topics not to export, as a regular expression. Default: none.
	TopicExcludeRegex string `json:"topicExcludeRegex,omitempty"`
	// CPU and memory.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Log level. Default: info.
	Logging string `json:"logging,omitempty"`
	// Liveness probe.
	LivenessProbe *Probe `json:"livenessProbe,omitempty"`
	// Readiness probe.
	ReadinessProbe *Probe `json:"readinessProbe,omitempty"`
	// Whether the Kafka client logs too. Default: false.
	EnableSaramaLogging *bool `json:"enableSaramaLogging,omitempty"`
	// Whether offsets of groups without members are exported. Default: true.
	ShowAllOffsets *bool `json:"showAllOffsets,omitempty"`
	// Changes to the generated objects.
	Template *KafkaExporterTemplate `json:"template,omitempty"`
}

// KafkaExporterTemplate changes the objects generated for the exporter.
type KafkaExporterTemplate struct {
	// Deployment.
	Deployment *DeploymentTemplate `json:"deployment,omitempty"`
	// Pod.
	Pod *PodTemplate `json:"pod,omitempty"`
	// Container.
	Container *ContainerTemplate `json:"container,omitempty"`
	// ServiceAccount.
	ServiceAccount *ResourceTemplate `json:"serviceAccount,omitempty"`
	// PodDisruptionBudget.
	PodDisruptionBudget *PodDisruptionBudgetTemplate `json:"podDisruptionBudget,omitempty"`
}
