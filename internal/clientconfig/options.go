package clientconfig

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The options that are read here.
const (
	optionID         = "client.id"
	optionProtocol   = "security.protocol"
	optionCallback   = "sasl.login.callback.handler.class"
	optionVerifyHost = "ssl.endpoint.identification.algorithm"
)

// acted are the options that mean something.
func acted() []string {
	return append(
		storeOptions(),
		optionID, optionProtocol, optionCallback, optionVerifyHost,
		optionMechanism, optionJAAS, optionTokenURL, optionClientID, optionClientSecret, optionScope,
	)
}

// idle are the options of Kafka's administrative client that decide when and how often it asks, not whom or as whom: they may stand in
// a file, and nothing follows from them.
func idle() []string {
	return []string{
		"bootstrap.controllers", "bootstrap.servers", "client.dns.lookup", "connections.max.idle.ms", "default.api.timeout.ms", "enable.metrics.push",
		"metadata.max.age.ms", "metadata.recovery.rebootstrap.trigger.ms", "metadata.recovery.strategy", "metric.reporters", "metrics.num.samples",
		"metrics.recording.level", "metrics.sample.window.ms", "receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
		"request.timeout.ms", "retries", "retry.backoff.max.ms", "retry.backoff.ms", "send.buffer.bytes",
		"socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms",
	}
}

// Options are what a configuration says about connections while the files that it names are still unread.
type Options struct {
	// ID names the client in Kafka's logs and quotas; empty if nothing is said.
	ID string
	// TLS encrypts connections, with the certificates and keys of Stores; VerifyHost compares the brokers' certificates with their names.
	TLS, VerifyHost bool
	Stores          Stores
	// SASL is nil if it is not used.
	SASL *SASL
}

// ReadOptions understands options of Kafka's administrative client. What is wrong is a *Problem, which repeats no value: where options
// went wrong, any of them may hold what belongs to another.
func ReadOptions(options map[string]string) (Options, error) {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if problem := misplaced(name, options[name]); problem != nil {
			return Options{}, problem
		}
	}
	protocol := strings.ToUpper(options[optionProtocol])
	if known := []string{"", "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}; !slices.Contains(known, protocol) {
		return Options{}, &Problem{"has a " + optionProtocol + " that is none", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"}
	}
	if problem := contradiction(options, protocol); problem != nil {
		return Options{}, problem
	}
	out := Options{ID: options[optionID], TLS: strings.HasSuffix(protocol, "SSL"), VerifyHost: true, Stores: Stores{}}
	if algorithm, set := options[optionVerifyHost]; set && !strings.EqualFold(algorithm, "https") {
		if algorithm != "" {
			return Options{}, &Problem{"has an " + optionVerifyHost + " that is not supported", "https, or nothing to accept certificates for other names"}
		}
		out.VerifyHost = false
	}
	maps.Copy(out.Stores, options)
	maps.DeleteFunc(out.Stores, func(name, _ string) bool { return !slices.Contains(storeOptions(), name) })
	if !strings.HasPrefix(protocol, "SASL_") {
		return out, nil
	}
	var problem *Problem
	if out.SASL, problem = readLogin(options); problem != nil {
		return Options{}, problem
	}
	return out, nil
}

// optionName is what an option looks like. Other words in its place, such as a line of a key, are not repeated.
var optionName = regexp.MustCompile(`^[a-z]+(\.[a-z0-9]+)+$`)

// further finds what looks like an option within a value.
var further = regexp.MustCompile(`\s([a-z]+(?:\.[a-z0-9]+)+)\s*=`)

// misplaced tells what is no option, and options that were lost in the value of another because they stand on its line.
func misplaced(name, value string) *Problem {
	known := append(acted(), idle()...)
	if !slices.Contains(known, name) {
		if !optionName.MatchString(name) {
			name = "a line without an option"
		}
		return &Problem{"has " + name + ", which is not supported", "it removed, or commented out in a copy"}
	}
	for _, match := range further.FindAllStringSubmatch(value, -1) {
		if slices.Contains(known, match[1]) {
			return &Problem{fmt.Sprintf("has %s on the line of %s", match[1], name), "a line for each option"}
		}
	}
	return nil
}

// contradiction finds what the protocol would leave unused, which nobody wants who wrote it: Kafka's tools go ahead without, and
// fail later with a timeout that says nothing.
func contradiction(options map[string]string, protocol string) *Problem {
	for _, name := range []string{optionTrustFile, optionTrustPEM, optionKeyFile, optionKeyPEM} {
		if options[name] != "" && !strings.HasSuffix(protocol, "SSL") {
			return &Problem{"has " + name + " for connections that are not encrypted", optionProtocol + " SSL or SASL_SSL beside it"}
		}
	}
	for _, name := range []string{optionMechanism, optionJAAS} {
		if options[name] != "" && !strings.HasPrefix(protocol, "SASL_") {
			return &Problem{"has " + name + " for connections without a login", optionProtocol + " SASL_PLAINTEXT or SASL_SSL beside it"}
		}
	}
	return nil
}

func readLogin(options map[string]string) (*SASL, *Problem) {
	const own = "org.apache.kafka.common.security.oauthbearer."
	if class := options[optionCallback]; class != "" && !strings.HasPrefix(class, own) {
		return nil, &Problem{"has a " + optionCallback + " that is not supported", "Kafka's own, " + own + "OAuthBearerLoginCallbackHandler"}
	}
	return ReadSASL(options)
}
