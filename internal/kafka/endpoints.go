package kafka

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/plan"
)

const roleBroker, roleController = "broker", "controller"

// bootstrapEndpoint leads to any broker; nodesEndpoint gives every node a name of its own.
func bootstrapEndpoint(cluster string) string { return cluster + "-kafka-bootstrap" }
func (c *Cluster) nodesEndpoint() string      { return c.Name + "-kafka-brokers" }

// ReplicationBootstrap is the host and port at which the operator reaches the brokers of a cluster: the listener that
// brokers use among themselves. It depends on names alone, so that it can be asked before the cluster is resolved.
func ReplicationBootstrap(namespace, cluster string) string {
	return fmt.Sprintf("%s.%s.svc:%d", bootstrapEndpoint(cluster), namespace, replicationPort)
}

// ControllerAddresses are the controllers' own addresses, and those of more nodes, by name, that the cluster has no more and that
// still run.
func (c *Cluster) ControllerAddresses(more ...string) []string {
	var out []string
	for _, n := range c.Controllers() {
		out = append(out, fmt.Sprintf("%s:%d", c.host(n), controlPort))
	}
	for _, name := range more {
		out = append(out, fmt.Sprintf("%s:%d", c.host(Node{Name: name}), controlPort))
	}
	return out
}

// BrokerAddresses are the brokers' own addresses on the listener which they use among themselves. They resolve whether
// or not the brokers are ready.
func (c *Cluster) BrokerAddresses() []string {
	var out []string
	for _, n := range c.Brokers() {
		out = append(out, fmt.Sprintf("%s:%d", c.host(n), replicationPort))
	}
	return out
}

// The ports that nodes use among themselves, as instances and endpoints name them.
func controlPlane() plan.Port { return plan.Port{Name: "tcp-ctrlplane", Number: controlPort} }
func replication() plan.Port  { return plan.Port{Name: "tcp-replication", Number: replicationPort} }
func listenerPort(l listener.Listener) plan.Port {
	return plan.Port{Name: l.PortName(), Number: l.Spec.Port}
}

func (c *Cluster) internalPorts() []plan.Port {
	var ports []plan.Port
	for _, l := range c.Listeners {
		if l.Internal() {
			ports = append(ports, listenerPort(l))
		}
	}
	return ports
}

func (c *Cluster) endpoints() []plan.Endpoint {
	list := []plan.Endpoint{c.bootstrap(), c.nodes()}
	for _, l := range c.Listeners {
		if l.Internal() {
			continue
		}
		list = append(list, c.listenerBootstrap(l))
		for _, n := range c.Brokers() {
			list = append(list, c.brokerEndpoint(l, n))
		}
	}
	return list
}

func (c *Cluster) bootstrap() plan.Endpoint {
	t := c.templateOf().BootstrapService
	e := plan.Endpoint{
		Name: bootstrapEndpoint(c.Name), Reach: plan.ReachCluster, Role: roleBroker,
		Ports:    append([]plan.Port{replication()}, c.internalPorts()...),
		Facts:    map[string]string{v1.AnnotationDiscovery: c.discovery()},
		Labels:   map[string]string{v1.LabelDiscovery: "true"},
		Template: template.Opaque(t),
	}
	return withFamilies(e, t)
}

func (c *Cluster) nodes() plan.Endpoint {
	t := c.templateOf().BrokersService
	e := plan.Endpoint{
		Name: c.nodesEndpoint(), Reach: plan.ReachInstances, EvenUnready: true,
		Ports:    append([]plan.Port{controlPlane(), replication()}, c.internalPorts()...),
		Template: template.Opaque(t),
	}
	return withFamilies(e, t)
}

func withFamilies(e plan.Endpoint, t *v1.ServiceTemplate) plan.Endpoint {
	if t != nil {
		e.IPFamilyPolicy, e.IPFamilies = t.IPFamilyPolicy, t.IPFamilies
	}
	return e
}

func (c *Cluster) listenerBootstrap(l listener.Listener) plan.Endpoint {
	wish := l.Bootstrap()
	e := c.listenerEndpoint(l)
	e.Name, e.Role, e.Labels, e.Facts = l.BootstrapName(c.Name), roleBroker, wish.Labels, wish.Annotations
	e.Template = template.Opaque(c.templateOf().ExternalBootstrapService)
	return e
}

func (c *Cluster) brokerEndpoint(l listener.Listener, n Node) plan.Endpoint {
	p := c.pool(n.Pool)
	broker := listener.Broker{ID: n.ID, Name: n.Name}
	e := c.listenerEndpoint(l)
	e.Name, e.Group, e.Instance = l.BrokerName(p.Set, n.ID), p.Name, n.Name
	e.Labels, e.Facts = l.BrokerLabels(broker), l.BrokerAnnotations(broker)
	e.Template = template.Opaque(p.template.PerPodService)
	return e
}

func (c *Cluster) listenerEndpoint(l listener.Listener) plan.Endpoint {
	wish := l.Spec.Configuration
	return plan.Endpoint{
		Reach: plan.ReachCluster, Ports: []plan.Port{listenerPort(l)},
		EvenUnready:    wish.PublishNotReadyAddresses != nil && *wish.PublishNotReadyAddresses,
		IPFamilyPolicy: wish.IPFamilyPolicy, IPFamilies: wish.IPFamilies,
	}
}

// discovery tells programs which listeners there are.
func (c *Cluster) discovery() string {
	type entry struct {
		Port     int32  `json:"port"`
		TLS      bool   `json:"tls"`
		Protocol string `json:"protocol"`
		Auth     string `json:"auth"`
	}
	entries := make([]entry, 0, len(c.Listeners))
	for _, l := range c.Listeners {
		entries = append(entries, entry{l.Spec.Port, l.Spec.TLS, "kafka", cmp.Or(string(l.Authentication()), "none")})
	}
	// Texts, numbers and truth values always encode.
	text, _ := json.MarshalIndent(entries, "", "  ")
	return string(text)
}

// ListenerStatuses tells people where to connect. clusterCA is the PEM certificate that clients must trust.
func (c *Cluster) ListenerStatuses(clusterCA []byte) []v1.ListenerStatus {
	order := []v1.ListenerType{
		v1.ListenerInternal, v1.ListenerLoadBalancer, v1.ListenerNodePort, v1.ListenerRoute, v1.ListenerTLSRoute, v1.ListenerIngress, v1.ListenerClusterIP,
	}
	sorted := slices.Clone(c.Listeners)
	slices.SortStableFunc(sorted, func(a, b listener.Listener) int {
		return cmp.Compare(slices.Index(order, a.Spec.Type), slices.Index(order, b.Spec.Type))
	})
	statuses := make([]v1.ListenerStatus, 0, len(sorted))
	for _, l := range sorted {
		statuses = append(statuses, c.listenerStatus(l, clusterCA))
	}
	return statuses
}

func (c *Cluster) listenerStatus(l listener.Listener, clusterCA []byte) v1.ListenerStatus {
	host, port := c.bootstrapHost(l), l.Spec.Port
	status := v1.ListenerStatus{
		Name:             l.Spec.Name,
		Addresses:        []v1.ListenerAddress{{Host: host, Port: &port}},
		BootstrapServers: fmt.Sprintf("%s:%d", host, port),
	}
	if !l.Spec.TLS {
		return status
	}
	certificate := clusterCA
	if own, exists := c.certificates[l.ID()]; exists {
		certificate = own.chain
	}
	status.Certificates = []string{string(certificate)}
	return status
}

// inbound lets the cluster's own parts in where they belong, and clients where the user says.
func (c *Cluster) inbound() *plan.Inbound {
	if !c.settings.NetworkPolicies {
		return nil
	}
	nodes := c.Component().Name
	rules := []plan.InboundRule{
		{Port: controlPort, Operator: true, Components: []string{nodes}},
		{Port: healthPort, Operator: true},
		{Port: replicationPort, Operator: true, Components: []string{nodes, c.Name + "-entity-operator", c.Name + "-kafka-exporter", c.Name + "-cruise-control"}},
	}
	for _, l := range c.Listeners {
		rule := plan.InboundRule{Port: l.Spec.Port, Anyone: true}
		if peers := l.Spec.NetworkPolicyPeers; len(peers) > 0 {
			rule = plan.InboundRule{Port: l.Spec.Port, Template: peers}
		}
		rules = append(rules, rule)
	}
	return &plan.Inbound{Name: c.Name + "-network-policy-kafka", Rules: rules}
}

// address is what a broker tells clients of a listener.
type address struct {
	host string
	port int32
}

// hostPattern keeps what would end a host's name early in Kafka's list of addresses out of it.
var hostPattern = regexp.MustCompile(`^[^\s,/]+$`)

// resolveListeners checks the listeners and gives every broker its addresses.
func (r *resolution) resolveListeners() {
	c := r.cluster
	r.problems.add(v1.ReasonInvalidResource, listener.Check(c.Listeners)...)
	for _, l := range c.Listeners {
		r.checkCustomAuthentication(l)
		r.noteUnknownBrokers(l)
	}
	r.resolveCertificates()
	c.addresses = map[int32][]address{}
	reported := map[string]bool{}
	for _, n := range c.Brokers() {
		for _, l := range c.Listeners {
			at, err := c.advertised(l, n)
			if err != nil && !reported[l.Path] {
				r.problems.add(v1.ReasonInvalidConfiguration, err.Error())
				reported[l.Path] = true
			}
			c.addresses[n.ID] = append(c.addresses[n.ID], at)
		}
	}
}

func (c *Cluster) advertised(l listener.Listener, n Node) (address, error) {
	broker := listener.Broker{ID: n.ID, Name: n.Name}
	at := address{host: cmp.Or(l.AdvertisedHost(broker), c.brokerHost(l, n))}
	if !hostPattern.MatchString(at.host) {
		return at, fmt.Errorf("%s.configuration: the advertised host %q of node %d is not a host name or IP address", l.Path, at.host, n.ID)
	}
	port, err := l.AdvertisedPort(broker)
	at.port = port
	return at, err
}

// brokerHost is the name under which clients inside the platform reach a broker.
func (c *Cluster) brokerHost(l listener.Listener, n Node) string {
	if l.Internal() {
		return c.host(n) + c.suffix(l)
	}
	return l.BrokerName(c.pool(n.Pool).Set, n.ID) + "." + c.Namespace + ".svc" + c.suffix(l)
}

func (c *Cluster) bootstrapHost(l listener.Listener) string {
	return l.BootstrapName(c.Name) + "." + c.Namespace + ".svc" + c.suffix(l)
}

func (c *Cluster) suffix(l listener.Listener) string {
	if l.FullDomain() {
		return "." + c.settings.DNSDomain
	}
	return ""
}

func (r *resolution) checkCustomAuthentication(l listener.Listener) {
	if l.Authentication() != v1.ListenerAuthenticationCustom {
		return
	}
	options := l.Spec.Authentication.ListenerConfig
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if _, err := optionText(options[name]); err != nil {
			r.problems.add(reasonConfigParameter, fmt.Sprintf("%s.authentication.listenerConfig.%s: %v", l.Path, name, err))
		}
	}
}

func (r *resolution) noteUnknownBrokers(l listener.Listener) {
	brokers := map[int32]bool{}
	for _, n := range r.cluster.Brokers() {
		brokers[n.ID] = true
	}
	for i, b := range l.Spec.Configuration.Brokers {
		if !brokers[b.Broker] {
			r.cluster.Notes = append(r.cluster.Notes, fmt.Sprintf("%s.configuration.brokers[%d]: is ignored because the cluster has no broker %d", l.Path, i, b.Broker))
		}
	}
}
