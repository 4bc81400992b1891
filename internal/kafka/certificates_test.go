package kafka_test

import (
	"slices"
	"strings"
	"testing"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/pki"
)

func TestNamesInTheCertificateOfABroker(t *testing.T) {
	listener := func(kind v1.ListenerType, tls bool) func(*kafka.Input) {
		return func(in *kafka.Input) {
			spec(in).Listeners = []v1.Listener{{Name: "l", Port: 9095, Type: kind, TLS: tls, Configuration: &v1.ListenerConfiguration{
				AdvertisedHostTemplate: "advertised-{nodeId}", Bootstrap: &v1.ListenerBootstrap{AlternativeNames: []string{"alternative"}},
			}}}
		}
	}
	tests := map[string]struct {
		change      func(*kafka.Input)
		has, hasNot []string
	}{
		"an internal listener with TLS adds what it advertises":               {listener(v1.ListenerInternal, true), []string{"advertised-3", "alternative"}, []string{"c-b-l-3.ns.svc", "advertised-4"}},
		"an internal listener without TLS adds the names that were asked for": {listener(v1.ListenerInternal, false), []string{"alternative"}, []string{"advertised-3"}},
		"a listener with endpoints of its own adds these":                     {listener(v1.ListenerClusterIP, true), []string{"advertised-3", "c-b-l-3", "c-b-l-3.ns.svc.cluster.local", "c-kafka-l-bootstrap.ns.svc"}, []string{"c-b-l-4"}},
		"such a listener without TLS does not":                                {listener(v1.ListenerClusterIP, false), []string{"alternative"}, []string{"advertised-3", "c-b-l-3"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			requests := mustResolve(t, changed(t, test.change)).LeafRequests()
			broker, controller := requests["c-b-3"].Names, requests["c-a-0"].Names
			for _, want := range append(test.has, "c-kafka-bootstrap.ns", "c-b-3.c-kafka-brokers.ns.svc") {
				if !slices.Contains(broker, want) {
					t.Errorf("no %s in %v", want, broker)
				}
			}
			for _, never := range test.hasNot {
				if slices.Contains(broker, never) {
					t.Errorf("%s in %v", never, broker)
				}
			}
			if joined := strings.Join(controller, " "); strings.Contains(joined, "a-l-") || strings.Contains(joined, "advertised") || strings.Contains(joined, "alternative") {
				t.Errorf("a controller has names of listeners: %v", controller)
			}
		})
	}
}

func TestCertificatesLiveAsLongAsTheAuthoritySays(t *testing.T) {
	tests := map[string]struct {
		authority         *v1.CertificateAuthority
		validity, renewal int
	}{
		"a year by default":                         {nil, 365, 30},
		"as long as it says":                        {&v1.CertificateAuthority{ValidityDays: ptr(int32(90)), RenewalDays: ptr(int32(20))}, 90, 20},
		"in part by default":                        {&v1.CertificateAuthority{ValidityDays: ptr(int32(90))}, 90, 30},
		"a short life is renewed in its last third": {&v1.CertificateAuthority{ValidityDays: ptr(int32(9))}, 9, 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			request := mustResolve(t, changed(t, func(in *kafka.Input) { in.Kafka.Spec.ClusterCA = test.authority })).LeafRequests()["c-a-0"]
			if request.Validity != pki.Days(test.validity) || request.RenewBefore != pki.Days(test.renewal) || !request.Chain {
				t.Errorf("got %+v", request)
			}
		})
	}
}

func TestAddressesWithTheDomainOfThePlatform(t *testing.T) {
	for name, test := range map[string]struct {
		full *bool
		want string
	}{
		"not by default":        {nil, "c-kafka-bootstrap.ns.svc:9092"},
		"not when switched off": {ptr(false), "c-kafka-bootstrap.ns.svc:9092"},
		"when switched on":      {ptr(true), "c-kafka-bootstrap.ns.svc.cluster.local:9092"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) {
				spec(in).Listeners[0].Configuration = &v1.ListenerConfiguration{UseServiceDNSDomain: test.full}
			}))
			if got := cluster.ListenerStatuses(nil)[0].BootstrapServers; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
