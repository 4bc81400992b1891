package kafka_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
)

// optionOf is the value of an option in a node's configuration; false if it is not set.
func optionOf(config, name string) (string, bool) {
	for line := range strings.Lines(config) {
		if value, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"="); is {
			return value, true
		}
	}
	return "", false
}

// TestAuthorization looks at every node: controllers decide as brokers do.
func TestAuthorization(t *testing.T) {
	const own = "User:CN=c-kafka,O=io.strimzi;User:CN=c-entity-topic-operator,O=io.strimzi;User:CN=c-entity-user-operator,O=io.strimzi;" +
		"User:CN=c-kafka-exporter,O=io.strimzi;User:CN=c-cruise-control,O=io.strimzi;User:CN=cluster-operator,O=io.strimzi"
	const standard = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
	tests := map[string]struct {
		authorization *v1.KafkaAuthorization
		want          map[string]string
	}{
		"none": {nil, map[string]string{}},
		"simple": {&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationSimple}, map[string]string{
			"authorizer.class.name": standard, "super.users": own,
		}},
		"simple with people": {
			&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationSimple, SuperUsers: []string{"CN=admin", "bob"}},
			map[string]string{"authorizer.class.name": standard, "super.users": own + ";User:CN=admin;User:bob"},
		},
		"custom with people": {
			&v1.KafkaAuthorization{Type: v1.KafkaAuthorizationCustom, AuthorizerClass: "io.example.Mine", SuperUsers: []string{"bob"}},
			map[string]string{"authorizer.class.name": "io.example.Mine", "super.users": own + ";User:bob"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) { spec(in).Authorization = test.authorization }))
			for _, n := range cluster.Nodes {
				got := map[string]string{}
				for _, option := range []string{"authorizer.class.name", "super.users", "ssl.principal.mapping.rules", "principal.builder.class", "allow.everyone.if.no.acl.found"} {
					if value, set := optionOf(cluster.ServerConfig(n), option); set {
						got[option] = value
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", n.Name, diff)
				}
			}
		})
	}
}

// TestEveryNodeLetsEverybodyInWhereTheUserSaysSo has the option of the authorizer that says what holds without a rule.
func TestEveryNodeLetsEverybodyInWhereTheUserSaysSo(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) {
		spec(in).Authorization = &v1.KafkaAuthorization{Type: v1.KafkaAuthorizationSimple}
		set(in, "allow.everyone.if.no.acl.found", "true")
	}))
	for _, n := range cluster.Nodes {
		if got, _ := optionOf(cluster.ServerConfig(n), "allow.everyone.if.no.acl.found"); got != "true" {
			t.Errorf("%s: %q", n.Name, got)
		}
	}
}

// TestOperatorsOfTopicsAndUsersAreSuperUsers compares with the names in their certificates.
func TestOperatorsOfTopicsAndUsersAreSuperUsers(t *testing.T) {
	in := changed(t, func(in *kafka.Input) {
		spec(in).Authorization = &v1.KafkaAuthorization{Type: v1.KafkaAuthorizationSimple}
		in.Kafka.Spec.EntityOperator = &v1.EntityOperatorSpec{TopicOperator: &v1.TopicOperatorSpec{}, UserOperator: &v1.UserOperatorSpec{}}
	})
	cluster := mustResolve(t, in)
	value, _ := optionOf(cluster.ServerConfig(cluster.Brokers()[0]), "super.users")
	identities := entityoperator.Identities(in.Kafka)
	if len(identities) != 2 {
		t.Fatalf("identities: %+v", identities)
	}
	for _, i := range identities {
		if principal := "User:CN=" + i.CommonName + ",O=io.strimzi"; !slices.Contains(strings.Split(value, ";"), principal) {
			t.Errorf("%s is not among %s", principal, value)
		}
	}
}

// TestListenersSayWhoAClientIs has Kafka's own principals: the subject of a certificate, or the name of a login.
func TestListenersSayWhoAClientIs(t *testing.T) {
	with := func(kind v1.ListenerAuthenticationType, tls bool) v1.Listener {
		return v1.Listener{Name: "web", Port: 9094, Type: v1.ListenerInternal, TLS: tls, Authentication: &v1.ListenerAuthentication{Type: kind}}
	}
	tests := map[string]struct {
		listener v1.Listener
		protocol string
		want     map[string]string
	}{
		"by certificates": {with(v1.ListenerAuthenticationTLS, true), "SSL", map[string]string{
			"ssl.client.auth": "required", "ssl.truststore.location": "/opt/kafka/certificates/trust/clients-ca.crt",
		}},
		"by passwords": {with(v1.ListenerAuthenticationScramSha512, true), "SASL_SSL", map[string]string{
			"sasl.enabled.mechanisms":        "SCRAM-SHA-512",
			"scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required ;",
		}},
		"by passwords in the clear": {with(v1.ListenerAuthenticationScramSha512, false), "SASL_PLAINTEXT", map[string]string{
			"sasl.enabled.mechanisms":        "SCRAM-SHA-512",
			"scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required ;",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, func(in *kafka.Input) { spec(in).Listeners = append(spec(in).Listeners, test.listener) }))
			config := cluster.ServerConfig(cluster.Brokers()[0])
			if protocols, _ := optionOf(config, "listener.security.protocol.map"); !strings.HasSuffix(protocols, ",WEB-9094:"+test.protocol) {
				t.Errorf("protocols: %s", protocols)
			}
			got := map[string]string{}
			for _, option := range []string{
				"ssl.client.auth", "ssl.truststore.location", "sasl.enabled.mechanisms", "scram-sha-512.sasl.jaas.config",
				"ssl.principal.mapping.rules", "principal.builder.class",
			} {
				if value, set := optionOf(config, "listener.name.web-9094."+option); set {
					got[option] = value
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}
