package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/properties"
)

// UserOperator is the configuration of the user operator.
type UserOperator struct {
	// Namespace to watch; Labels that resources must have, all of them.
	Namespace string
	Labels    map[string]string
	// Kafka is how to reach the cluster.
	Kafka KafkaAccess
	// Resync is how often each user is looked at when nothing happens.
	Resync time.Duration
	// CACertSecret and CAKeySecret hold certificate and key of the authority that vouches for clients, in CANamespace.
	CACertSecret, CAKeySecret, CANamespace string
	// Lifetime and KeyAlgorithm are those of certificates where a resource says nothing else.
	Lifetime     pki.Lifetime
	KeyAlgorithm pki.KeyAlgorithm
	// SecretPrefix begins the names of users' Secrets.
	SecretPrefix string
	// PasswordLength is that of passwords that are made.
	PasswordLength int
	// ACLs tells that Kafka can be asked to change access control lists.
	ACLs bool
	// PKCS12 adds key stores to the Secrets of certificates.
	PKCS12 bool
	// Ignored matches whole names in Kafka, CN= included, that are left alone although no resource is about them; nil matches none.
	Ignored *regexp.Regexp
	// Windows are the times at which certificates that end soon are renewed, as package maintenance reads them; none for always.
	Windows []string
	// BatchSize is how many users are worked on together at most; BatchLinger is how long one waits for others.
	BatchSize   int
	BatchLinger time.Duration
	// Workers is how many batches are worked on at the same time.
	Workers int
	// Refresh is how often everything that Kafka holds about users is read anew; zero if nothing is said.
	Refresh time.Duration
	// Timeout bounds the work on one user.
	Timeout time.Duration
	// ReportDrift tells about changes that were made in Kafka instead of taking them back.
	ReportDrift bool
	// SecretNamespaces are where copies of users' Secrets may be.
	SecretNamespaces []string
	// LogLevel is the least severe level that is logged: debug, info, warn, error.
	LogLevel string
}

const (
	defaultUserBatch      = 100
	defaultPasswordLength = 32
	defaultValidityDays   = 365
	defaultRenewalDays    = 30
)

// ReadUserOperator reads the configuration through getenv. The error names every variable that is wrong.
func ReadUserOperator(getenv func(string) string) (UserOperator, error) {
	env := &environment{get: getenv}
	out := UserOperator{
		Namespace:        env.required("STRIMZI_NAMESPACE", "the namespace to watch"),
		Labels:           env.pairs("STRIMZI_LABELS"),
		Kafka:            readUserAccess(env),
		Resync:           env.milliseconds("STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", 120_000),
		CACertSecret:     env.required("STRIMZI_CA_CERT_NAME", "the Secret with the certificate of the clients CA"),
		CAKeySecret:      env.required("STRIMZI_CA_KEY_NAME", "the Secret with the key of the clients CA"),
		CANamespace:      caNamespace(env),
		Lifetime:         userLifetime(env),
		KeyAlgorithm:     userKeyAlgorithm(env),
		SecretPrefix:     secretPrefix(env),
		PasswordLength:   env.count("STRIMZI_SCRAM_SHA_PASSWORD_LENGTH", defaultPasswordLength),
		ACLs:             env.boolean("STRIMZI_ACLS_ADMIN_API_SUPPORTED", true),
		PKCS12:           env.boolean("STRIMZI_PKCS12_KEYSTORE_GENERATION", true),
		Ignored:          ignoredUsers(env),
		Windows:          windows(env.text("STRIMZI_MAINTENANCE_TIME_WINDOWS", "")),
		BatchSize:        env.count("STRIMZI_BATCH_MAXIMUM_BLOCK_SIZE", defaultUserBatch),
		BatchLinger:      env.milliseconds("STRIMZI_BATCH_MAXIMUM_BLOCK_TIME_MS", defaultLinger),
		Workers:          env.count("STRIMZI_USER_OPERATIONS_THREAD_POOL_SIZE", defaultWorkers),
		Refresh:          env.milliseconds("STRIMZI_CACHE_REFRESH_INTERVAL_MS", 0),
		Timeout:          env.milliseconds("STRIMZI_OPERATION_TIMEOUT_MS", 300_000),
		ReportDrift:      reportsDrift(env),
		SecretNamespaces: secretNamespaces(env),
		LogLevel:         strings.ToLower(env.text("STRIMZI_LOG_LEVEL", "info")),
	}
	return out, env.err()
}

func caNamespace(env *environment) string {
	return env.text("STRIMZI_CA_NAMESPACE", env.text("STRIMZI_NAMESPACE", ""))
}

// readUserAccess lets the configuration of a client of Kafka's go before what Secrets imply.
func readUserAccess(env *environment) KafkaAccess {
	out := KafkaAccess{
		Bootstrap:       list(env.text("STRIMZI_KAFKA_BOOTSTRAP_SERVERS", "localhost:9091")),
		SecretNamespace: caNamespace(env),
		TrustSecret:     env.text("STRIMZI_CLUSTER_CA_CERT_SECRET_NAME", ""),
		KeySecret:       env.text("STRIMZI_EO_KEY_SECRET_NAME", ""),
		KeyName:         env.text("STRIMZI_EO_KEY_NAME", "entity-operator.key"),
		CertName:        env.text("STRIMZI_EO_CERT_NAME", "entity-operator.crt"),
	}
	if len(out.Bootstrap) == 0 {
		env.wrong("STRIMZI_KAFKA_BOOTSTRAP_SERVERS", "names nothing", "addresses host:port separated by commas")
	}
	options := properties.Parse(env.text(adminVariable, ""))
	if options[protocolOption] == "" && (out.TrustSecret != "" || out.KeySecret != "") {
		options[protocolOption] = "SSL"
	}
	said, problem := clientconfig.ReadOptions(options)
	if problem != nil {
		env.problems = append(env.problems, adminVariable+" "+problem.Error())
	}
	out.ClientID, out.TLS, out.VerifyHost, out.Stores, out.SASL = said.ID, said.TLS, said.VerifyHost, said.Stores, said.SASL
	return out
}

const (
	adminVariable  = "STRIMZI_KAFKA_ADMIN_CLIENT_CONFIGURATION"
	protocolOption = "security.protocol"
)

// userLifetime is in days as the API has it, or in durations. For short lives the usual time before their end would mean to renew at
// once and for ever, so it is at most a third of the life when nothing is said about it.
func userLifetime(env *environment) pki.Lifetime {
	const days, renewalDays, lifetime, renewBefore = "STRIMZI_CA_VALIDITY", "STRIMZI_CA_RENEWAL", "CASTELLAN_USER_LIFETIME", "CASTELLAN_USER_RENEW_BEFORE"
	inDays := pki.Lifetime{Validity: env.days(days, defaultValidityDays), RenewBefore: env.days(renewalDays, defaultRenewalDays)}
	long, before := env.lifetime(lifetime), env.lifetime(renewBefore)
	out := pki.Lifetime{Validity: cmp.Or(long, inDays.Validity), RenewBefore: cmp.Or(before, inDays.RenewBefore)}
	if before == 0 && (long != 0 || env.text(renewalDays, "") == "") {
		out.RenewBefore = min(out.RenewBefore, out.Validity/3)
	}
	if out.RenewBefore < out.Validity {
		return out
	}
	name := renewalDays
	if before != 0 {
		name = renewBefore
	}
	env.wrong(name, fmt.Sprintf("is %q", env.text(name, "")), fmt.Sprintf("less than certificates live, which is what %s and %s say", days, lifetime))
	return out
}

func userKeyAlgorithm(env *environment) pki.KeyAlgorithm {
	const name = "CASTELLAN_USER_KEY_ALGORITHM"
	v := env.text(name, pki.RSA2048.String())
	out, err := pki.ParseKeyAlgorithm(v, pki.RSA2048, pki.RSA4096, pki.ECDSAP256, pki.ECDSAP384)
	if err != nil {
		env.wrong(name, fmt.Sprintf("is %q", v), "RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384")
	}
	return out
}

func ignoredUsers(env *environment) *regexp.Regexp {
	const name = "STRIMZI_IGNORED_USERS_PATTERN"
	v := env.text(name, "")
	if v == "" {
		return nil
	}
	// On its own first: parentheses that do not match could meet those around it.
	if _, err := regexp.Compile(v); err != nil {
		env.wrong(name, err.Error(), "a regular expression for whole names, without look-ahead")
		return nil
	}
	return regexp.MustCompile("^(?:" + v + ")$")
}

func windows(text string) []string {
	var out []string
	for window := range strings.SplitSeq(text, ";") {
		if window = strings.TrimSpace(window); window != "" {
			out = append(out, window)
		}
	}
	return out
}

func reportsDrift(env *environment) bool {
	const name = "CASTELLAN_DRIFT"
	v := env.text(name, "revert")
	if v != "revert" && v != "report" {
		env.wrong(name, fmt.Sprintf("is %q", v), "report or revert")
	}
	return v == "report"
}

func secretPrefix(env *environment) string {
	const name = "STRIMZI_SECRET_PREFIX"
	v := env.text(name, "")
	if len(validation.IsDNS1123Subdomain(v+"a")) > 0 {
		env.wrong(name, fmt.Sprintf("is %q", v), "small letters, digits and -, beginning with a letter or digit")
	}
	return v
}

func secretNamespaces(env *environment) []string {
	const name = "CASTELLAN_USER_SECRET_NAMESPACES"
	out := list(env.text(name, ""))
	for _, namespace := range out {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			env.wrong(name, fmt.Sprintf("holds %q", namespace), "names of namespaces separated by commas")
		}
	}
	if watched := env.text("STRIMZI_NAMESPACE", ""); watched != "" && slices.Contains(out, watched) {
		env.wrong(name, fmt.Sprintf("holds %q", watched), "other namespaces than that of the users, where their own Secrets are")
	}
	return out
}
