package v1

// JvmOptions are options of a Java process.
type JvmOptions struct {
	// Options of the form -XX, as names and values.
	XX map[string]string `json:"-XX,omitzero"`
	// Heap at the start, such as `512m`. Default: the same as -Xmx.
	//
	// +kubebuilder:validation:Pattern=`^[0-9]+[mMgG]?$`
	Xms string `json:"-Xms,omitempty"`
	// Largest heap, such as `2g`. Default: a share of the memory limit.
	//
	// +kubebuilder:validation:Pattern=`^[0-9]+[mMgG]?$`
	Xmx string `json:"-Xmx,omitempty"`
	// Whether garbage collections are logged. Default: false.
	GCLoggingEnabled *bool `json:"gcLoggingEnabled,omitempty"`
	// System properties.
	JavaSystemProperties []SystemProperty `json:"javaSystemProperties,omitzero"`
}

// SystemProperty is a Java system property.
type SystemProperty struct {
	// Name.
	Name string `json:"name,omitempty"`
	// Value.
	Value string `json:"value,omitempty"`
}

// Probe says how often and how patiently a container is asked whether it is well.
type Probe struct {
	// Seconds before the first question. Default: 15.
	//
	// +kubebuilder:validation:Minimum=0
	InitialDelaySeconds *int32 `json:"initialDelaySeconds,omitempty"`
	// Seconds to wait for an answer. Default: 5.
	//
	// +kubebuilder:validation:Minimum=1
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
	// Seconds between questions. Default: 10.
	//
	// +kubebuilder:validation:Minimum=1
	PeriodSeconds *int32 `json:"periodSeconds,omitempty"`
	// Good answers in a row that end a failure. Default: 1.
	//
	// +kubebuilder:validation:Minimum=1
	SuccessThreshold *int32 `json:"successThreshold,omitempty"`
	// Bad answers in a row that make a failure. Default: 3.
	//
	// +kubebuilder:validation:Minimum=1
	FailureThreshold *int32 `json:"failureThreshold,omitempty"`
}

// RackType is a way to learn the rack a process runs in.
//
// +kubebuilder:validation:Enum=topology-label;environment-variable
type RackType string

// The ways to learn the rack.
const (
	// RackTopologyLabel reads a label of the Kubernetes node. The default.
	RackTopologyLabel RackType = "topology-label"
	// RackEnvironmentVariable reads an environment variable of the container.
	RackEnvironmentVariable RackType = "environment-variable"
)

// Rack says how a process learns the rack it runs in.
//
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type != \"topology-label\") || self.topologyKey != \"\"",message="topologyKey property is required"
// +kubebuilder:validation:XValidation:rule="has(self.type) == false || self.type != \"environment-variable\" || self.envVarName != \"\"",message="envVarName property is required"
type Rack struct {
	// Where the rack's name comes from. Default: topology-label.
	Type RackType `json:"type,omitempty"`
	// Label of the Kubernetes node. Only with `type: topology-label`.
	TopologyKey string `json:"topologyKey,omitempty"`
	// Environment variable. Only with `type: environment-variable`.
	EnvVarName string `json:"envVarName,omitempty"`
}

// LoggingType is a way to give log levels.
//
// +kubebuilder:validation:Enum=inline;external
type LoggingType string

// The ways to give log levels.
const (
	// LoggingInline lists loggers and levels.
	LoggingInline LoggingType = "inline"
	// LoggingExternal takes a complete Log4j configuration from a ConfigMap.
	LoggingExternal LoggingType = "external"
)

// Logging gives log levels.
type Logging struct {
	// Where the levels come from.
	Type LoggingType `json:"type"`
	// Loggers and their levels, or other options of the configuration. Only with `type: inline`.
	Loggers map[string]string `json:"loggers,omitzero"`
	// Where the configuration is. Only with `type: external`.
	ValueFrom *ExternalConfig `json:"valueFrom,omitempty"`
}

// MetricsConfigType is a way to expose metrics.
//
// +kubebuilder:validation:Enum=jmxPrometheusExporter;strimziMetricsReporter
type MetricsConfigType string

// The ways to expose metrics.
const (
	// MetricsJmxPrometheusExporter translates JMX beans by rules from a ConfigMap.
	MetricsJmxPrometheusExporter MetricsConfigType = "jmxPrometheusExporter"
	// MetricsStrimziReporter exposes Kafka's metrics under Prometheus names.
	MetricsStrimziReporter MetricsConfigType = "strimziMetricsReporter"
)

// MetricsConfig says how metrics are exposed to Prometheus.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'jmxPrometheusExporter' || has(self.valueFrom)",message="valueFrom property is required"
type MetricsConfig struct {
	// How metrics are exposed.
	Type MetricsConfigType `json:"type"`
	// Where the rules are. Only with `type: jmxPrometheusExporter`.
	ValueFrom *ExternalConfig `json:"valueFrom,omitempty"`
	// Options of the reporter. Only with `type: strimziMetricsReporter`.
	Values *MetricsReporterValues `json:"values,omitempty"`
}

// MetricsReporterValues are options of the metrics reporter.
type MetricsReporterValues struct {
	// Metrics to expose, as regular expressions. Default: all.
	AllowList []string `json:"allowList,omitzero"`
}

// JmxOptions opens the JMX port.
type JmxOptions struct {
	// Who may connect. Absent: everybody.
	Authentication *JmxAuthentication `json:"authentication,omitempty"`
}

// JmxAuthenticationType is a way to prove who connects to the JMX port.
//
// +kubebuilder:validation:Enum=password
type JmxAuthenticationType string

// JmxAuthenticationPassword uses a generated user name and password.
const JmxAuthenticationPassword JmxAuthenticationType = "password"

// JmxAuthentication says who may connect to the JMX port.
type JmxAuthentication struct {
	// Kind of authentication.
	Type JmxAuthenticationType `json:"type"`
}

// ExternalConfig is a text kept in a ConfigMap.
type ExternalConfig struct {
	// Key of the ConfigMap.
	ConfigMapKeyRef *KeySelector `json:"configMapKeyRef,omitempty"`
}

// KeySelector names a key of a ConfigMap or Secret in the same namespace.
type KeySelector struct {
	// Name of the ConfigMap or Secret.
	Name string `json:"name,omitempty"`
	// Key.
	Key string `json:"key,omitempty"`
	// Whether it may be missing. Default: false.
	Optional *bool `json:"optional,omitempty"`
}
