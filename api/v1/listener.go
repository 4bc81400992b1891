package v1

import (
	networkingv1 "k8s.io/api/networking/v1"
)

// ListenerType says how a listener is exposed.
//
// +kubebuilder:validation:Enum=internal;route;tlsroute;loadbalancer;nodeport;ingress;cluster-ip
type ListenerType string

// The ways a listener can be exposed.
const (
	// ListenerInternal is reached through the headless Service, inside the Kubernetes cluster.
	ListenerInternal ListenerType = "internal"
	// ListenerRoute is exposed through OpenShift Routes.
	ListenerRoute ListenerType = "route"
	// ListenerTLSRoute is exposed through TLSRoutes of the Gateway API.
	ListenerTLSRoute ListenerType = "tlsroute"
	// ListenerLoadBalancer is exposed through Services of type LoadBalancer.
	ListenerLoadBalancer ListenerType = "loadbalancer"
	// ListenerNodePort is exposed through Services of type NodePort.
	ListenerNodePort ListenerType = "nodeport"
	// ListenerIngress is exposed through Ingresses with TLS passthrough.
	ListenerIngress ListenerType = "ingress"
	// ListenerClusterIP is reached through one Service per broker, inside the Kubernetes cluster.
	ListenerClusterIP ListenerType = "cluster-ip"
)

// Listener is a port on which brokers serve clients.
//
// +kubebuilder:validation:XValidation:rule="self.tls || (self.type != 'route' && self.type != 'ingress')",message="listeners of types route and ingress need tls: true"
// +kubebuilder:validation:XValidation:rule="self.tls || !has(self.authentication) || self.authentication.type != 'tls'",message="authentication of type tls needs a listener with tls: true"
type Listener struct {
	// Name, unique within the cluster.
	//
	// +kubebuilder:validation:Pattern=`^[a-z0-9]{1,11}$`
	Name string `json:"name"`
	// Port inside the pods, unique within the cluster. Ports 9404 and 9999 are taken.
	//
	// +kubebuilder:validation:Minimum=9092
	Port int32 `json:"port"`
	// How the listener is exposed.
	Type ListenerType `json:"type"`
	// Whether connections use TLS.
	TLS bool `json:"tls"`
	// How clients prove who they are. Absent: they need not.
	Authentication *ListenerAuthentication `json:"authentication,omitempty"`
	// Addresses, certificates and limits.
	Configuration *ListenerConfiguration `json:"configuration,omitempty"`
	// Who may connect, as the network sees it. Default: everybody.
	NetworkPolicyPeers []networkingv1.NetworkPolicyPeer `json:"networkPolicyPeers,omitzero"`
}

// ListenerAuthenticationType is a way clients prove who they are.
//
// +kubebuilder:validation:Enum=tls;scram-sha-512;custom
type ListenerAuthenticationType string

// The ways clients can prove who they are.
const (
	// ListenerAuthenticationTLS uses client certificates.
	ListenerAuthenticationTLS ListenerAuthenticationType = "tls"
	// ListenerAuthenticationScramSha512 uses SASL SCRAM-SHA-512.
	ListenerAuthenticationScramSha512 ListenerAuthenticationType = "scram-sha-512"
	// ListenerAuthenticationCustom uses what `listenerConfig` says.
	ListenerAuthenticationCustom ListenerAuthenticationType = "custom"
)

// ListenerAuthentication says how clients of a listener prove who they are.
type ListenerAuthentication struct {
	// Kind of authentication.
	Type ListenerAuthenticationType `json:"type"`
	// Whether the listener uses SASL. Only with `type: custom`.
	Sasl *bool `json:"sasl,omitempty"`
	// Kafka options of this listener, without the listener prefix. Only with `type: custom`.
	//
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	ListenerConfig FreeForm `json:"listenerConfig,omitzero"`
}

// ListenerConfiguration holds addresses, certificates and limits of a listener.
type ListenerConfiguration struct {
	// Server certificate and key to use instead of those signed by the cluster CA.
	BrokerCertChainAndKey *CertAndKeySecretSource `json:"brokerCertChainAndKey,omitempty"`
	// Ingress class, or class of the load balancers.
	Class string `json:"class,omitempty"`
	// Whether traffic from outside stays on the node it arrived at. Default: Cluster.
	//
	// +kubebuilder:validation:Enum=Local;Cluster
	ExternalTrafficPolicy string `json:"externalTrafficPolicy,omitempty"`
	// CIDR ranges that may use the load balancers. Default: all.
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges,omitzero"`
	// Bootstrap endpoint.
	Bootstrap *ListenerBootstrap `json:"bootstrap,omitempty"`
	// Endpoints of single brokers.
	Brokers []ListenerBroker `json:"brokers,omitzero"`
	// IP families policy of the Services. Default: that of Kubernetes.
	//
	// +kubebuilder:validation:Enum=SingleStack;PreferDualStack;RequireDualStack
	IPFamilyPolicy string `json:"ipFamilyPolicy,omitempty"`
	// IP families of the Services. Default: those of Kubernetes.
	//
	// +kubebuilder:validation:items:Enum=IPv4;IPv6
	IPFamilies []string `json:"ipFamilies,omitzero"`
	// Whether a `loadbalancer` listener gets a bootstrap Service. Default: true.
	CreateBootstrapService *bool `json:"createBootstrapService,omitempty"`
	// Finalizers of the load balancer Services.
	Finalizers []string `json:"finalizers,omitzero"`
	// Whether internal addresses end with the DNS domain of the Kubernetes cluster. Default: false.
	UseServiceDNSDomain *bool `json:"useServiceDnsDomain,omitempty"`
	// Most connections a broker accepts on this listener. Default: no limit.
	MaxConnections *int32 `json:"maxConnections,omitempty"`
	// Most new connections a second a broker accepts on this listener. Default: no limit.
	MaxConnectionCreationRate *int32 `json:"maxConnectionCreationRate,omitempty"`
	// Kind of node address to advertise first with `type: nodeport`.
	PreferredNodePortAddressType NodeAddressType `json:"preferredNodePortAddressType,omitempty"`
	// Whether Services list pods that are not ready. Default: false.
	PublishNotReadyAddresses *bool `json:"publishNotReadyAddresses,omitempty"`
	// Annotations for the objects of every broker; `{nodeId}` and `{nodePodName}` stand for the broker's.
	PerBrokerAnnotationsTemplate map[string]string `json:"perBrokerAnnotationsTemplate,omitzero"`
	// Labels for the objects of every broker, with the same placeholders.
	PerBrokerLabelsTemplate map[string]string `json:"perBrokerLabelsTemplate,omitzero"`
	// Host of every broker, with the same placeholders.
	HostTemplate string `json:"hostTemplate,omitempty"`
	// Advertised host of every broker, with the same placeholders.
	AdvertisedHostTemplate string `json:"advertisedHostTemplate,omitempty"`
	// Advertised port of every broker: `{nodeId}` and arithmetic.
	AdvertisedPortTemplate string `json:"advertisedPortTemplate,omitempty"`
	// Whether load balancers get node ports too. Default: true.
	AllocateLoadBalancerNodePorts *bool `json:"allocateLoadBalancerNodePorts,omitempty"`
	// Gateways that `type: tlsroute` attaches to.
	ParentRefs []GatewayParentReference `json:"parentRefs,omitzero"`
}

// NodeAddressType is a kind of address a Kubernetes node has.
//
// +kubebuilder:validation:Enum=ExternalIP;ExternalDNS;InternalIP;InternalDNS;Hostname
type NodeAddressType string

// ListenerEndpoint is what bootstrap and broker endpoints have in common.
type ListenerEndpoint struct {
	// Host name for Ingress, Route and TLSRoute, or load balancers' DNS.
	Host string `json:"host,omitempty"`
	// Node port. Default: Kubernetes chooses.
	NodePort *int32 `json:"nodePort,omitempty"`
	// IP address to ask of the load balancer.
	LoadBalancerIP string `json:"loadBalancerIP,omitempty"`
	// Annotations of the object that exposes the endpoint.
	Annotations map[string]string `json:"annotations,omitzero"`
	// Labels of the object that exposes the endpoint.
	Labels map[string]string `json:"labels,omitzero"`
	// External IP addresses of a node port Service.
	ExternalIPs []string `json:"externalIPs,omitzero"`
}

// ListenerBootstrap is the endpoint clients connect to first.
type ListenerBootstrap struct {
	ListenerEndpoint `json:",inline"`
	// Further names for the certificate.
	AlternativeNames []string `json:"alternativeNames,omitzero"`
}

// ListenerBroker is the endpoint of one broker.
type ListenerBroker struct {
	ListenerEndpoint `json:",inline"`
	// Id of the broker.
	Broker int32 `json:"broker"`
	// Host that the broker tells clients. Default: the address the listener has.
	AdvertisedHost string `json:"advertisedHost,omitempty"`
	// Port that the broker tells clients. Default: the port the listener has.
	AdvertisedPort *int32 `json:"advertisedPort,omitempty"`
}

// GatewayParentReference points to a Gateway, as a route of the Gateway API does.
type GatewayParentReference struct {
	// API group. Default: gateway.networking.k8s.io.
	Group string `json:"group,omitempty"`
	// Kind. Default: Gateway.
	Kind string `json:"kind,omitempty"`
	// Name.
	Name string `json:"name,omitempty"`
	// Namespace. Default: that of the cluster.
	Namespace string `json:"namespace,omitempty"`
	// Port of the Gateway to attach to. Default: all that fit.
	Port *int32 `json:"port,omitempty"`
	// Name of the Gateway's listener to attach to. Default: all that fit.
	SectionName string `json:"sectionName,omitempty"`
}
