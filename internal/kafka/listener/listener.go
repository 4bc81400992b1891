package listener

import (
	"fmt"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// Listener is a listener as the user declared it.
type Listener struct {
	// Spec with a configuration that is never nil.
	Spec v1.Listener
	// Path is the field that declares it: spec.kafka.listeners[0].
	Path string
}

// All takes the listeners of a manifest.
func All(specs []v1.Listener) []Listener {
	listeners := make([]Listener, 0, len(specs))
	for i, spec := range specs {
		if spec.Configuration == nil {
			spec.Configuration = &v1.ListenerConfiguration{}
		}
		listeners = append(listeners, Listener{Spec: spec, Path: fmt.Sprintf("spec.kafka.listeners[%d]", i)})
	}
	return listeners
}

// ID names the listener within the cluster: plain-9092. Kafka's options and the files of certificates use it.
func (l Listener) ID() string { return fmt.Sprintf("%s-%d", l.Spec.Name, l.Spec.Port) }

// KafkaName is the name of the listener within Kafka: PLAIN-9092.
func (l Listener) KafkaName() string { return strings.ToUpper(l.ID()) }

// Internal listeners share the endpoints of the cluster; the others have endpoints of their own.
func (l Listener) Internal() bool { return l.Spec.Type == v1.ListenerInternal }

// Served tells whether this version can serve the listener's type.
func (l Listener) Served() bool {
	return l.Internal() || l.Spec.Type == v1.ListenerClusterIP
}

// PortName is the name of the listener's port at instances and endpoints. Three listeners keep names that older clients know.
func (l Listener) PortName() string {
	switch {
	case l.Internal() && l.ID() == "plain-9092":
		return "tcp-clients"
	case l.Internal() && l.ID() == "tls-9093":
		return "tcp-clientstls"
	}
	return "tcp-" + l.Spec.Name
}

// BootstrapName is the name of the endpoint that leads to any broker.
func (l Listener) BootstrapName(cluster string) string {
	if l.Internal() {
		return cluster + "-kafka-bootstrap"
	}
	return cluster + "-kafka-" + l.Spec.Name + "-bootstrap"
}

// BrokerName is the name of the endpoint that leads to one broker of a pool's workload, <cluster>-<pool>.
func (l Listener) BrokerName(set string, id int32) string {
	if l.ID() == "external-9094" {
		return fmt.Sprintf("%s-%d", set, id)
	}
	return fmt.Sprintf("%s-%s-%d", set, l.Spec.Name, id)
}

// Authentication is the kind of proof that clients give; empty when they give none.
func (l Listener) Authentication() v1.ListenerAuthenticationType {
	if l.Spec.Authentication == nil {
		return ""
	}
	return l.Spec.Authentication.Type
}

// Protocol is Kafka's security protocol of the listener.
func (l Listener) Protocol() string {
	switch {
	case l.sasl() && l.Spec.TLS:
		return "SASL_SSL"
	case l.sasl():
		return "SASL_PLAINTEXT"
	case l.Spec.TLS:
		return "SSL"
	}
	return "PLAINTEXT"
}

func (l Listener) sasl() bool {
	switch l.Authentication() {
	case v1.ListenerAuthenticationScramSha512:
		return true
	case v1.ListenerAuthenticationCustom:
		return l.Spec.Authentication.Sasl != nil && *l.Spec.Authentication.Sasl
	default:
		return false
	}
}

// Certificate is the user's own certificate for the listener; nil when the cluster's authority signs one.
func (l Listener) Certificate() *v1.CertAndKeySecretSource {
	if !l.Spec.TLS {
		return nil
	}
	return l.Spec.Configuration.BrokerCertChainAndKey
}

// Bootstrap are the user's wishes for the bootstrap endpoint.
func (l Listener) Bootstrap() v1.ListenerBootstrap {
	if l.Spec.Configuration.Bootstrap == nil {
		return v1.ListenerBootstrap{}
	}
	return *l.Spec.Configuration.Bootstrap
}

// Broker are the user's wishes for the endpoint of one broker.
func (l Listener) Broker(id int32) v1.ListenerBroker {
	for _, b := range l.Spec.Configuration.Brokers {
		if b.Broker == id {
			return b
		}
	}
	return v1.ListenerBroker{Broker: id}
}

// FullDomain tells whether addresses inside the platform are written with the platform's DNS domain.
func (l Listener) FullDomain() bool {
	full := l.Spec.Configuration.UseServiceDNSDomain
	return full != nil && *full
}
