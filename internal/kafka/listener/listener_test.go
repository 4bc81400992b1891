package listener_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
)

func read(t *testing.T, text string) []listener.Listener {
	t.Helper()
	var specs []v1.Listener
	if err := yaml.UnmarshalStrict([]byte(text), &specs); err != nil {
		t.Fatal(err)
	}
	return listener.All(specs)
}

func TestCheck(t *testing.T) {
	const at = "spec.kafka.listeners[0]"
	tests := map[string]struct{ listeners, want string }{
		"two listeners are fine":                                     {"[{name: a, port: 9092, type: internal}, {name: b, port: 9093, type: cluster-ip, tls: true, authentication: {type: tls}}]", ""},
		"names differ":                                               {"[{name: a, port: 9092, type: internal}, {name: a, port: 9093, type: internal}]", "spec.kafka.listeners[1].name: \"a\" is the name of " + at + " too"},
		"ports differ":                                               {"[{name: a, port: 9092, type: internal}, {name: b, port: 9092, type: internal}]", "spec.kafka.listeners[1].port: 9092 is the port of " + at + " too"},
		"a name is short":                                            {"[{name: abcdefghijkl, port: 9092, type: internal}]", at + ".name"},
		"a name has no capitals":                                     {"[{name: A, port: 9092, type: internal}]", at + ".name"},
		"ports below the user's are refused":                         {"[{name: a, port: 9091, type: internal}]", at + ".port: 9091 cannot be used"},
		"the port of metrics is refused":                             {"[{name: a, port: 9404, type: internal}]", at + ".port: 9404"},
		"the port of JMX is refused":                                 {"[{name: a, port: 9999, type: internal}]", at + ".port: 9999"},
		"ports end somewhere":                                        {"[{name: a, port: 65536, type: internal}]", at + ".port: 65536"},
		"other types are refused for now":                            {"[{name: web, port: 9094, type: nodeport, tls: true}]", at + ".type: listener web is of type nodeport, which this version does not serve; it serves internal and cluster-ip"},
		"a route needs TLS":                                          {"[{name: a, port: 9092, type: route}]", at + ".tls: is false; a listener of type route needs true"},
		"an ingress needs TLS":                                       {"[{name: a, port: 9092, type: ingress}]", at + ".tls"},
		"certificates of clients need TLS":                           {"[{name: a, port: 9092, type: internal, authentication: {type: tls}}]", at + ".authentication.type: is tls on a listener without TLS"},
		"a certificate of one's own needs TLS":                       {"[{name: a, port: 9092, type: internal, configuration: {brokerCertChainAndKey: {secretName: s, certificate: c, key: k}}}]", at + ".configuration.brokerCertChainAndKey: is set on a listener without TLS"},
		"a certificate of one's own needs a Secret":                  {"[{name: a, port: 9092, type: internal, tls: true, configuration: {brokerCertChainAndKey: {certificate: c, key: k}}}]", "brokerCertChainAndKey.secretName: is empty"},
		"a certificate of one's own needs a key":                     {"[{name: a, port: 9092, type: internal, tls: true, configuration: {brokerCertChainAndKey: {secretName: s, certificate: c}}}]", "brokerCertChainAndKey.key: is empty"},
		"a finalizer is for load balancers":                          {"[{name: a, port: 9092, type: internal, configuration: {finalizers: [x]}}]", at + ".configuration.finalizers: is set on listener a of type internal; it can be used with loadbalancer only"},
		"a class is not for cluster-ip":                              {"[{name: a, port: 9092, type: cluster-ip, configuration: {class: x}}]", ".class"},
		"a traffic policy is not for internal":                       {"[{name: a, port: 9092, type: internal, configuration: {externalTrafficPolicy: Local}}]", ".externalTrafficPolicy"},
		"source ranges are for load balancers":                       {"[{name: a, port: 9092, type: cluster-ip, configuration: {loadBalancerSourceRanges: [x]}}]", ".loadBalancerSourceRanges"},
		"node ports of load balancers":                               {"[{name: a, port: 9092, type: internal, configuration: {allocateLoadBalancerNodePorts: true}}]", ".allocateLoadBalancerNodePorts"},
		"a bootstrap Service can be left out of load balancers only": {"[{name: a, port: 9092, type: internal, configuration: {createBootstrapService: false}}]", ".createBootstrapService"},
		"a bootstrap Service can be asked for":                       {"[{name: a, port: 9092, type: internal, configuration: {createBootstrapService: true}}]", ""},
		"an address type is for node ports":                          {"[{name: a, port: 9092, type: internal, configuration: {preferredNodePortAddressType: Hostname}}]", ".preferredNodePortAddressType"},
		"the DNS domain is for the inside":                           {"[{name: a, port: 9092, type: loadbalancer, configuration: {useServiceDnsDomain: true}}]", ".useServiceDnsDomain"},
		"the DNS domain on the inside is fine":                       {"[{name: a, port: 9092, type: cluster-ip, configuration: {useServiceDnsDomain: true}}]", ""},
		"IP families are not for internal":                           {"[{name: a, port: 9092, type: internal, configuration: {ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, publishNotReadyAddresses: true}}]", ".ipFamilies"},
		"labels of brokers are not for internal":                     {"[{name: a, port: 9092, type: internal, configuration: {brokers: [{broker: 1}, {broker: 2, labels: {a: b}}]}}]", ".configuration.brokers[1].labels"},
		"annotations of bootstrap likewise":                          {"[{name: a, port: 9092, type: internal, configuration: {bootstrap: {annotations: {a: b}}}}]", ".configuration.bootstrap.annotations"},
		"templates of labels likewise":                               {"[{name: a, port: 9092, type: internal, configuration: {perBrokerLabelsTemplate: {a: b}, perBrokerAnnotationsTemplate: {a: b}}}]", ".perBrokerAnnotationsTemplate"},
		"a host is for routes":                                       {"[{name: a, port: 9092, type: cluster-ip, configuration: {bootstrap: {host: h}, hostTemplate: h}}]", ".configuration.bootstrap.host"},
		"a node port is for node ports":                              {"[{name: a, port: 9092, type: cluster-ip, configuration: {brokers: [{broker: 0, nodePort: 30000}]}}]", ".brokers[0].nodePort"},
		"external addresses are for node ports":                      {"[{name: a, port: 9092, type: cluster-ip, configuration: {bootstrap: {externalIPs: [x], loadBalancerIP: x}}}]", ".bootstrap.externalIPs"},
		"a gateway is for tlsroute":                                  {"[{name: a, port: 9092, type: cluster-ip, configuration: {parentRefs: [{name: g}]}}]", ".parentRefs"},
		"a label of the operator is refused":                         {"[{name: a, port: 9092, type: cluster-ip, configuration: {bootstrap: {labels: {strimzi.io/cluster: x}}}}]", ".bootstrap.labels: key strimzi.io/cluster is reserved"},
		"an advertised port is a port":                               {"[{name: a, port: 9092, type: internal, configuration: {brokers: [{broker: 0, advertisedPort: 70000}]}}]", ".brokers[0].advertisedPort: 70000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(listener.Check(read(t, test.listeners)), "; ")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAdvertisedPort(t *testing.T) {
	tests := map[string]struct {
		template string
		want     int32
		err      string
	}{
		"a number":                      {template: "1234", want: 1234},
		"a sum":                         {template: "9000 + {nodeId}", want: 9007},
		"products come before sums":     {template: "9000+{nodeId}*10", want: 9070},
		"parentheses come first":        {template: "(100 + {nodeId}) * 10", want: 1070},
		"a difference":                  {template: "10000-{nodeId}-1", want: 9992},
		"a sign":                        {template: "10000 + -{nodeId}", want: 9993},
		"fractions are cut off":         {template: "{nodeId} * 100.55", want: 703},
		"leading zeros change nothing":  {template: "010{nodeId}", want: 107},
		"the id within a number":        {template: "91{nodeId}", want: 917},
		"words are refused":             {template: "port", err: "advertisedPortTemplate: \"port\" is not a calculation"},
		"divisions are refused":         {template: "90000/2", err: "is not a calculation"},
		"something open is refused":     {template: "(1", err: "is not a calculation"},
		"two operators are refused":     {template: "1 ** 2", err: "is not a calculation"},
		"nothing but blanks is refused": {template: " ", err: "is not a calculation"},
		"zero is no port":               {template: "{nodeId}-7", err: "gives 0 for node 7"},
		"a port beyond the last":        {template: "10000*{nodeId}", err: "gives 70000 for node 7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := listener.All([]v1.Listener{{Configuration: &v1.ListenerConfiguration{AdvertisedPortTemplate: test.template}}})[0]
			got, err := l.AdvertisedPort(listener.Broker{ID: 7, Name: "c-p-7"})
			if test.err == "" && (err != nil || got != test.want) {
				t.Errorf("got %d, %v, want %d", got, err, test.want)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got %d, %v, want an error with %q", got, err, test.err)
			}
		})
	}
}

func TestNames(t *testing.T) {
	tests := map[string]struct {
		listener                string
		port, bootstrap, broker string
	}{
		"plain on 9092":            {"[{name: plain, port: 9092, type: internal}]", "tcp-clients", "c-kafka-bootstrap", "c-p-plain-3"},
		"tls on 9093":              {"[{name: tls, port: 9093, type: internal, tls: true}]", "tcp-clientstls", "c-kafka-bootstrap", "c-p-tls-3"},
		"plain that is not inside": {"[{name: plain, port: 9092, type: cluster-ip}]", "tcp-plain", "c-kafka-plain-bootstrap", "c-p-plain-3"},
		"external on 9094":         {"[{name: external, port: 9094, type: cluster-ip}]", "tcp-external", "c-kafka-external-bootstrap", "c-p-3"},
		"any other":                {"[{name: mine, port: 9100, type: cluster-ip}]", "tcp-mine", "c-kafka-mine-bootstrap", "c-p-mine-3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := read(t, test.listener)[0]
			got := []string{l.PortName(), l.BootstrapName("c"), l.BrokerName("c-p", 3)}
			for i, want := range []string{test.port, test.bootstrap, test.broker} {
				if got[i] != want {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		})
	}
}
