package kafka

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
)

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
