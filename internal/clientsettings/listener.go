package clientsettings

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/user"
)

// Listener is one that lets clients of a user in.
type Listener struct {
	// Name is that in the Kafka resource, Protocol what Kafka calls security.protocol.
	Name, Protocol string
	// Type is how it is exposed.
	Type v1.ListenerType
	// Mechanism is that of SASL; empty for none.
	Mechanism user.Mechanism
	// Custom tells that clients prove who they are in a way that only the listener's own options know.
	Custom bool
	// Bootstrap is where clients connect first: host:port, separated by commas. Empty if the status does not tell yet.
	Bootstrap string
	// Trust are the certificates (PEM) that clients must trust; empty without TLS.
	Trust string
}

// String is how people are told of a listener.
func (l Listener) String() string { return fmt.Sprintf("%s (%s, %s)", l.Name, l.Type, l.Protocol) }

// TLS tells whether connections use it.
func (l Listener) TLS() bool { return strings.HasSuffix(l.Protocol, "SSL") }

func (l Listener) external() bool {
	return l.Type != v1.ListenerInternal && l.Type != v1.ListenerClusterIP
}

// Choose takes the listener of the name or, without a name, the one that fits best: inside Kubernetes, with TLS, the first in the resource.
// One to the outside is taken only if no other fits: which of several leads to where the client runs, nobody can know here. The others that
// fit come second.
func (a Account) Choose(k *v1.Kafka, name string) (taken Listener, others []Listener, err error) {
	r := resource{"Kafka", k.Namespace, k.Name}
	if err := r.ready(k.Status.Conditions, len(k.Status.Listeners) > 0); err != nil {
		return taken, nil, err
	}
	fitting := a.fitting(k)
	if name == "" {
		taken, err = a.best(r, fitting)
	} else {
		taken, err = a.named(r, k, fitting, name)
	}
	if err != nil {
		return taken, nil, err
	}
	if taken.Bootstrap == "" || taken.TLS() && taken.Trust == "" {
		return taken, nil, fmt.Errorf("the status of %s does not tell yet how listener %s is reached: try again in a moment", r, taken.Name)
	}
	return taken, slices.DeleteFunc(fitting, func(l Listener) bool { return l.Name == taken.Name }), nil
}

func (a Account) best(r resource, fitting []Listener) (Listener, error) {
	switch {
	case len(fitting) == 0:
		return Listener{}, fmt.Errorf("%s has no listener for %s: add one to spec.kafka.listeners", r, a.kind())
	case len(fitting) > 1 && fitting[0].external():
		return Listener{}, fmt.Errorf("several listeners of %s lead to the outside and take %s: say with --listener which one, %s", r, a.kind(), List(fitting))
	}
	return fitting[0], nil
}

func (a Account) named(r resource, k *v1.Kafka, fitting []Listener, name string) (Listener, error) {
	if i := slices.IndexFunc(fitting, func(l Listener) bool { return l.Name == name }); i >= 0 {
		return fitting[i], nil
	}
	var names []string
	for _, l := range k.Spec.Kafka.Listeners {
		names = append(names, l.Name)
	}
	switch {
	case !slices.Contains(names, name):
		return Listener{}, fmt.Errorf("%s has no listener %q: it has %s", r, name, strings.Join(names, ", "))
	case len(fitting) == 0:
		return Listener{}, fmt.Errorf("listener %s of %s does not take %s, nor does another one: add one to spec.kafka.listeners", name, r, a.kind())
	}
	return Listener{}, fmt.Errorf("listener %s of %s does not take %s: name one that does, %s", name, r, a.kind(), List(fitting))
}

// List names listeners for people.
func List(listeners []Listener) string {
	var out []string
	for _, l := range listeners {
		out = append(out, l.String())
	}
	return strings.Join(out, ", ")
}

// fitting are the listeners that take the user, the best first.
func (a Account) fitting(k *v1.Kafka) []Listener {
	var out []Listener
	for _, l := range listener.All(k.Spec.Kafka.Listeners) {
		if found, takes := a.accepted(l); takes {
			out = append(out, found.reached(k.Status.Listeners))
		}
	}
	slices.SortStableFunc(out, func(x, y Listener) int {
		return cmp.Or(last(x.external(), y.external()), last(x.Custom, y.Custom), last(!x.TLS(), !y.TLS()))
	})
	return out
}

// last puts what is true behind what is false.
func last(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// reached adds what the status tells.
func (l Listener) reached(statuses []v1.ListenerStatus) Listener {
	for _, s := range statuses {
		if s.Name != l.Name {
			continue
		}
		l.Bootstrap = s.BootstrapServers
		if !l.TLS() {
			continue
		}
		for _, certificate := range s.Certificates {
			l.Trust += strings.TrimSuffix(certificate, "\n") + "\n"
		}
	}
	return l
}

// accepted tells whether a listener takes the user.
func (a Account) accepted(l listener.Listener) (Listener, bool) {
	out := Listener{Name: l.Spec.Name, Type: l.Spec.Type, Protocol: l.Protocol()}
	switch l.Authentication() {
	case v1.ListenerAuthenticationTLS:
		return out, a.byCertificate()
	case v1.ListenerAuthenticationScramSha512:
		out.Mechanism = user.ScramSha512
		return out, slices.Contains(a.Mechanisms, user.ScramSha512)
	case v1.ListenerAuthenticationCustom:
		return a.customized(l, out)
	}
	return out, a.Authentication == ""
}

// customized tells the same by the options that the listener has in Kafka. Users without authentication are for what no KafkaUser can
// describe, such as tokens, so every such listener may be theirs.
func (a Account) customized(l listener.Listener, out Listener) (Listener, bool) {
	options := l.Spec.Authentication.ListenerConfig
	switch {
	case a.Authentication == "":
		out.Custom = true
		return out, true
	case a.byCertificate():
		return out, out.Protocol == "SSL" && slices.Contains([]string{"required", "requested"}, text(options["ssl.client.auth"]))
	case !strings.HasPrefix(out.Protocol, "SASL_"):
		return out, false
	}
	enabled := strings.Split(strings.ReplaceAll(text(options["sasl.enabled.mechanisms"]), " ", ""), ",")
	for _, m := range a.Mechanisms {
		if slices.Contains(enabled, string(m)) {
			out.Mechanism = m
			return out, true
		}
	}
	return out, false
}

// text is an option that is written as a text; others mean nothing here.
func text(value json.RawMessage) string {
	var out string
	if json.Unmarshal(value, &out) != nil {
		return ""
	}
	return out
}
