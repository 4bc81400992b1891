package config_test

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/topic"
)

// enoughForTopics is the least that an operator of topics needs to start.
func enoughForTopics() map[string]string {
	return map[string]string{"STRIMZI_NAMESPACE": "ns", "STRIMZI_KAFKA_BOOTSTRAP_SERVERS": "kafka:9091"}
}

func readTopics(changes map[string]string) (config.TopicOperator, error) {
	variables := enoughForTopics()
	maps.Copy(variables, changes)
	return config.ReadTopicOperator(func(name string) string { return variables[name] })
}

func comparePatterns() cmp.Option {
	return cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() })
}

func compareAlterable() cmp.Option {
	return cmp.Comparer(func(a, b topic.Alterable) bool {
		return a.Has("retention.ms") == b.Has("retention.ms") && a.Has("other") == b.Has("other")
	})
}

// The API's batches are of 100 topics after 100 ms; ours differ on purpose.
func TestDefaultsOfTopicsAreThoseOfTheAPI(t *testing.T) {
	got, err := readTopics(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.TopicOperator{
		Namespace: "ns", Labels: map[string]string{},
		Kafka:  config.KafkaAccess{Bootstrap: []string{"kafka:9091"}, SecretNamespace: "ns", VerifyHost: true},
		Resync: 120 * time.Second, Finalizers: true, BatchSize: 250, BatchLinger: 10 * time.Millisecond, Workers: 4,
		Alterable: topic.ParseAlterable("ALL"), Mode: topic.Revert, Exclusion: mustExclude(t, topic.DefaultExclusion), SyncInterval: 10 * time.Second,
		LogLevel: "info",
	}
	if diff := cmp.Diff(want, got, comparePatterns(), compareAlterable()); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	got, err = readTopics(map[string]string{"STRIMZI_CRUISE_CONTROL_ENABLED": "true"})
	if err != nil {
		t.Fatal(err)
	}
	cruiseControl := &config.CruiseControl{
		Host: "localhost", Port: 9090, TrustFile: "/etc/cluster-ca-certs/ca.crt",
		UserFile: "/etc/eto-cc-api/topic-operator.apiAdminName", PasswordFile: "/etc/eto-cc-api/topic-operator.apiAdminPassword",
	}
	if diff := cmp.Diff(cruiseControl, got.CruiseControl); diff != "" {
		t.Errorf("Cruise Control (-want +got):\n%s", diff)
	}
}

func mustExclude(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	out, err := topic.ParseExclusion(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVariablesOfTopicsAreUnderstood(t *testing.T) {
	type c = config.TopicOperator
	cruise := map[string]string{"STRIMZI_CRUISE_CONTROL_ENABLED": "true"}
	secret := map[string]string{"STRIMZI_TLS_SECRET_NAME": "keys", "STRIMZI_TLS_KEY_NAME": "k", "STRIMZI_TLS_CERT_NAME": "c"}
	plain := map[string]string{
		"STRIMZI_SASL_ENABLED": "true", "STRIMZI_SECURITY_PROTOCOL": "SASL_SSL", "STRIMZI_SASL_MECHANISM": "plain",
		"STRIMZI_SASL_USERNAME": "me", "STRIMZI_SASL_PASSWORD": "secret",
	}
	numbers := map[string]any{"1": 1, "250": 250}
	everyVariable := map[string]struct {
		name string
		get  func(c) any
		// with are the other variables that it needs.
		with   map[string]string
		values map[string]any
	}{
		"namespace": {"STRIMZI_NAMESPACE", func(c c) any { return c.Namespace }, nil, text()},
		"bootstrap": {"STRIMZI_KAFKA_BOOTSTRAP_SERVERS", func(c c) any { return c.Kafka.Bootstrap }, nil, map[string]any{
			"a:1": []string{"a:1"}, "a:1, b:2,": []string{"a:1", "b:2"},
		}},
		"labels": {"STRIMZI_RESOURCE_LABELS", func(c c) any { return c.Labels }, nil, map[string]any{
			"strimzi.io/cluster=c,a=1": map[string]string{"strimzi.io/cluster": "c", "a": "1"},
		}},
		"namespace of Secrets": {"STRIMZI_CLUSTER_NAMESPACE", func(c c) any { return c.Kafka.SecretNamespace }, nil, text()},
		"client id":            {"STRIMZI_CLIENT_ID", func(c c) any { return c.Kafka.ClientID }, nil, text()},
		"resync":               {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", func(c c) any { return c.Resync }, nil, milliseconds()},
		"trust":                {"STRIMZI_TLS_TRUSTED_CERTS_SECRET_NAME", func(c c) any { return c.Kafka.TrustSecret }, nil, text()},
		"keys":                 {"STRIMZI_TLS_SECRET_NAME", func(c c) any { return c.Kafka.KeySecret }, secret, text()},
		"key":                  {"STRIMZI_TLS_KEY_NAME", func(c c) any { return c.Kafka.KeyName }, secret, text()},
		"certificate":          {"STRIMZI_TLS_CERT_NAME", func(c c) any { return c.Kafka.CertName }, secret, text()},
		"names of brokers": {"STRIMZI_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", func(c c) any { return c.Kafka.VerifyHost }, nil, map[string]any{
			"HTTPS": true, "https": true, "none": false, "NONE": false, " ": false,
		}},
		"protocol": {"STRIMZI_SECURITY_PROTOCOL", func(c c) any { return c.Kafka.TLS }, nil, map[string]any{
			"PLAINTEXT": false, "SSL": true, "SASL_PLAINTEXT": false, "SASL_SSL": true,
		}},
		"SASL": {"STRIMZI_SASL_ENABLED", func(c c) any { return c.Kafka.SASL != nil }, plain, booleans()},
		"mechanism": {"STRIMZI_SASL_MECHANISM", func(c c) any { return c.Kafka.SASL.Mechanism }, plain, map[string]any{
			"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512",
		}},
		"user":               {"STRIMZI_SASL_USERNAME", func(c c) any { return c.Kafka.SASL.Username }, plain, text()},
		"password":           {"STRIMZI_SASL_PASSWORD", func(c c) any { return c.Kafka.SASL.Password }, plain, text()},
		"finalizers":         {"STRIMZI_USE_FINALIZERS", func(c c) any { return c.Finalizers }, nil, booleans()},
		"batch":              {"STRIMZI_MAX_BATCH_SIZE", func(c c) any { return c.BatchSize }, nil, numbers},
		"linger":             {"STRIMZI_MAX_BATCH_LINGER_MS", func(c c) any { return c.BatchLinger }, nil, milliseconds()},
		"workers":            {"STRIMZI_TOPIC_OPERATIONS_THREAD_POOL_SIZE", func(c c) any { return c.Workers }, nil, numbers},
		"additional metrics": {"STRIMZI_ENABLE_ADDITIONAL_METRICS", func(c c) any { return c.AdditionalMetrics }, nil, booleans()},
		"alterable": {"STRIMZI_ALTERABLE_TOPIC_CONFIG", func(c c) any { return c.Alterable.Has("retention.ms") }, nil, map[string]any{
			"ALL": true, "NONE": false, "retention.ms, segment.bytes": true, "segment.bytes": false,
		}},
		"review":                  {"STRIMZI_SKIP_CLUSTER_CONFIG_REVIEW", func(c c) any { return c.SkipConfigReview }, nil, booleans()},
		"Cruise Control":          {"STRIMZI_CRUISE_CONTROL_ENABLED", func(c c) any { return c.CruiseControl != nil }, nil, booleans()},
		"its host":                {"STRIMZI_CRUISE_CONTROL_HOSTNAME", func(c c) any { return c.CruiseControl.Host }, cruise, text()},
		"its port":                {"STRIMZI_CRUISE_CONTROL_PORT", func(c c) any { return c.CruiseControl.Port }, cruise, numbers},
		"its racks":               {"STRIMZI_CRUISE_CONTROL_RACK_ENABLED", func(c c) any { return c.CruiseControl.RackAware }, cruise, booleans()},
		"its encryption":          {"STRIMZI_CRUISE_CONTROL_SSL_ENABLED", func(c c) any { return c.CruiseControl.TLS }, cruise, booleans()},
		"its authentication":      {"STRIMZI_CRUISE_CONTROL_AUTH_ENABLED", func(c c) any { return c.CruiseControl.Auth }, cruise, booleans()},
		"its trust":               {"STRIMZI_CRUISE_CONTROL_CRT_FILE_PATH", func(c c) any { return c.CruiseControl.TrustFile }, cruise, text()},
		"its user":                {"STRIMZI_CRUISE_CONTROL_API_USER_PATH", func(c c) any { return c.CruiseControl.UserFile }, cruise, text()},
		"its password":            {"STRIMZI_CRUISE_CONTROL_API_PASS_PATH", func(c c) any { return c.CruiseControl.PasswordFile }, cruise, text()},
		"log level":               {"STRIMZI_LOG_LEVEL", func(c c) any { return c.LogLevel }, nil, map[string]any{"DEBUG": "debug"}},
		"drift":                   {"CASTELLAN_DRIFT", func(c c) any { return c.Mode }, nil, map[string]any{"revert": topic.Revert, "report": topic.Report}},
		"direction":               {"CASTELLAN_TOPIC_SYNC", func(c c) any { return c.Mode }, nil, map[string]any{"one-way": topic.Revert, "two-way": topic.TwoWay}},
		"direction, before drift": {"CASTELLAN_TOPIC_SYNC", func(c c) any { return c.Mode }, map[string]string{"CASTELLAN_DRIFT": "report"}, map[string]any{"one-way": topic.Report, "two-way": topic.TwoWay}},
		"exclusion":               {"CASTELLAN_TOPIC_SYNC_EXCLUDE", func(c c) any { return c.Exclusion.String() }, nil, map[string]any{"a|b": "^(?:a|b)$"}},
		"sync interval":           {"CASTELLAN_TOPIC_SYNC_INTERVAL_MS", func(c c) any { return c.SyncInterval }, nil, milliseconds()},
		"throttle":                {"CASTELLAN_REPLICATION_THROTTLE", func(c c) any { return c.Throttle }, nil, map[string]any{"0": int64(0), "10000000": int64(10_000_000)}},
	}
	for what, v := range everyVariable {
		for value, want := range v.values {
			t.Run(what+" from "+value, func(t *testing.T) {
				variables := maps.Clone(v.with)
				if variables == nil {
					variables = map[string]string{}
				}
				variables[v.name] = value
				got, err := readTopics(variables)
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

func TestWrongVariablesOfTopicsAreNamedWithWhatIsRight(t *testing.T) {
	const aDuration, aNumber = "a positive number of milliseconds", "a number from 1 to 2147483647"
	cruise := map[string]string{"STRIMZI_CRUISE_CONTROL_ENABLED": "true"}
	sasl := map[string]string{"STRIMZI_SASL_ENABLED": "true", "STRIMZI_SECURITY_PROTOCOL": "SASL_SSL", "STRIMZI_SASL_MECHANISM": "plain", "STRIMZI_SASL_USERNAME": "me", "STRIMZI_SASL_PASSWORD": "secret"}
	tests := map[string]struct {
		name, value string
		with        map[string]string
		want        []string
	}{
		"two ways without finalizers":     {"STRIMZI_USE_FINALIZERS", "false", map[string]string{"CASTELLAN_TOPIC_SYNC": "two-way"}, []string{`"false"`, "two-way"}},
		"no namespace":                    {"STRIMZI_NAMESPACE", "", nil, []string{"is empty", "the namespace to watch"}},
		"no addresses":                    {"STRIMZI_KAFKA_BOOTSTRAP_SERVERS", "", nil, []string{"is empty", "host:port"}},
		"commas for addresses":            {"STRIMZI_KAFKA_BOOTSTRAP_SERVERS", " , ", nil, []string{"is empty", "host:port"}},
		"a label without a value":         {"STRIMZI_RESOURCE_LABELS", "team", nil, []string{`"team"`, "key=value"}},
		"an interval of nothing":          {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", "0", nil, []string{`"0"`, aDuration}},
		"a linger with a unit":            {"STRIMZI_MAX_BATCH_LINGER_MS", "1s", nil, []string{`"1s"`, aDuration}},
		"a sync interval":                 {"CASTELLAN_TOPIC_SYNC_INTERVAL_MS", "-5", nil, []string{`"-5"`, aDuration}},
		"a batch of nothing":              {"STRIMZI_MAX_BATCH_SIZE", "0", nil, []string{`"0"`, aNumber}},
		"workers":                         {"STRIMZI_TOPIC_OPERATIONS_THREAD_POOL_SIZE", "many", nil, []string{`"many"`, aNumber}},
		"a port":                          {"STRIMZI_CRUISE_CONTROL_PORT", "http", cruise, []string{`"http"`, aNumber}},
		"a negative throttle":             {"CASTELLAN_REPLICATION_THROTTLE", "-1", nil, []string{`"-1"`, "a number from 0"}},
		"finalizers":                      {"STRIMZI_USE_FINALIZERS", "yes", nil, []string{`"yes"`, "true or false"}},
		"additional metrics":              {"STRIMZI_ENABLE_ADDITIONAL_METRICS", "1", nil, []string{`"1"`, "true or false"}},
		"a review":                        {"STRIMZI_SKIP_CLUSTER_CONFIG_REVIEW", "1", nil, []string{`"1"`, "true or false"}},
		"Cruise Control":                  {"STRIMZI_CRUISE_CONTROL_ENABLED", "on", nil, []string{`"on"`, "true or false"}},
		"its racks":                       {"STRIMZI_CRUISE_CONTROL_RACK_ENABLED", "on", cruise, []string{`"on"`, "true or false"}},
		"its encryption":                  {"STRIMZI_CRUISE_CONTROL_SSL_ENABLED", "on", cruise, []string{`"on"`, "true or false"}},
		"its authentication":              {"STRIMZI_CRUISE_CONTROL_AUTH_ENABLED", "on", cruise, []string{`"on"`, "true or false"}},
		"a protocol":                      {"STRIMZI_SECURITY_PROTOCOL", "ssl", nil, []string{`"ssl"`, "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"}},
		"a check of names":                {"STRIMZI_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "ldaps", nil, []string{`"ldaps"`, "HTTPS, or none"}},
		"keys without their names":        {"STRIMZI_TLS_SECRET_NAME", "keys", nil, []string{"STRIMZI_TLS_KEY_NAME and STRIMZI_TLS_CERT_NAME"}},
		"drift":                           {"CASTELLAN_DRIFT", "ignore", nil, []string{`"ignore"`, "report or revert"}},
		"two-way is no drift":             {"CASTELLAN_DRIFT", "two-way", nil, []string{`"two-way"`, "report or revert"}},
		"a direction":                     {"CASTELLAN_TOPIC_SYNC", "both", nil, []string{`"both"`, "one-way or two-way"}},
		"a pattern":                       {"CASTELLAN_TOPIC_SYNC_EXCLUDE", "(", nil, []string{`"("`, "a regular expression"}},
		"SASL":                            {"STRIMZI_SASL_ENABLED", "yes", nil, []string{`"yes"`, "true or false"}},
		"a mechanism":                     {"STRIMZI_SASL_MECHANISM", "PLAIN", sasl, []string{`"PLAIN"`, "plain, scram-sha-256 or scram-sha-512"}},
		"no mechanism":                    {"STRIMZI_SASL_MECHANISM", "", sasl, []string{`""`, "plain, scram-sha-256 or scram-sha-512"}},
		"no user":                         {"STRIMZI_SASL_USERNAME", "", sasl, []string{"is empty", "a name"}},
		"no password":                     {"STRIMZI_SASL_PASSWORD", "", sasl, []string{"is empty", "a password"}},
		"SASL over a protocol without it": {"STRIMZI_SECURITY_PROTOCOL", "SSL", sasl, []string{`"SSL"`, "SASL_PLAINTEXT or SASL_SSL"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			variables := maps.Clone(test.with)
			if variables == nil {
				variables = map[string]string{}
			}
			variables[test.name] = test.value
			_, err := readTopics(variables)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(test.want, test.name, "expected ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\n;") {
				t.Errorf("more than one thing is wrong, or more than one line: %q", err)
			}
		})
	}
}

func TestCustomSASL(t *testing.T) {
	const module = "org.apache.kafka.common.security.plain.PlainLoginModule required "
	tests := map[string]struct {
		custom string
		want   clientconfig.SASL
	}{
		"a password in quotes": {
			`{"sasl.mechanism":"SCRAM-SHA-512","sasl.jaas.config":"` + module + `username=\"me\" password=\"a b;c=d\";"}`,
			clientconfig.SASL{Mechanism: "SCRAM-SHA-512", Username: "me", Password: "a b;c=d"},
		},
		"a password with quotes and backslashes": {
			`{"sasl.mechanism":"PLAIN","sasl.jaas.config":"` + module + `username=\"me\" password=\"a\\\"b\\\\c\\\\\\\"\";"}`,
			clientconfig.SASL{Mechanism: "PLAIN", Username: "me", Password: `a"b\c\"`},
		},
		"a password without quotes": {
			`{"sasl.mechanism":"PLAIN","sasl.jaas.config":"` + module + `username=me password=secret;"}`,
			clientconfig.SASL{Mechanism: "PLAIN", Username: "me", Password: "secret"},
		},
		"a token by the options of JAAS": {
			`{"sasl.mechanism":"OAUTHBEARER","sasl.oauthbearer.token.endpoint.url":"https://sso/token","sasl.jaas.config":"x required clientId=\"id\" clientSecret=\"se\" scope=\"a b\";"}`,
			clientconfig.SASL{Mechanism: "OAUTHBEARER", TokenURL: "https://sso/token", ClientID: "id", ClientSecret: "se", Scopes: []string{"a", "b"}},
		},
		"a token by options of its own": {
			`{"sasl.mechanism":"OAUTHBEARER","sasl.oauthbearer.token.endpoint.url":"u","sasl.oauthbearer.client.credentials.client.id":"id",` +
				`"sasl.oauthbearer.client.credentials.client.secret":"se","sasl.oauthbearer.scope":"a"}`,
			clientconfig.SASL{Mechanism: "OAUTHBEARER", TokenURL: "u", ClientID: "id", ClientSecret: "se", Scopes: []string{"a"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readTopics(map[string]string{
				"STRIMZI_SASL_ENABLED": "true", "STRIMZI_SECURITY_PROTOCOL": "SASL_SSL", "STRIMZI_SASL_CUSTOM_CONFIG_JSON": test.custom,
				// It replaces mechanism and credentials.
				"STRIMZI_SASL_MECHANISM": "nonsense",
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got.Kafka.SASL); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoSecretIsInAnError(t *testing.T) {
	const secret = "hunter2"
	const jaas = `"sasl.jaas.config":"m required username=\"u\" password=\"` + secret + `\" clientSecret=\"` + secret + `\";"`
	tests := map[string]struct{ custom, want string }{
		"no JSON":                     {`{"sasl.mechanism":"PLAIN",` + jaas, "is no JSON object of texts"},
		"a value that is no text":     {`{"sasl.mechanism":"PLAIN","sasl.x":{"password":"` + secret + `"}}`, "is no JSON object of texts"},
		"only the secret":             {secret, "is no JSON object of texts"},
		"an option of another family": {`{"sasl.mechanism":"PLAIN","ssl.keystore.password":"` + secret + `",` + jaas + `}`, `"ssl.keystore.password"`},
		"a mechanism":                 {`{"sasl.mechanism":"GSSAPI",` + jaas + `}`, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"},
		"no user":                     {`{"sasl.mechanism":"PLAIN","sasl.jaas.config":"m required password=\"` + secret + `\";"}`, `username="…"`},
		"no token endpoint":           {`{"sasl.mechanism":"OAUTHBEARER",` + jaas + `}`, "sasl.oauthbearer.token.endpoint.url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readTopics(map[string]string{
				"STRIMZI_SASL_ENABLED": "true", "STRIMZI_SECURITY_PROTOCOL": "SASL_SSL", "STRIMZI_SASL_CUSTOM_CONFIG_JSON": test.custom,
			})
			if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "STRIMZI_SASL_CUSTOM_CONFIG_JSON") {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := readTopics(map[string]string{
		"STRIMZI_SASL_ENABLED": "true", "STRIMZI_SECURITY_PROTOCOL": "SASL_SSL", "STRIMZI_SASL_MECHANISM": "x", "STRIMZI_SASL_USERNAME": "me", "STRIMZI_SASL_PASSWORD": secret,
	})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
}
