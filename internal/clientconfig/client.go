package clientconfig

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"castellan.io/castellan/internal/properties"
)

// Client is what a client's configuration says about connections.
type Client struct {
	// ID names the client in Kafka's logs and quotas; empty if nothing is said.
	ID string
	// TLS is nil for plain connections.
	TLS *tls.Config
	// SASL is nil if it is not used.
	SASL *SASL
}

// The options that are read here.
const (
	optionID         = "client.id"
	optionProtocol   = "security.protocol"
	optionCallback   = "sasl.login.callback.handler.class"
	optionVerifyHost = "ssl.endpoint.identification.algorithm"
)

// acted are the options that mean something.
func acted() []string {
	return []string{
		optionID, optionProtocol, optionCallback, optionVerifyHost,
		optionMechanism, optionJAAS, optionTokenURL, optionClientID, optionClientSecret, optionScope,
		optionTrustFile, optionTrustPassword, optionTrustType, optionTrustPEM,
		optionKeyFile, optionStorePassword, optionKeyPassword, optionKeyType, optionKeyPEM, optionChainPEM,
		optionTLS, optionTLSVersions,
	}
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

// Read understands a file of client properties. readFile gives the content of the files that it names.
func Read(text string, readFile func(path string) ([]byte, error)) (Client, error) {
	options := properties.Parse(text)
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if !slices.Contains(acted(), name) && !slices.Contains(idle(), name) {
			return Client{}, fmt.Errorf("%s is not supported: remove it, or comment it out in a copy of the file", name)
		}
	}
	out := Client{ID: options[optionID]}
	protocol := options[optionProtocol]
	if known := []string{"", "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}; !slices.Contains(known, protocol) {
		return Client{}, fmt.Errorf("%s is %q: expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", optionProtocol, protocol)
	}
	if err := contradiction(options, protocol); err != nil {
		return Client{}, err
	}
	var err error
	if strings.HasSuffix(protocol, "SSL") {
		if out.TLS, err = (stores{options, readFile}).config(); err != nil {
			return Client{}, err
		}
	}
	if strings.HasPrefix(protocol, "SASL_") {
		if out.SASL, err = readLogin(options); err != nil {
			return Client{}, err
		}
	}
	return out, nil
}

// contradiction finds what the protocol would leave unused, which nobody wants who wrote it: Kafka's tools go ahead without, and
// fail later with a timeout that says nothing.
func contradiction(options map[string]string, protocol string) error {
	for _, name := range []string{optionTrustFile, optionTrustPEM, optionKeyFile, optionKeyPEM} {
		if options[name] != "" && !strings.HasSuffix(protocol, "SSL") {
			return fmt.Errorf("%s is set and %s is %q: expected SSL or SASL_SSL", name, optionProtocol, protocol)
		}
	}
	for _, name := range []string{optionMechanism, optionJAAS} {
		if options[name] != "" && !strings.HasPrefix(protocol, "SASL_") {
			return fmt.Errorf("%s is set and %s is %q: expected SASL_PLAINTEXT or SASL_SSL", name, optionProtocol, protocol)
		}
	}
	return nil
}

func readLogin(options map[string]string) (*SASL, error) {
	const own = "org.apache.kafka.common.security.oauthbearer."
	if class := options[optionCallback]; class != "" && !strings.HasPrefix(class, own) {
		return nil, fmt.Errorf("%s is %q: expected Kafka's own, %sOAuthBearerLoginCallbackHandler", optionCallback, class, own)
	}
	out, problem := ReadSASL(options)
	if problem != nil {
		return nil, fmt.Errorf("the file %w", problem)
	}
	return out, nil
}
