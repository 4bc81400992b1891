package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"castellan.io/castellan/internal/config"
)

// enough is the least that an operator needs to start.
func enough() map[string]string {
	return map[string]string{
		"STRIMZI_KAFKA_IMAGES":             "4.3.1=kafka:4.3.1",
		"STRIMZI_DEFAULT_KAFKA_INIT_IMAGE": "castellan:1",
	}
}

func read(changes map[string]string) (config.Operator, error) {
	variables := enough()
	maps.Copy(variables, changes)
	return config.ReadOperator(func(name string) string { return variables[name] })
}

func TestDefaultsAreThoseOfTheAPI(t *testing.T) {
	got, err := read(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Operator{
		Selector: labels.Everything(), Resync: 120 * time.Second, Timeout: 300 * time.Second,
		NamespaceLabels: map[string]string{}, Name: "cluster-operator-name-unset",
		Election:    config.Election{LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second},
		KafkaImages: map[string]string{"4.3.1": "kafka:4.3.1"}, LauncherImage: "castellan:1", TopicOperatorImage: "castellan:1", UserOperatorImage: "castellan:1",
		NetworkPolicies: true, DisruptionBudgets: true, KeyStores: true,
		DNSDomain: "cluster.local", LabelExclusion: config.DefaultLabelExclusion,
		PodLabels: map[string]map[string]string{"kafka": {}, "entity-operator": {}}, LogLevel: "info",
	}
	compareSelectors := cmp.Comparer(func(a, b labels.Selector) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, compareSelectors); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// field is one field of the configuration.
type field func(config.Operator) any

func TestVariablesAreUnderstood(t *testing.T) {
	everyVariable := map[string]struct {
		name string
		get  field
		// values and what they mean. That empty variables mean the defaults is shown above.
		values map[string]any
	}{
		"namespaces": {"STRIMZI_NAMESPACE", func(c config.Operator) any { return c.Namespaces }, map[string]any{
			"*": []string(nil), " * ": []string(nil), "a": []string{"a"}, " a, b-1 ,,a": []string{"a", "b-1"},
		}},
		"selector": {"STRIMZI_CUSTOM_RESOURCE_SELECTOR", func(c config.Operator) any { return c.Selector.String() }, map[string]any{
			"team=one": "team=one", "b=2,a=1": "a=1,b=2", "a=1\nb=": "a=1,b=",
		}},
		"resync":         {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", func(c config.Operator) any { return c.Resync }, milliseconds()},
		"timeout":        {"STRIMZI_OPERATION_TIMEOUT_MS", func(c config.Operator) any { return c.Timeout }, milliseconds()},
		"lease duration": {"STRIMZI_LEADER_ELECTION_LEASE_DURATION_MS", func(c config.Operator) any { return c.Election.LeaseDuration }, milliseconds()},
		"renew deadline": {"STRIMZI_LEADER_ELECTION_RENEW_DEADLINE_MS", func(c config.Operator) any { return c.Election.RenewDeadline }, milliseconds()},
		"retry period":   {"STRIMZI_LEADER_ELECTION_RETRY_PERIOD_MS", func(c config.Operator) any { return c.Election.RetryPeriod }, milliseconds()},
		"pod sets only":  {"STRIMZI_POD_SET_RECONCILIATION_ONLY", func(c config.Operator) any { return c.PodSetsOnly }, booleans()},
		"policies":       {"STRIMZI_NETWORK_POLICY_GENERATION", func(c config.Operator) any { return c.NetworkPolicies }, booleans()},
		"budgets":        {"STRIMZI_POD_DISRUPTION_BUDGET_GENERATION", func(c config.Operator) any { return c.DisruptionBudgets }, booleans()},
		"key stores":     {"STRIMZI_PKCS12_KEYSTORE_GENERATION", func(c config.Operator) any { return c.KeyStores }, booleans()},
		"namespace":      {"STRIMZI_OPERATOR_NAMESPACE", func(c config.Operator) any { return c.Namespace }, text()},
		"name":           {"STRIMZI_OPERATOR_NAME", func(c config.Operator) any { return c.Name }, text()},
		"lease name":     {"STRIMZI_LEADER_ELECTION_LEASE_NAME", func(c config.Operator) any { return c.Election.LeaseName }, text()},
		"lease space":    {"STRIMZI_LEADER_ELECTION_LEASE_NAMESPACE", func(c config.Operator) any { return c.Election.LeaseNamespace }, text()},
		"identity":       {"STRIMZI_LEADER_ELECTION_IDENTITY", func(c config.Operator) any { return c.Election.Identity }, text()},
		"launcher":       {"STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", func(c config.Operator) any { return c.LauncherImage }, text()},
		"topic operator": {"STRIMZI_DEFAULT_TOPIC_OPERATOR_IMAGE", func(c config.Operator) any { return c.TopicOperatorImage }, text()},
		"user operator":  {"STRIMZI_DEFAULT_USER_OPERATOR_IMAGE", func(c config.Operator) any { return c.UserOperatorImage }, text()},
		"elsewhere":      {"STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED", func(c config.Operator) any { return c.EntityOperatorsElsewhere }, booleans()},
		"gates": {"STRIMZI_FEATURE_GATES", func(c config.Operator) any { return c.FeatureGates }, map[string]any{
			"+UseConnectBuildWithBuildah, +UseBackgroundPodDeletion": "+UseBackgroundPodDeletion",
			"-UseConnectBuildWithBuildah,-UseBackgroundPodDeletion":  "-UseConnectBuildWithBuildah",
			"-UseConnectBuildWithBuildah,+UseBackgroundPodDeletion":  "-UseConnectBuildWithBuildah,+UseBackgroundPodDeletion",
		}},
		"labels of entity operators": {"STRIMZI_CUSTOM_ENTITY_OPERATOR_LABELS", func(c config.Operator) any { return c.PodLabels["entity-operator"] }, map[string]any{
			"a=1": map[string]string{"a": "1"},
		}},
		"domain":    {"KUBERNETES_SERVICE_DNS_DOMAIN", func(c config.Operator) any { return c.DNSDomain }, text()},
		"exclusion": {"STRIMZI_LABELS_EXCLUSION_PATTERN", func(c config.Operator) any { return c.LabelExclusion }, text()},
		"log level": {"STRIMZI_LOG_LEVEL", func(c config.Operator) any { return c.LogLevel }, map[string]any{"DEBUG": "debug", "warn": "warn"}},
		"namespace labels": {"STRIMZI_OPERATOR_NAMESPACE_LABELS", func(c config.Operator) any { return c.NamespaceLabels }, map[string]any{
			"a=1,b=2": map[string]string{"a": "1", "b": "2"},
		}},
		"pod labels": {"STRIMZI_CUSTOM_KAFKA_LABELS", func(c config.Operator) any { return c.PodLabels["kafka"] }, map[string]any{
			"a=1\n b=x=y": map[string]string{"a": "1", "b": "x=y"},
		}},
		"images": {"STRIMZI_KAFKA_IMAGES", func(c config.Operator) any { return c.KafkaImages }, map[string]any{
			"4.3.0=one:tag\n\t4.3.1=two:tag\r\n": map[string]string{"4.3.0": "one:tag", "4.3.1": "two:tag"},
		}},
		"pull policy": {"STRIMZI_IMAGE_PULL_POLICY", func(c config.Operator) any { return c.PullPolicy }, map[string]any{
			"Always": corev1.PullAlways, "ifnotpresent": corev1.PullIfNotPresent, "NEVER": corev1.PullNever,
		}},
		"pull secrets": {"STRIMZI_IMAGE_PULL_SECRETS", func(c config.Operator) any { return c.PullSecrets }, map[string]any{
			"a, b": []string{"a", "b"},
		}},
		"security": {"STRIMZI_POD_SECURITY_PROVIDER_CLASS", func(c config.Operator) any { return c.Restricted }, map[string]any{
			"baseline": false, "Restricted": true,
			"io.strimzi.plugin.security.profiles.impl.RestrictedPodSecurityProvider": true,
			"io.strimzi.plugin.security.profiles.impl.BaselinePodSecurityProvider":   false,
		}},
	}
	for what, v := range everyVariable {
		for value, want := range v.values {
			t.Run(what+" from "+value, func(t *testing.T) {
				got, err := read(map[string]string{v.name: value})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, v.get(got)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func milliseconds() map[string]any {
	return map[string]any{"1": time.Millisecond, "3600000": time.Hour}
}

func booleans() map[string]any { return map[string]any{"true": true, "TRUE": true, "false": false} }

func text() map[string]any { return map[string]any{"some-text": "some-text"} }

func TestFeatureGatesThatAreKnownAreAccepted(t *testing.T) {
	for _, value := range []string{"+UseConnectBuildWithBuildah", "-UseConnectBuildWithBuildah, +UseBackgroundPodDeletion"} {
		if _, err := read(map[string]string{"STRIMZI_FEATURE_GATES": value}); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestWrongVariablesAreNamedWithWhatIsRight(t *testing.T) {
	const aDuration = "a positive number of milliseconds"
	tests := map[string]struct {
		name, value string
		// want are the texts that the message has besides the variable's name.
		want []string
	}{
		"namespaces that cannot exist":                 {"STRIMZI_NAMESPACE", "a,B c", []string{`"B c"`, "* alone"}},
		"a star among names":                           {"STRIMZI_NAMESPACE", "a,*", []string{`"*"`, "* alone"}},
		"commas alone, which must not mean everything": {"STRIMZI_NAMESPACE", ",", []string{`","`, "* alone"}},
		"a selector without value":                     {"STRIMZI_CUSTOM_RESOURCE_SELECTOR", "team", []string{`"team"`, "key=value"}},
		"a selector without key":                       {"STRIMZI_CUSTOM_RESOURCE_SELECTOR", "=one", []string{`"=one"`, "key=value"}},
		"an interval with a unit":                      {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", "2m", []string{`"2m"`, aDuration}},
		"an interval of nothing":                       {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", "0", []string{`"0"`, aDuration}},
		"a timeout that is negative":                   {"STRIMZI_OPERATION_TIMEOUT_MS", "-1", []string{`"-1"`, aDuration}},
		"a timeout beyond what can be counted":         {"STRIMZI_OPERATION_TIMEOUT_MS", "9223372036854775807", []string{"9223372036854775807", aDuration}},
		"a lease duration":                             {"STRIMZI_LEADER_ELECTION_LEASE_DURATION_MS", "x", []string{`"x"`, aDuration}},
		"a renew deadline":                             {"STRIMZI_LEADER_ELECTION_RENEW_DEADLINE_MS", "x", []string{`"x"`, aDuration}},
		"a retry period":                               {"STRIMZI_LEADER_ELECTION_RETRY_PERIOD_MS", "x", []string{`"x"`, aDuration}},
		"a switch":                                     {"STRIMZI_POD_SET_RECONCILIATION_ONLY", "yes", []string{`"yes"`, "true or false"}},
		"the switch of elections":                      {"STRIMZI_LEADER_ELECTION_ENABLED", "1", []string{`"1"`, "true or false"}},
		"the switch of watched namespaces":             {"STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED", "no", []string{`"no"`, "true or false"}},
		"labels of pods of entity operators":           {"STRIMZI_CUSTOM_ENTITY_OPERATOR_LABELS", "a", []string{`"a"`, "key=value"}},
		"the switch of network policies":               {"STRIMZI_NETWORK_POLICY_GENERATION", "no", []string{`"no"`, "true or false"}},
		"the switch of disruption budgets":             {"STRIMZI_POD_DISRUPTION_BUDGET_GENERATION", "no", []string{`"no"`, "true or false"}},
		"the switch of key stores":                     {"STRIMZI_PKCS12_KEYSTORE_GENERATION", "no", []string{`"no"`, "true or false"}},
		"namespace labels":                             {"STRIMZI_OPERATOR_NAMESPACE_LABELS", "a", []string{`"a"`, "key=value"}},
		"pod labels":                                   {"STRIMZI_CUSTOM_KAFKA_LABELS", "a", []string{`"a"`, "key=value"}},
		"no images":                                    {"STRIMZI_KAFKA_IMAGES", "", []string{"is empty", "version=image"}},
		"an image without a version":                   {"STRIMZI_KAFKA_IMAGES", "kafka:4", []string{`"kafka:4"`, "key=value"}},
		"no launcher image":                            {"STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", "", []string{"is empty", "image"}},
		"a pull policy":                                {"STRIMZI_IMAGE_PULL_POLICY", "Sometimes", []string{`"Sometimes"`, "Always, IfNotPresent or Never"}},
		"a security provider":                          {"STRIMZI_POD_SECURITY_PROVIDER_CLASS", "com.example.Mine", []string{"com.example.Mine", "baseline or restricted"}},
		"a gate that nobody knows":                     {"STRIMZI_FEATURE_GATES", "+Unknown", []string{`"+Unknown"`, "UseBackgroundPodDeletion"}},
		"a gate without its sign":                      {"STRIMZI_FEATURE_GATES", "UseBackgroundPodDeletion", []string{"at most once", "+ or -"}},
		"a gate with two signs":                        {"STRIMZI_FEATURE_GATES", "+-UseBackgroundPodDeletion", []string{"+ or -"}},
		"a gate that comes twice":                      {"STRIMZI_FEATURE_GATES", "+UseBackgroundPodDeletion,-UseBackgroundPodDeletion", []string{"at most once"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := read(map[string]string{test.name: test.value})
			if err == nil {
				t.Fatal("no error")
			}
			message := err.Error()
			for _, want := range append(test.want, test.name, "expected ") {
				if !strings.Contains(message, want) {
					t.Errorf("%q lacks %q", message, want)
				}
			}
			if strings.Contains(message, "\n") {
				t.Errorf("more than one line: %q", message)
			}
		})
	}
}

func TestElectionNeedsItsNames(t *testing.T) {
	names := []string{"STRIMZI_LEADER_ELECTION_LEASE_NAME", "STRIMZI_LEADER_ELECTION_LEASE_NAMESPACE", "STRIMZI_LEADER_ELECTION_IDENTITY"}
	complete := map[string]string{"STRIMZI_LEADER_ELECTION_ENABLED": "true"}
	for _, name := range names {
		complete[name] = "given"
	}
	got, err := read(complete)
	if err != nil || !got.Election.Enabled {
		t.Fatalf("enabled: %v, error: %v", got.Election.Enabled, err)
	}
	for _, name := range names {
		incomplete := maps.Clone(complete)
		incomplete[name] = ""
		_, err := read(incomplete)
		if want := name + " is empty: expected a name, as leader election is enabled"; err == nil || err.Error() != want {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestAllThatIsWrongIsToldInOneLineInOneOrder(t *testing.T) {
	wrong := map[string]string{
		"STRIMZI_KAFKA_IMAGES": "", "STRIMZI_OPERATION_TIMEOUT_MS": "soon", "STRIMZI_LEADER_ELECTION_ENABLED": "true",
	}
	const want = `STRIMZI_OPERATION_TIMEOUT_MS is "soon": expected a positive number of milliseconds; ` +
		`STRIMZI_LEADER_ELECTION_LEASE_NAME is empty: expected a name, as leader election is enabled; ` +
		`STRIMZI_LEADER_ELECTION_LEASE_NAMESPACE is empty: expected a name, as leader election is enabled; ` +
		`STRIMZI_LEADER_ELECTION_IDENTITY is empty: expected a name, as leader election is enabled; ` +
		`STRIMZI_KAFKA_IMAGES is empty: expected one line version=image for each supported Kafka version`
	for range 20 {
		_, err := read(wrong)
		if err == nil {
			t.Fatal("no error")
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Fatalf("message (-want +got):\n%s", diff)
		}
	}
}
