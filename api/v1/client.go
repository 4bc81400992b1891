package v1

// KafkaClient says how a component connects to a Kafka cluster.
type KafkaClient struct {
	// Where the cluster is: `host:port`, separated by commas.
	BootstrapServers string `json:"bootstrapServers"`
	// TLS, and whom to trust. Absent: no TLS.
	TLS *ClientTLS `json:"tls,omitempty"`
	// How the component proves who it is. Absent: not at all.
	Authentication *ClientAuthentication `json:"authentication,omitempty"`
}

// ClientTLS says whom a component trusts.
type ClientTLS struct {
	// Certificates to trust. Default: those that the Java runtime trusts.
	TrustedCertificates []TrustedCertificate `json:"trustedCertificates,omitzero"`
}

// TrustedCertificate names certificates in a Secret of the same namespace: one by its key, or many by a pattern.
//
// +kubebuilder:validation:XValidation:rule="has(self.certificate) != has(self.pattern)",message="either certificate or pattern is required, and not both"
type TrustedCertificate struct {
	// Name of the Secret.
	SecretName string `json:"secretName"`
	// Key of the Secret that holds the certificate (PEM).
	Certificate string `json:"certificate,omitempty"`
	// Keys of the Secret that hold certificates, as a glob such as `*.crt`.
	Pattern string `json:"pattern,omitempty"`
}

// ClientAuthenticationType is a way a component proves who it is.
//
// +kubebuilder:validation:Enum=tls;scram-sha-256;scram-sha-512;plain;custom
type ClientAuthenticationType string

// The ways a component can prove who it is.
const (
	// ClientAuthenticationTLS uses a client certificate.
	ClientAuthenticationTLS ClientAuthenticationType = "tls"
	// ClientAuthenticationScramSha256 uses SASL SCRAM-SHA-256.
	ClientAuthenticationScramSha256 ClientAuthenticationType = "scram-sha-256"
	// ClientAuthenticationScramSha512 uses SASL SCRAM-SHA-512.
	ClientAuthenticationScramSha512 ClientAuthenticationType = "scram-sha-512"
	// ClientAuthenticationPlain uses SASL PLAIN.
	ClientAuthenticationPlain ClientAuthenticationType = "plain"
	// ClientAuthenticationCustom uses what `config` says.
	ClientAuthenticationCustom ClientAuthenticationType = "custom"
)

// ClientAuthentication says how a component proves who it is.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'tls' || has(self.certificateAndKey)",message="certificateAndKey is required with type tls"
// +kubebuilder:validation:XValidation:rule="self.type == 'tls' || self.type == 'custom' || (has(self.username) && has(self.passwordSecret))",message="username and passwordSecret are required with types plain, scram-sha-256 and scram-sha-512"
type ClientAuthentication struct {
	// Kind of authentication.
	Type ClientAuthenticationType `json:"type"`
	// Client certificate and key. Only with `type: tls`.
	CertificateAndKey *CertAndKeySecretSource `json:"certificateAndKey,omitempty"`
	// User name. Only with `plain` and the `scram` types.
	Username string `json:"username,omitempty"`
	// Where the password is. Only with `plain` and the `scram` types.
	PasswordSecret *PasswordSecretSource `json:"passwordSecret,omitempty"`
	// Whether the connection uses SASL. Only with `type: custom`. Default: false.
	Sasl *bool `json:"sasl,omitempty"`
	// Kafka client options that start with `sasl.` or `ssl.keystore.`. Only with `type: custom`.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config FreeForm `json:"config,omitzero"`
}

// PasswordSecretSource names a password in a Secret of the same namespace.
type PasswordSecretSource struct {
	// Name of the Secret.
	SecretName string `json:"secretName"`
	// Key of the Secret that holds the password.
	Password string `json:"password"`
}

// TracingType is a way to record what happens to messages.
//
// +kubebuilder:validation:Enum=opentelemetry
type TracingType string

// TracingOpenTelemetry uses OpenTelemetry; environment variables say where traces go.
const TracingOpenTelemetry TracingType = "opentelemetry"

// Tracing says how a component records what happens to messages.
type Tracing struct {
	// Kind of tracing.
	Type TracingType `json:"type"`
}
