package v1

// KafkaAuthorizationType is a way to decide who may do what.
//
// +kubebuilder:validation:Enum=simple;custom
type KafkaAuthorizationType string

// The ways to decide who may do what.
const (
	// KafkaAuthorizationSimple uses Kafka's own access control lists.
	KafkaAuthorizationSimple KafkaAuthorizationType = "simple"
	// KafkaAuthorizationCustom uses a class of the user's.
	KafkaAuthorizationCustom KafkaAuthorizationType = "custom"
)

// KafkaAuthorization says who may do what.
type KafkaAuthorization struct {
	// Kind of authorization.
	Type KafkaAuthorizationType `json:"type"`
	// Names of users who may do everything, such as `CN=admin` for one with a certificate and `admin` for one with a password.
	SuperUsers []string `json:"superUsers,omitzero"`
	// Java class that decides. Only with `type: custom`.
	AuthorizerClass string `json:"authorizerClass,omitempty"`
	// Whether that class keeps access control lists that the Admin API can change. Default: false.
	SupportsAdminAPI *bool `json:"supportsAdminApi,omitempty"`
}

// TieredStorageType is a way to keep old log segments elsewhere.
//
// +kubebuilder:validation:Enum=custom
type TieredStorageType string

// TieredStorageCustom uses a remote storage manager of the user's.
const TieredStorageCustom TieredStorageType = "custom"

// TieredStorage says where old log segments go.
type TieredStorage struct {
	// Kind of tiered storage.
	Type TieredStorageType `json:"type"`
	// The plugin that stores segments.
	RemoteStorageManager *RemoteStorageManager `json:"remoteStorageManager,omitempty"`
}

// RemoteStorageManager is the plugin that stores old log segments.
type RemoteStorageManager struct {
	// Java class.
	ClassName string `json:"className,omitempty"`
	// Where its classes are.
	ClassPath string `json:"classPath,omitempty"`
	// Its options, without prefix.
	Config map[string]string `json:"config,omitzero"`
}

// QuotasType is a way to limit what clients may use.
//
// +kubebuilder:validation:Enum=kafka;strimzi
type QuotasType string

// The ways to limit what clients may use.
const (
	// QuotasKafka sets Kafka's default user quota: limits for each user.
	QuotasKafka QuotasType = "kafka"
	// QuotasStrimzi uses the quota plugin: limits for the whole broker, and for free space on its volumes.
	QuotasStrimzi QuotasType = "strimzi"
)

// Quotas limits what clients may use.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'strimzi' || !has(self.minAvailableBytesPerVolume) || !has(self.minAvailableRatioPerVolume)",message="either minAvailableBytesPerVolume or minAvailableRatioPerVolume can be set, not both"
type Quotas struct {
	// Kind of quotas.
	Type QuotasType `json:"type"`
	// Bytes per second that producers may send.
	//
	// +kubebuilder:validation:Minimum=0
	ProducerByteRate *int64 `json:"producerByteRate,omitempty"`
	// Bytes per second that consumers may fetch.
	//
	// +kubebuilder:validation:Minimum=0
	ConsumerByteRate *int64 `json:"consumerByteRate,omitempty"`
	// Percentage of the request and network threads' time. Only with `type: kafka`.
	//
	// +kubebuilder:validation:Minimum=0
	RequestPercentage *int32 `json:"requestPercentage,omitempty"`
	// Partitions created or deleted per second. Only with `type: kafka`.
	//
	// +kubebuilder:validation:Minimum=0
	ControllerMutationRate *float64 `json:"controllerMutationRate,omitempty"`
	// Producers stop when a volume has fewer bytes left. Only with `type: strimzi`; excludes the ratio.
	//
	// +kubebuilder:validation:Minimum=0
	MinAvailableBytesPerVolume *int64 `json:"minAvailableBytesPerVolume,omitempty"`
	// Producers stop when a volume has a smaller share left. Only with `type: strimzi`; excludes the bytes.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1
	MinAvailableRatioPerVolume *float64 `json:"minAvailableRatioPerVolume,omitempty"`
	// Principals without limits. Only with `type: strimzi`.
	ExcludedPrincipals []string `json:"excludedPrincipals,omitzero"`
}
