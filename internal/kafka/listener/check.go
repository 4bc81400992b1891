package listener

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/template"
)

// Ports that users' listeners cannot have.
const (
	lowestPort  = 9092
	metricsPort = 9404
	jmxPort     = 9999
	highestPort = 65535
)

var listenerName = regexp.MustCompile(`^[a-z0-9]{1,11}$`)

// Check lists what is wrong with the listeners, one sentence a problem.
func Check(listeners []Listener) []string {
	var problems []string
	names, ports := map[string]string{}, map[int32]string{}
	for _, l := range listeners {
		problems = append(problems, l.checkName(names)...)
		problems = append(problems, l.checkPort(ports)...)
		problems = append(problems, l.checkType()...)
		problems = append(problems, l.checkSecurity()...)
		problems = append(problems, l.checkOptions()...)
		problems = append(problems, l.checkMetadata()...)
	}
	return problems
}

func (l Listener) checkName(names map[string]string) []string {
	if !listenerName.MatchString(l.Spec.Name) {
		return []string{fmt.Sprintf("%s.name: %q is not a listener name; use 1 to 11 lower case letters and digits", l.Path, l.Spec.Name)}
	}
	other, taken := names[l.Spec.Name]
	if taken {
		return []string{fmt.Sprintf("%s.name: %q is the name of %s too; every listener needs a name of its own", l.Path, l.Spec.Name, other)}
	}
	names[l.Spec.Name] = l.Path
	return nil
}

func (l Listener) checkPort(ports map[int32]string) []string {
	port := l.Spec.Port
	if port < lowestPort || port > highestPort || port == metricsPort || port == jmxPort {
		return []string{fmt.Sprintf("%s.port: %d cannot be used; choose a port from %d to %d other than %d and %d", l.Path, port, lowestPort, highestPort, metricsPort, jmxPort)}
	}
	other, taken := ports[port]
	if taken {
		return []string{fmt.Sprintf("%s.port: %d is the port of %s too; every listener needs a port of its own", l.Path, port, other)}
	}
	ports[port] = l.Path
	return nil
}

func (l Listener) checkType() []string {
	if l.Served() {
		return nil
	}
	return []string{fmt.Sprintf("%s.type: listener %s is of type %s, which this version does not serve; it serves internal and cluster-ip", l.Path, l.Spec.Name, l.Spec.Type)}
}

func (l Listener) checkSecurity() []string {
	var problems []string
	encrypting := l.Spec.Type == v1.ListenerRoute || l.Spec.Type == v1.ListenerIngress
	if encrypting && !l.Spec.TLS {
		problems = append(problems, fmt.Sprintf("%s.tls: is false; a listener of type %s needs true", l.Path, l.Spec.Type))
	}
	if l.Authentication() == v1.ListenerAuthenticationTLS && !l.Spec.TLS {
		problems = append(problems, l.Path+".authentication.type: is tls on a listener without TLS; set tls to true or choose another authentication")
	}
	return append(problems, l.checkCertificate()...)
}

func (l Listener) checkCertificate() []string {
	own := l.Spec.Configuration.BrokerCertChainAndKey
	if own == nil {
		return nil
	}
	at := l.Path + ".configuration.brokerCertChainAndKey"
	var problems []string
	if !l.Spec.TLS {
		problems = append(problems, at+": is set on a listener without TLS; set tls to true or remove it")
	}
	for _, member := range []struct{ name, value string }{
		{"secretName", own.SecretName}, {"certificate", own.Certificate}, {"key", own.Key},
	} {
		if member.value == "" {
			problems = append(problems, fmt.Sprintf("%s.%s: is empty; it must name what to use", at, member.name))
		}
	}
	return problems
}

// option is a member of a listener's configuration that only some types understand.
type option struct {
	name  string
	set   func(v1.ListenerConfiguration) bool
	types []v1.ListenerType
}

func options() []option {
	external := []v1.ListenerType{v1.ListenerClusterIP, v1.ListenerLoadBalancer, v1.ListenerNodePort, v1.ListenerRoute, v1.ListenerTLSRoute, v1.ListenerIngress}
	balanced := []v1.ListenerType{v1.ListenerLoadBalancer}
	ported := []v1.ListenerType{v1.ListenerNodePort}
	hosted := []v1.ListenerType{v1.ListenerRoute, v1.ListenerIngress, v1.ListenerTLSRoute}
	return []option{
		{"useServiceDnsDomain", func(c v1.ListenerConfiguration) bool { return c.UseServiceDNSDomain != nil }, []v1.ListenerType{v1.ListenerInternal, v1.ListenerClusterIP}},
		{"ipFamilyPolicy", func(c v1.ListenerConfiguration) bool { return c.IPFamilyPolicy != "" }, external},
		{"ipFamilies", func(c v1.ListenerConfiguration) bool { return len(c.IPFamilies) > 0 }, external},
		{"publishNotReadyAddresses", func(c v1.ListenerConfiguration) bool { return c.PublishNotReadyAddresses != nil }, external},
		{"perBrokerLabelsTemplate", func(c v1.ListenerConfiguration) bool { return len(c.PerBrokerLabelsTemplate) > 0 }, external},
		{"perBrokerAnnotationsTemplate", func(c v1.ListenerConfiguration) bool { return len(c.PerBrokerAnnotationsTemplate) > 0 }, external},
		{"class", func(c v1.ListenerConfiguration) bool { return c.Class != "" }, []v1.ListenerType{v1.ListenerIngress, v1.ListenerLoadBalancer}},
		{"externalTrafficPolicy", func(c v1.ListenerConfiguration) bool { return c.ExternalTrafficPolicy != "" }, append(balanced, ported...)},
		{"loadBalancerSourceRanges", func(c v1.ListenerConfiguration) bool { return len(c.LoadBalancerSourceRanges) > 0 }, balanced},
		{"finalizers", func(c v1.ListenerConfiguration) bool { return len(c.Finalizers) > 0 }, balanced},
		{"allocateLoadBalancerNodePorts", func(c v1.ListenerConfiguration) bool { return c.AllocateLoadBalancerNodePorts != nil }, balanced},
		{"createBootstrapService", func(c v1.ListenerConfiguration) bool {
			return c.CreateBootstrapService != nil && !*c.CreateBootstrapService
		}, balanced},
		{"preferredNodePortAddressType", func(c v1.ListenerConfiguration) bool { return c.PreferredNodePortAddressType != "" }, ported},
		{"hostTemplate", func(c v1.ListenerConfiguration) bool { return c.HostTemplate != "" }, hosted},
		{"parentRefs", func(c v1.ListenerConfiguration) bool { return len(c.ParentRefs) > 0 }, []v1.ListenerType{v1.ListenerTLSRoute}},
	}
}

// endpointOption is a member of an endpoint's configuration that only some types understand.
type endpointOption struct {
	name  string
	set   func(v1.ListenerEndpoint) bool
	types []v1.ListenerType
}

func endpointOptions() []endpointOption {
	external := []v1.ListenerType{v1.ListenerClusterIP, v1.ListenerLoadBalancer, v1.ListenerNodePort, v1.ListenerRoute, v1.ListenerTLSRoute, v1.ListenerIngress}
	return []endpointOption{
		{"host", func(e v1.ListenerEndpoint) bool { return e.Host != "" }, []v1.ListenerType{v1.ListenerRoute, v1.ListenerIngress, v1.ListenerTLSRoute}},
		{"nodePort", func(e v1.ListenerEndpoint) bool { return e.NodePort != nil }, []v1.ListenerType{v1.ListenerNodePort, v1.ListenerLoadBalancer}},
		{"loadBalancerIP", func(e v1.ListenerEndpoint) bool { return e.LoadBalancerIP != "" }, []v1.ListenerType{v1.ListenerLoadBalancer}},
		{"externalIPs", func(e v1.ListenerEndpoint) bool { return len(e.ExternalIPs) > 0 }, []v1.ListenerType{v1.ListenerNodePort}},
		{"labels", func(e v1.ListenerEndpoint) bool { return len(e.Labels) > 0 }, external},
		{"annotations", func(e v1.ListenerEndpoint) bool { return len(e.Annotations) > 0 }, external},
	}
}

func (l Listener) checkOptions() []string {
	at := l.Path + ".configuration."
	var problems []string
	for _, o := range options() {
		if o.set(*l.Spec.Configuration) && !slices.Contains(o.types, l.Spec.Type) {
			problems = append(problems, l.misplaced(at+o.name, o.types))
		}
	}
	problems = append(problems, l.checkEndpoint(at+"bootstrap.", l.Bootstrap().ListenerEndpoint)...)
	for i, b := range l.Spec.Configuration.Brokers {
		problems = append(problems, l.checkEndpoint(fmt.Sprintf("%sbrokers[%d].", at, i), b.ListenerEndpoint)...)
		if b.AdvertisedPort != nil && (*b.AdvertisedPort < 1 || *b.AdvertisedPort > highestPort) {
			problems = append(problems, fmt.Sprintf("%sbrokers[%d].advertisedPort: %d is not a port; use 1 to %d", at, i, *b.AdvertisedPort, highestPort))
		}
	}
	return problems
}

func (l Listener) checkEndpoint(at string, e v1.ListenerEndpoint) []string {
	var problems []string
	for _, o := range endpointOptions() {
		if o.set(e) && !slices.Contains(o.types, l.Spec.Type) {
			problems = append(problems, l.misplaced(at+o.name, o.types))
		}
	}
	return problems
}

func (l Listener) misplaced(field string, types []v1.ListenerType) string {
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, string(t))
	}
	return fmt.Sprintf("%s: is set on listener %s of type %s; it can be used with %s only", field, l.Spec.Name, l.Spec.Type, strings.Join(names, ", "))
}

// checkMetadata keeps the operator's labels and annotations of endpoints from being replaced.
func (l Listener) checkMetadata() []string {
	at, c := l.Path+".configuration.", l.Spec.Configuration
	bootstrap := l.Bootstrap()
	problems := template.Keys(at+"bootstrap.labels", bootstrap.Labels)
	problems = append(problems, template.Keys(at+"bootstrap.annotations", bootstrap.Annotations)...)
	problems = append(problems, template.Keys(at+"perBrokerLabelsTemplate", c.PerBrokerLabelsTemplate)...)
	problems = append(problems, template.Keys(at+"perBrokerAnnotationsTemplate", c.PerBrokerAnnotationsTemplate)...)
	for i, b := range c.Brokers {
		problems = append(problems, template.Keys(fmt.Sprintf("%sbrokers[%d].labels", at, i), b.Labels)...)
		problems = append(problems, template.Keys(fmt.Sprintf("%sbrokers[%d].annotations", at, i), b.Annotations)...)
	}
	return problems
}
