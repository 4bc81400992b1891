package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/pki"
)

// readUsers reads the least that an operator of users needs to start, with changes.
func readUsers(changes map[string]string) (config.UserOperator, error) {
	variables := map[string]string{"STRIMZI_NAMESPACE": "ns", "STRIMZI_CA_CERT_NAME": "ca-cert", "STRIMZI_CA_KEY_NAME": "ca"}
	maps.Copy(variables, changes)
	return config.ReadUserOperator(func(name string) string { return variables[name] })
}

// The API's batches wait for 100 ms; ours do not on purpose.
func TestDefaultsOfUsersAreThoseOfTheAPI(t *testing.T) {
	got, err := readUsers(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.UserOperator{
		Namespace: "ns", Labels: map[string]string{},
		Kafka: config.KafkaAccess{
			Bootstrap: []string{"localhost:9091"}, SecretNamespace: "ns", KeyName: "entity-operator.key", CertName: "entity-operator.crt",
			VerifyHost: true, Stores: clientconfig.Stores{},
		},
		Resync: 120 * time.Second, CACertSecret: "ca-cert", CAKeySecret: "ca", CANamespace: "ns",
		Lifetime: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}, KeyAlgorithm: pki.RSA2048,
		PasswordLength: 32, ACLs: true, PKCS12: true, BatchSize: 100, BatchLinger: 10 * time.Millisecond, Workers: 4,
		Timeout: 300 * time.Second, LogLevel: "info",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestVariablesOfUsersAreUnderstood(t *testing.T) {
	type c = config.UserOperator
	numbers := map[string]any{"1": 1, "250": 250}
	everyVariable := map[string]struct {
		name string
		get  func(c) any
		// with are the other variables that it needs.
		with   map[string]string
		values map[string]any
	}{
		"namespace":                {"STRIMZI_NAMESPACE", func(c c) any { return c.Namespace }, nil, text()},
		"labels":                   {"STRIMZI_LABELS", func(c c) any { return c.Labels }, nil, map[string]any{"strimzi.io/cluster=c,a=1": map[string]string{"strimzi.io/cluster": "c", "a": "1"}}},
		"bootstrap":                {"STRIMZI_KAFKA_BOOTSTRAP_SERVERS", func(c c) any { return c.Kafka.Bootstrap }, nil, map[string]any{"a:1, b:2,": []string{"a:1", "b:2"}}},
		"resync":                   {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", func(c c) any { return c.Resync }, nil, milliseconds()},
		"authority":                {"STRIMZI_CA_CERT_NAME", func(c c) any { return c.CACertSecret }, nil, text()},
		"its key":                  {"STRIMZI_CA_KEY_NAME", func(c c) any { return c.CAKeySecret }, nil, text()},
		"its namespace":            {"STRIMZI_CA_NAMESPACE", func(c c) any { return c.CANamespace }, nil, text()},
		"namespace of Secrets":     {"STRIMZI_CA_NAMESPACE", func(c c) any { return c.Kafka.SecretNamespace }, nil, text()},
		"trust":                    {"STRIMZI_CLUSTER_CA_CERT_SECRET_NAME", func(c c) any { return c.Kafka.TrustSecret }, nil, text()},
		"encryption by trust":      {"STRIMZI_CLUSTER_CA_CERT_SECRET_NAME", func(c c) any { return c.Kafka.TLS }, nil, map[string]any{"": false, "a": true}},
		"keys":                     {"STRIMZI_EO_KEY_SECRET_NAME", func(c c) any { return c.Kafka.KeySecret }, nil, text()},
		"encryption by keys":       {"STRIMZI_EO_KEY_SECRET_NAME", func(c c) any { return c.Kafka.TLS }, nil, map[string]any{"": false, "a": true}},
		"key":                      {"STRIMZI_EO_KEY_NAME", func(c c) any { return c.Kafka.KeyName }, nil, text()},
		"certificate":              {"STRIMZI_EO_CERT_NAME", func(c c) any { return c.Kafka.CertName }, nil, text()},
		"days":                     {"STRIMZI_CA_VALIDITY", func(c c) any { return c.Lifetime }, nil, map[string]any{"400": living(400*day, 30*day), "30": living(30*day, 10*day)}},
		"days to renew":            {"STRIMZI_CA_RENEWAL", func(c c) any { return c.Lifetime }, nil, map[string]any{"1": living(365*day, day), "364": living(365*day, 364*day)}},
		"lifetime":                 {"CASTELLAN_USER_LIFETIME", func(c c) any { return c.Lifetime }, map[string]string{"STRIMZI_CA_RENEWAL": "300"}, map[string]any{"1m": living(time.Minute, 20*time.Second), "36h": living(36*time.Hour, 12*time.Hour)}},
		"renewal":                  {"CASTELLAN_USER_RENEW_BEFORE", func(c c) any { return c.Lifetime }, map[string]string{"CASTELLAN_USER_LIFETIME": "1h"}, map[string]any{"59m": living(time.Hour, 59*time.Minute)}},
		"renewal alone":            {"CASTELLAN_USER_RENEW_BEFORE", func(c c) any { return c.Lifetime }, nil, map[string]any{"200h": living(365*day, 200*time.Hour)}},
		"kind of key":              {"CASTELLAN_USER_KEY_ALGORITHM", func(c c) any { return c.KeyAlgorithm }, nil, map[string]any{"RSA-4096": pki.RSA4096, "ecdsa-p256": pki.ECDSAP256}},
		"prefix":                   {"STRIMZI_SECRET_PREFIX", func(c c) any { return c.SecretPrefix }, nil, text()},
		"password":                 {"STRIMZI_SCRAM_SHA_PASSWORD_LENGTH", func(c c) any { return c.PasswordLength }, nil, numbers},
		"ACLs":                     {"STRIMZI_ACLS_ADMIN_API_SUPPORTED", func(c c) any { return c.ACLs }, nil, booleans()},
		"key stores":               {"STRIMZI_PKCS12_KEYSTORE_GENERATION", func(c c) any { return c.PKCS12 }, nil, booleans()},
		"who is ignored":           {"STRIMZI_IGNORED_USERS_PATTERN", func(c c) any { return c.Ignored.MatchString("CN=a") && !c.Ignored.MatchString("CN=ab") }, nil, map[string]any{"x|CN=a": true}},
		"windows":                  {"STRIMZI_MAINTENANCE_TIME_WINDOWS", func(c c) any { return c.Windows }, nil, map[string]any{"* * 8-10 * * ?;* * 14-15 * * ?": []string{"* * 8-10 * * ?", "* * 14-15 * * ?"}, " ; ": []string(nil)}},
		"a window that is never":   {"STRIMZI_MAINTENANCE_TIME_WINDOWS", func(c c) any { return c.Windows }, nil, map[string]any{"sometimes": []string{"sometimes"}}},
		"batch":                    {"STRIMZI_BATCH_MAXIMUM_BLOCK_SIZE", func(c c) any { return c.BatchSize }, nil, numbers},
		"linger":                   {"STRIMZI_BATCH_MAXIMUM_BLOCK_TIME_MS", func(c c) any { return c.BatchLinger }, nil, milliseconds()},
		"workers":                  {"STRIMZI_USER_OPERATIONS_THREAD_POOL_SIZE", func(c c) any { return c.Workers }, nil, numbers},
		"refresh":                  {"STRIMZI_CACHE_REFRESH_INTERVAL_MS", func(c c) any { return c.Refresh }, nil, milliseconds()},
		"timeout":                  {"STRIMZI_OPERATION_TIMEOUT_MS", func(c c) any { return c.Timeout }, nil, milliseconds()},
		"drift":                    {"CASTELLAN_DRIFT", func(c c) any { return c.ReportDrift }, nil, map[string]any{"revert": false, "report": true}},
		"namespaces of copies":     {"CASTELLAN_USER_SECRET_NAMESPACES", func(c c) any { return c.SecretNamespaces }, nil, map[string]any{"a, b-1,,a": []string{"a", "b-1"}}},
		"log level":                {"STRIMZI_LOG_LEVEL", func(c c) any { return c.LogLevel }, nil, map[string]any{"DEBUG": "debug"}},
		"what means nothing here":  {"STRIMZI_WORK_QUEUE_SIZE", func(c c) any { return c.Namespace }, nil, map[string]any{"no number": "ns"}},
		"threads":                  {"STRIMZI_CONTROLLER_THREAD_POOL_SIZE", func(c c) any { return c.Workers }, nil, map[string]any{"50": 4}},
		"a queue":                  {"STRIMZI_BATCH_QUEUE_SIZE", func(c c) any { return c.BatchSize }, nil, map[string]any{"1024": 100}},
		"plugins of another world": {"STRIMZI_GATEKEEPER_CUSTOM_PLUGINS", func(c c) any { return c.Namespace }, nil, map[string]any{"io.Plugin": "ns"}},
	}
	for what, v := range everyVariable {
		for value, want := range v.values {
			t.Run(what+" from "+value, func(t *testing.T) {
				variables := map[string]string{}
				maps.Copy(variables, v.with)
				variables[v.name] = value
				got, err := readUsers(variables)
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

const day = 24 * time.Hour

func living(validity, renewBefore time.Duration) pki.Lifetime {
	return pki.Lifetime{Validity: validity, RenewBefore: renewBefore}
}

func TestTheConfigurationOfAClientGoesBeforeSecrets(t *testing.T) {
	const login = `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="secret";`
	scram := &clientconfig.SASL{Mechanism: "SCRAM-SHA-512", Username: "me", Password: "secret"}
	trust := map[string]string{"STRIMZI_CLUSTER_CA_CERT_SECRET_NAME": "trust", "STRIMZI_EO_KEY_SECRET_NAME": "key"}
	tests := map[string]struct {
		with map[string]string
		text string
		want config.KafkaAccess
	}{
		"nothing is said": {trust, "", config.KafkaAccess{TLS: true, VerifyHost: true}},
		"a name, and how often is asked": {nil, "client.id=me\nrequest.timeout.ms=1000", config.KafkaAccess{
			ClientID: "me", VerifyHost: true,
		}},
		"a login where a Secret says whom to trust": {trust, "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n" + login, config.KafkaAccess{
			TLS: true, VerifyHost: true, SASL: scram,
		}},
		"a login in the clear":              {nil, "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n" + login, config.KafkaAccess{VerifyHost: true, SASL: scram}},
		"no encryption in spite of Secrets": {trust, "security.protocol=PLAINTEXT", config.KafkaAccess{VerifyHost: true}},
		"names that are not compared":       {trust, "ssl.endpoint.identification.algorithm=", config.KafkaAccess{TLS: true}},
		"what the system trusts":            {nil, "security.protocol=SSL", config.KafkaAccess{TLS: true, VerifyHost: true}},
		"a file of certificates": {trust, "ssl.truststore.location=/mnt/ca.crt", config.KafkaAccess{
			TLS: true, VerifyHost: true, Stores: clientconfig.Stores{"ssl.truststore.location": "/mnt/ca.crt"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{"STRIMZI_KAFKA_ADMIN_CLIENT_CONFIGURATION": test.text}
			maps.Copy(variables, test.with)
			got, err := readUsers(variables)
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			want.Bootstrap, want.SecretNamespace, want.KeyName, want.CertName = []string{"localhost:9091"}, "ns", "entity-operator.key", "entity-operator.crt"
			want.TrustSecret, want.KeySecret = test.with["STRIMZI_CLUSTER_CA_CERT_SECRET_NAME"], test.with["STRIMZI_EO_KEY_SECRET_NAME"]
			if want.Stores == nil {
				want.Stores = clientconfig.Stores{}
			}
			if diff := cmp.Diff(want, got.Kafka); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongVariablesOfUsersAreNamedWithWhatIsRight(t *testing.T) {
	const aDuration, aNumber, aLife = "a positive number of milliseconds", "a number from 1 to 2147483647", "a duration such as 36h or 90m, at least 1m"
	const admin = "STRIMZI_KAFKA_ADMIN_CLIENT_CONFIGURATION"
	trust := map[string]string{"STRIMZI_CLUSTER_CA_CERT_SECRET_NAME": "trust"}
	tests := map[string]struct {
		name, value string
		with        map[string]string
		want        []string
	}{
		"no namespace":                 {"STRIMZI_NAMESPACE", "", nil, []string{"is empty", "the namespace to watch"}},
		"no authority":                 {"STRIMZI_CA_CERT_NAME", "", nil, []string{"is empty", "the Secret with the certificate of the clients CA"}},
		"no key of it":                 {"STRIMZI_CA_KEY_NAME", "", nil, []string{"is empty", "the Secret with the key of the clients CA"}},
		"commas for addresses":         {"STRIMZI_KAFKA_BOOTSTRAP_SERVERS", " , ", nil, []string{"names nothing", "host:port"}},
		"a label without a value":      {"STRIMZI_LABELS", "team", nil, []string{`"team"`, "key=value"}},
		"an interval of nothing":       {"STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", "0", nil, []string{`"0"`, aDuration}},
		"a linger with a unit":         {"STRIMZI_BATCH_MAXIMUM_BLOCK_TIME_MS", "1s", nil, []string{`"1s"`, aDuration}},
		"a refresh":                    {"STRIMZI_CACHE_REFRESH_INTERVAL_MS", "0", nil, []string{`"0"`, aDuration}},
		"a timeout":                    {"STRIMZI_OPERATION_TIMEOUT_MS", "-1", nil, []string{`"-1"`, aDuration}},
		"a batch of nothing":           {"STRIMZI_BATCH_MAXIMUM_BLOCK_SIZE", "0", nil, []string{`"0"`, aNumber}},
		"workers":                      {"STRIMZI_USER_OPERATIONS_THREAD_POOL_SIZE", "many", nil, []string{`"many"`, aNumber}},
		"a password of nothing":        {"STRIMZI_SCRAM_SHA_PASSWORD_LENGTH", "0", nil, []string{`"0"`, aNumber}},
		"no days":                      {"STRIMZI_CA_VALIDITY", "0", nil, []string{`"0"`, "a number of days from 1 to 106751"}},
		"more days than time has":      {"STRIMZI_CA_VALIDITY", "106752", nil, []string{`"106752"`, "a number of days from 1 to 106751"}},
		"days with a unit":             {"STRIMZI_CA_RENEWAL", "30d", nil, []string{`"30d"`, "a number of days"}},
		"days that renew for ever":     {"STRIMZI_CA_RENEWAL", "30", map[string]string{"STRIMZI_CA_VALIDITY": "30"}, []string{`"30"`, "less than certificates live", "STRIMZI_CA_VALIDITY"}},
		"a life in days":               {"CASTELLAN_USER_LIFETIME", "1d", nil, []string{`"1d"`, aLife}},
		"a life of seconds":            {"CASTELLAN_USER_LIFETIME", "59s", nil, []string{`"59s"`, aLife}},
		"a renewal of seconds":         {"CASTELLAN_USER_RENEW_BEFORE", "59s", nil, []string{`"59s"`, aLife}},
		"a life that is renewed ever":  {"CASTELLAN_USER_RENEW_BEFORE", "1h", map[string]string{"CASTELLAN_USER_LIFETIME": "60m"}, []string{`"1h"`, "less than certificates live", "CASTELLAN_USER_LIFETIME"}},
		"a key that Kafka cannot read": {"CASTELLAN_USER_KEY_ALGORITHM", "Ed25519", nil, []string{`"Ed25519"`, "RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384"}},
		"ACLs":                         {"STRIMZI_ACLS_ADMIN_API_SUPPORTED", "yes", nil, []string{`"yes"`, "true or false"}},
		"key stores":                   {"STRIMZI_PKCS12_KEYSTORE_GENERATION", "1", nil, []string{`"1"`, "true or false"}},
		"a pattern":                    {"STRIMZI_IGNORED_USERS_PATTERN", "a)(b", nil, []string{"`a)(b`", "a regular expression"}},
		"a pattern of Java's":          {"STRIMZI_IGNORED_USERS_PATTERN", "(?!a).*", nil, []string{"`(?!`", "without look-ahead"}},
		"a prefix":                     {"STRIMZI_SECRET_PREFIX", "My_", nil, []string{`"My_"`, "small letters"}},
		"drift":                        {"CASTELLAN_DRIFT", "ignore", nil, []string{`"ignore"`, "report or revert"}},
		"a namespace that cannot be":   {"CASTELLAN_USER_SECRET_NAMESPACES", "a,B", nil, []string{`"B"`, "names of namespaces"}},
		"the namespace of the users":   {"CASTELLAN_USER_SECRET_NAMESPACES", "a,ns", nil, []string{`"ns"`, "other namespaces"}},
		"an option of other programs":  {admin, "group.id=x", nil, []string{"has group.id, which is not supported"}},
		"a protocol":                   {admin, "security.protocol=hunter2", nil, []string{"has a security.protocol that is none", "SASL_SSL"}},
		"options on one line":          {admin, `security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.jaas.config=x required password="hunter2"`, nil, []string{"sasl.mechanism on the line of security.protocol", "a line for each option"}},
		"a mechanism":                  {admin, "security.protocol=SASL_SSL\nsasl.mechanism=hunter2", nil, []string{"has a sasl.mechanism that is not supported", "SCRAM-SHA-512"}},
		"no login":                     {admin, "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required password=hunter2;", nil, []string{"no username or password in sasl.jaas.config", `username="…"`}},
		"a login that is not used":     {admin, "sasl.jaas.config=hunter2", trust, []string{"has sasl.jaas.config for connections without a login", "security.protocol SASL_PLAINTEXT or SASL_SSL"}},
		"a store that is not used":     {admin, "ssl.truststore.location=/hunter2", nil, []string{"has ssl.truststore.location for connections that are not encrypted", "security.protocol SSL or SASL_SSL"}},
		"a way to compare names":       {admin, "ssl.endpoint.identification.algorithm=hunter2", trust, []string{"has an ssl.endpoint.identification.algorithm that is not supported", "https"}},
		"a key that is not joined":     {admin, "ssl.keystore.key=-----BEGIN PRIVATE KEY-----\nMIIhunter2", nil, []string{"a line without an option"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{}
			maps.Copy(variables, test.with)
			variables[test.name] = test.value
			_, err := readUsers(variables)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(test.want, test.name, "expected ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\n;") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("more than one thing is wrong, more than one line, or a secret: %q", err)
			}
		})
	}
}

func TestAllVariablesOfUsersThatAreWrongAreNamed(t *testing.T) {
	_, err := readUsers(map[string]string{"STRIMZI_NAMESPACE": "", "STRIMZI_CA_VALIDITY": "x", "CASTELLAN_DRIFT": "x"})
	for _, name := range []string{"STRIMZI_NAMESPACE", "STRIMZI_CA_VALIDITY", "CASTELLAN_DRIFT"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v lacks %s", err, name)
		}
	}
}
