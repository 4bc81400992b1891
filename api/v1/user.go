package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KafkaUser is a user of the Kafka cluster its label strimzi.io/cluster names.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kafkausers,shortName=ku,categories=strimzi
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Cluster",type=string,description="Kafka cluster it belongs to",JSONPath=`.metadata.labels.strimzi\.io/cluster`
// +kubebuilder:printcolumn:name="Authentication",type=string,description="How the user proves who it is",JSONPath=`.spec.authentication.type`
// +kubebuilder:printcolumn:name="Authorization",type=string,description="How is decided what it may do",JSONPath=`.spec.authorization.type`
// +kubebuilder:printcolumn:name="Ready",type=string,description="Whether the user is as wanted",JSONPath=`.status.conditions[?(@.type=="Ready")].status`
type KafkaUser struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the user should be.
	Spec KafkaUserSpec `json:"spec"`
	// What the operator last saw.
	Status KafkaUserStatus `json:"status,omitzero"`
}

// KafkaUserList is a list of users.
//
// +kubebuilder:object:root=true
type KafkaUserList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	// The users.
	Items []KafkaUser `json:"items"`
}

// KafkaUserSpec is a wanted user.
type KafkaUserSpec struct {
	// How the user proves who it is. Absent: no credentials are made.
	Authentication *UserAuthentication `json:"authentication,omitempty"`
	// What the user may do. Absent: no access control lists are kept.
	Authorization *UserAuthorization `json:"authorization,omitempty"`
	// Limits on what the user may use. Absent: none.
	Quotas *UserQuotas `json:"quotas,omitempty"`
	// Changes to the generated objects.
	Template *KafkaUserTemplate `json:"template,omitempty"`
}

// UserAuthenticationType is a way a user proves who it is.
//
// +kubebuilder:validation:Enum=tls;tls-external;scram-sha-512
type UserAuthenticationType string

// The ways a user can prove who it is.
const (
	// UserAuthenticationTLS uses a client certificate, which is issued into a Secret.
	UserAuthenticationTLS UserAuthenticationType = "tls"
	// UserAuthenticationTLSExternal uses a client certificate that somebody else issues.
	UserAuthenticationTLSExternal UserAuthenticationType = "tls-external"
	// UserAuthenticationScramSha512 uses SASL SCRAM-SHA-512, with the password in a Secret.
	UserAuthenticationScramSha512 UserAuthenticationType = "scram-sha-512"
)

// UserAuthentication says how a user proves who it is.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'tls' || (!has(self.validityDays) && !has(self.renewalDays))",message="'validityDays' and 'renewalDays' can be configured only with 'type: tls'"
// +kubebuilder:validation:XValidation:rule="self.type != 'tls' || (has(self.renewalDays) == has(self.validityDays))",message="Both 'validityDays' and 'renewalDays' must be set together, or both must be unset."
// +kubebuilder:validation:XValidation:rule="self.type != 'tls' || !has(self.renewalDays) || !has(self.validityDays) || self.renewalDays < self.validityDays",message="'renewalDays' must be less than 'validityDays'."
type UserAuthentication struct {
	// Kind of authentication.
	Type UserAuthenticationType `json:"type"`
	// Days the certificate is valid. Only with `type: tls`. Default: as for the clients CA.
	//
	// +kubebuilder:validation:Minimum=1
	ValidityDays *int32 `json:"validityDays,omitempty"`
	// Days before its end at which the certificate is renewed. Only with `type: tls`. Default: as for the clients CA.
	//
	// +kubebuilder:validation:Minimum=1
	RenewalDays *int32 `json:"renewalDays,omitempty"`
	// The password. Only with `type: scram-sha-512`. Absent: one is made.
	Password *UserPassword `json:"password,omitempty"`
}

// UserPassword is a password that was not made by the operator.
type UserPassword struct {
	// Where the password is.
	ValueFrom SecretKeySource `json:"valueFrom"`
}

// UserAuthorizationType is a way to say what a user may do.
//
// +kubebuilder:validation:Enum=simple
type UserAuthorizationType string

// UserAuthorizationSimple uses Kafka's own access control lists.
const UserAuthorizationSimple UserAuthorizationType = "simple"

// UserAuthorization says what a user may do.
type UserAuthorization struct {
	// Kind of authorization.
	Type UserAuthorizationType `json:"type"`
	// What is allowed and denied.
	ACLs []ACLRule `json:"acls"`
}

// ACLRuleType says whether a rule allows or denies.
//
// +kubebuilder:validation:Enum=allow;deny
type ACLRuleType string

// What a rule does.
const (
	// ACLAllow allows. The default.
	ACLAllow ACLRuleType = "allow"
	// ACLDeny denies, whatever other rules allow.
	ACLDeny ACLRuleType = "deny"
)

// ACLOperation is something a user does with a resource.
//
// +kubebuilder:validation:Enum=Read;Write;Create;Delete;Alter;Describe;ClusterAction;AlterConfigs;DescribeConfigs;IdempotentWrite;All
type ACLOperation string

// ACLRule allows or denies operations on a resource.
type ACLRule struct {
	// Whether it allows or denies. Default: allow.
	Type ACLRuleType `json:"type,omitempty"`
	// On what.
	Resource ACLResource `json:"resource"`
	// Address the user comes from. Default: `*`, everywhere.
	Host string `json:"host,omitempty"`
	// Which operations.
	Operations []ACLOperation `json:"operations"`
}

// ACLResourceType is a kind of resource of Kafka's.
//
// +kubebuilder:validation:Enum=topic;group;cluster;transactionalId
type ACLResourceType string

// The kinds of resources.
const (
	// ACLTopic is a topic.
	ACLTopic ACLResourceType = "topic"
	// ACLGroup is a consumer group.
	ACLGroup ACLResourceType = "group"
	// ACLCluster is the whole cluster.
	ACLCluster ACLResourceType = "cluster"
	// ACLTransactionalID is a transactional id of a producer.
	ACLTransactionalID ACLResourceType = "transactionalId"
)

// ACLPatternType says what a resource's name means.
//
// +kubebuilder:validation:Enum=literal;prefix
type ACLPatternType string

// What a resource's name means.
const (
	// ACLLiteral is the whole name, or `*` for every name. The default.
	ACLLiteral ACLPatternType = "literal"
	// ACLPrefix is what names start with.
	ACLPrefix ACLPatternType = "prefix"
)

// ACLResource is what a rule is about.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'cluster' || has(self.name)",message="name is required with types topic, group and transactionalId"
type ACLResource struct {
	// Kind of resource.
	Type ACLResourceType `json:"type"`
	// Name, or what it starts with. Not with `type: cluster`.
	Name string `json:"name,omitempty"`
	// What `name` means. Not with `type: cluster`. Default: literal.
	PatternType ACLPatternType `json:"patternType,omitempty"`
}

// UserQuotas limits what a user may use of each broker.
type UserQuotas struct {
	// Bytes per second that the user may send. Default: no limit.
	//
	// +kubebuilder:validation:Minimum=0
	ProducerByteRate *int64 `json:"producerByteRate,omitempty"`
	// Bytes per second that the user may fetch. Default: no limit.
	//
	// +kubebuilder:validation:Minimum=0
	ConsumerByteRate *int64 `json:"consumerByteRate,omitempty"`
	// Percentage of the request and network threads' time. Default: no limit.
	//
	// +kubebuilder:validation:Minimum=0
	RequestPercentage *int32 `json:"requestPercentage,omitempty"`
	// Partitions created or deleted per second. Default: no limit.
	//
	// +kubebuilder:validation:Minimum=0
	ControllerMutationRate *float64 `json:"controllerMutationRate,omitempty"`
}

// KafkaUserTemplate changes the objects generated for a user.
type KafkaUserTemplate struct {
	// Secret with the credentials.
	Secret *ResourceTemplate `json:"secret,omitempty"`
}

// KafkaUserStatus is what the operator last saw of a user.
type KafkaUserStatus struct {
	// Readiness and warnings.
	Conditions []Condition `json:"conditions,omitzero"`
	// Generation of the resource this status belongs to.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`
	// Name in Kafka, such as `CN=my-user` with TLS.
	Username string `json:"username,omitempty"`
	// Name of the Secret with the credentials.
	Secret string `json:"secret,omitempty"`
}
