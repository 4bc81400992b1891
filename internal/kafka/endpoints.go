package kafka

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/plan"
)

const roleBroker, roleController = "broker", "controller"

// bootstrapEndpoint leads to any broker; nodesEndpoint gives every node a name of its own.
func (c *Cluster) bootstrapEndpoint() string { return c.Name + "-kafka-bootstrap" }
func (c *Cluster) nodesEndpoint() string     { return c.Name + "-kafka-brokers" }

// Bootstrap returns the addresses, host:port joined by commas, at which the operator itself reaches the brokers and the controllers.
func (c *Cluster) Bootstrap() (brokers, controllers string) {
	var hosts []string
	for _, n := range c.Controllers() {
		hosts = append(hosts, fmt.Sprintf("%s:%d", c.host(n), controlPort))
	}
	return fmt.Sprintf("%s.%s.svc:%d", c.bootstrapEndpoint(), c.Namespace, replicationPort), strings.Join(hosts, ",")
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
		Name: c.bootstrapEndpoint(), Reach: plan.ReachCluster, Role: roleBroker,
		Ports:    append([]plan.Port{replication()}, c.internalPorts()...),
		Facts:    map[string]string{v1.AnnotationDiscovery: c.discovery()},
		Labels:   map[string]string{v1.LabelDiscovery: "true"},
		Template: opaque(t),
	}
	return withFamilies(e, t)
}

func (c *Cluster) nodes() plan.Endpoint {
	t := c.templateOf().BrokersService
	e := plan.Endpoint{
		Name: c.nodesEndpoint(), Reach: plan.ReachInstances, EvenUnready: true,
		Ports:    append([]plan.Port{controlPlane(), replication()}, c.internalPorts()...),
		Template: opaque(t),
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
	e.Template = opaque(c.templateOf().ExternalBootstrapService)
	return e
}

func (c *Cluster) brokerEndpoint(l listener.Listener, n Node) plan.Endpoint {
	p := c.pool(n.Pool)
	broker := listener.Broker{ID: n.ID, Name: n.Name}
	e := c.listenerEndpoint(l)
	e.Name, e.Group, e.Instance = l.BrokerName(p.Set, n.ID), p.Name, n.Name
	e.Labels, e.Facts = l.BrokerLabels(broker), l.BrokerAnnotations(broker)
	e.Template = opaque(p.template.PerPodService)
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
