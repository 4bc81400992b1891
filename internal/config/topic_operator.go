package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/topic"
)

// TopicOperator is the configuration of the topic operator.
type TopicOperator struct {
	// Namespace to watch; Labels that resources must have, all of them.
	Namespace string
	Labels    map[string]string
	// Kafka is how to reach the cluster.
	Kafka KafkaAccess
	// Resync is how often each topic is looked at when nothing happens.
	Resync time.Duration
	// Finalizers make the deletion of a resource wait for that of its topic.
	Finalizers bool
	// BatchSize is how many topics are worked on together at most; BatchLinger is how long one waits for others.
	BatchSize   int
	BatchLinger time.Duration
	// Workers is how many batches are worked on at the same time.
	Workers int
	// AdditionalMetrics measures every kind of request.
	AdditionalMetrics bool
	// Alterable are the options of topics that may be changed.
	Alterable topic.Alterable
	// SkipConfigReview does not look at the brokers' configuration at the start.
	SkipConfigReview bool
	// CruiseControl changes numbers of replicas; nil has Kafka do it.
	CruiseControl *CruiseControl
	// Mode is what happens about changes that were made in Kafka.
	Mode topic.Mode
	// Exclusion matches names of topics that never become resources by themselves; SyncInterval is how often Kafka is asked what
	// topics there are. Both are for TwoWay.
	Exclusion    *regexp.Regexp
	SyncInterval time.Duration
	// Throttle bounds the bytes per second that a broker sends and takes because of changed numbers of replicas; 0 does not.
	Throttle int64
	// LogLevel is the least severe level that is logged: debug, info, warn, error.
	LogLevel string
}

// KafkaAccess is how an operator of topics or users reaches Kafka.
type KafkaAccess struct {
	// Bootstrap are addresses host:port.
	Bootstrap []string
	// ClientID is empty for a default.
	ClientID string
	// TLS encrypts connections.
	TLS bool
	// Stores are certificates and keys that a client's configuration names. They go before those of Secrets.
	Stores clientconfig.Stores
	// SecretNamespace is where the Secrets are; TrustSecret has certificates to trust under names that end in .crt, empty for what
	// the system trusts; KeySecret has the client's, under KeyName and CertName, empty for none.
	SecretNamespace, TrustSecret, KeySecret, KeyName, CertName string
	// VerifyHost compares the brokers' certificates with their names.
	VerifyHost bool
	// SASL is nil if it is not used.
	SASL *clientconfig.SASL
}

// CruiseControl is where Cruise Control is and how to speak to it.
type CruiseControl struct {
	Host string
	Port int
	// RackAware keeps replicas on different racks; TLS and Auth use the files below.
	RackAware, TLS, Auth bool
	// TrustFile, UserFile and PasswordFile are paths.
	TrustFile, UserFile, PasswordFile string
}

const (
	defaultBatch   = 250
	defaultLinger  = 10
	defaultWorkers = 4
)

// ReadTopicOperator reads the configuration through getenv. The error names every variable that is wrong.
func ReadTopicOperator(getenv func(string) string) (TopicOperator, error) {
	env := &environment{get: getenv}
	out := TopicOperator{
		Namespace:         env.required("STRIMZI_NAMESPACE", "the namespace to watch"),
		Labels:            env.pairs("STRIMZI_RESOURCE_LABELS"),
		Kafka:             readKafkaAccess(env),
		Resync:            env.milliseconds("STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", 120_000),
		Finalizers:        env.boolean("STRIMZI_USE_FINALIZERS", true),
		BatchSize:         env.count("STRIMZI_MAX_BATCH_SIZE", defaultBatch),
		BatchLinger:       env.milliseconds("STRIMZI_MAX_BATCH_LINGER_MS", defaultLinger),
		Workers:           env.count("STRIMZI_TOPIC_OPERATIONS_THREAD_POOL_SIZE", defaultWorkers),
		AdditionalMetrics: env.boolean("STRIMZI_ENABLE_ADDITIONAL_METRICS", false),
		Alterable:         topic.ParseAlterable(env.text("STRIMZI_ALTERABLE_TOPIC_CONFIG", "ALL")),
		SkipConfigReview:  env.boolean("STRIMZI_SKIP_CLUSTER_CONFIG_REVIEW", false),
		CruiseControl:     readCruiseControl(env),
		Mode:              topicMode(env),
		Exclusion:         exclusion(env),
		SyncInterval:      env.milliseconds("CASTELLAN_TOPIC_SYNC_INTERVAL_MS", 10_000),
		Throttle:          int64(env.atLeast("CASTELLAN_REPLICATION_THROTTLE", 0, 0)),
		LogLevel:          strings.ToLower(env.text("STRIMZI_LOG_LEVEL", "info")),
	}
	if out.Mode == topic.TwoWay && !out.Finalizers {
		// A resource that is gone before anybody could look is no reason to delete a topic.
		env.wrong("STRIMZI_USE_FINALIZERS", `is "false"`, "true, as CASTELLAN_TOPIC_SYNC is two-way")
	}
	return out, env.err()
}

func topicMode(env *environment) topic.Mode {
	const sync, drift = "CASTELLAN_TOPIC_SYNC", "CASTELLAN_DRIFT"
	mode := topic.Revert
	switch v := env.text(drift, string(topic.Revert)); v {
	case string(topic.Revert):
	case string(topic.Report):
		mode = topic.Report
	default:
		env.wrong(drift, fmt.Sprintf("is %q", v), "report or revert")
	}
	switch v := env.text(sync, "one-way"); v {
	case "one-way":
	case string(topic.TwoWay):
		mode = topic.TwoWay
	default:
		env.wrong(sync, fmt.Sprintf("is %q", v), "one-way or two-way")
	}
	return mode
}

func exclusion(env *environment) *regexp.Regexp {
	const name = "CASTELLAN_TOPIC_SYNC_EXCLUDE"
	out, err := topic.ParseExclusion(env.text(name, topic.DefaultExclusion))
	if err != nil {
		env.wrong(name, err.Error(), "a regular expression for whole names of topics")
	}
	return out
}

func readKafkaAccess(env *environment) KafkaAccess {
	protocol := env.text("STRIMZI_SECURITY_PROTOCOL", "")
	if known := []string{"", "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}; !slices.Contains(known, protocol) {
		env.wrong("STRIMZI_SECURITY_PROTOCOL", fmt.Sprintf("is %q", protocol), "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
	}
	out := KafkaAccess{
		Bootstrap:       list(env.text("STRIMZI_KAFKA_BOOTSTRAP_SERVERS", "")),
		ClientID:        env.text("STRIMZI_CLIENT_ID", ""),
		TLS:             strings.HasSuffix(protocol, "SSL"),
		SecretNamespace: env.text("STRIMZI_CLUSTER_NAMESPACE", env.text("STRIMZI_NAMESPACE", "")),
		TrustSecret:     env.text("STRIMZI_TLS_TRUSTED_CERTS_SECRET_NAME", ""),
		KeySecret:       env.text("STRIMZI_TLS_SECRET_NAME", ""),
		KeyName:         env.text("STRIMZI_TLS_KEY_NAME", ""),
		CertName:        env.text("STRIMZI_TLS_CERT_NAME", ""),
		VerifyHost:      verifiesHost(env),
		SASL:            readSASL(env),
	}
	if len(out.Bootstrap) == 0 {
		env.wrong("STRIMZI_KAFKA_BOOTSTRAP_SERVERS", "is empty", "addresses host:port separated by commas")
	}
	if out.KeySecret != "" && (out.KeyName == "" || out.CertName == "") {
		env.wrong("STRIMZI_TLS_SECRET_NAME", "is set", "STRIMZI_TLS_KEY_NAME and STRIMZI_TLS_CERT_NAME beside it, the entries of the Secret")
	}
	if out.SASL != nil && !strings.HasPrefix(protocol, "SASL_") {
		env.wrong("STRIMZI_SECURITY_PROTOCOL", fmt.Sprintf("is %q", protocol), "SASL_PLAINTEXT or SASL_SSL, as STRIMZI_SASL_ENABLED is true")
	}
	return out
}

func verifiesHost(env *environment) bool {
	const name = "STRIMZI_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM"
	v := env.text(name, "HTTPS")
	if !strings.EqualFold(v, "https") && !strings.EqualFold(v, "none") && strings.TrimSpace(v) != "" {
		env.wrong(name, fmt.Sprintf("is %q", v), "HTTPS, or none to accept certificates for other names")
	}
	return strings.EqualFold(v, "https")
}

func readSASL(env *environment) *clientconfig.SASL {
	if !env.boolean("STRIMZI_SASL_ENABLED", false) {
		return nil
	}
	if custom := env.text("STRIMZI_SASL_CUSTOM_CONFIG_JSON", ""); custom != "" {
		return customSASL(env, custom)
	}
	const mechanism = "STRIMZI_SASL_MECHANISM"
	out := &clientconfig.SASL{Username: env.text("STRIMZI_SASL_USERNAME", ""), Password: env.text("STRIMZI_SASL_PASSWORD", "")}
	switch v := env.text(mechanism, ""); v {
	case "plain", "scram-sha-256", "scram-sha-512":
		out.Mechanism = strings.ToUpper(v)
	default:
		env.wrong(mechanism, fmt.Sprintf("is %q", v), "plain, scram-sha-256 or scram-sha-512")
	}
	if out.Username == "" {
		env.wrong("STRIMZI_SASL_USERNAME", "is empty", "a name, as STRIMZI_SASL_ENABLED is true")
	}
	if out.Password == "" {
		env.wrong("STRIMZI_SASL_PASSWORD", "is empty", "a password, as STRIMZI_SASL_ENABLED is true")
	}
	return out
}

const customVariable = "STRIMZI_SASL_CUSTOM_CONFIG_JSON"

// customSASL understands the client options of Kafka that say who the client is. No message repeats a value: it may be secret.
func customSASL(env *environment, text string) *clientconfig.SASL {
	options := map[string]string{}
	if json.Unmarshal([]byte(text), &options) != nil {
		env.wrong(customVariable, "is no JSON object of texts", `{"sasl.mechanism": "…", "sasl.jaas.config": "…"}`)
		return &clientconfig.SASL{}
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if !strings.HasPrefix(name, "sasl.") {
			env.wrong(customVariable, fmt.Sprintf("holds %q", name), "names that start with sasl.")
		}
	}
	out, problem := clientconfig.ReadSASL(options)
	if problem != nil {
		env.wrong(customVariable, problem.What, problem.Right)
		return &clientconfig.SASL{}
	}
	return out
}

func readCruiseControl(env *environment) *CruiseControl {
	if !env.boolean("STRIMZI_CRUISE_CONTROL_ENABLED", false) {
		return nil
	}
	return &CruiseControl{
		Host:         env.text("STRIMZI_CRUISE_CONTROL_HOSTNAME", "localhost"),
		Port:         env.count("STRIMZI_CRUISE_CONTROL_PORT", 9090),
		RackAware:    env.boolean("STRIMZI_CRUISE_CONTROL_RACK_ENABLED", false),
		TLS:          env.boolean("STRIMZI_CRUISE_CONTROL_SSL_ENABLED", false),
		Auth:         env.boolean("STRIMZI_CRUISE_CONTROL_AUTH_ENABLED", false),
		TrustFile:    env.text("STRIMZI_CRUISE_CONTROL_CRT_FILE_PATH", "/etc/cluster-ca-certs/ca.crt"),
		UserFile:     env.text("STRIMZI_CRUISE_CONTROL_API_USER_PATH", "/etc/eto-cc-api/topic-operator.apiAdminName"),
		PasswordFile: env.text("STRIMZI_CRUISE_CONTROL_API_PASS_PATH", "/etc/eto-cc-api/topic-operator.apiAdminPassword"),
	}
}

// count reads a number of at least one.
func (e *environment) count(name string, fallback int) int { return e.atLeast(name, 1, fallback) }

func (e *environment) atLeast(name string, least, fallback int) int {
	v := e.get(name)
	if v == "" {
		return fallback
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > math.MaxInt32 {
		e.wrong(name, fmt.Sprintf("is %q", v), fmt.Sprintf("a number from %d to %d", least, math.MaxInt32))
		return fallback
	}
	return n
}
