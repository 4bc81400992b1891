package clientconfig

import (
	"crypto/tls"
	"fmt"

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

// Read understands a file of client properties. readFile gives the content of the files that it names.
func Read(text string, readFile func(path string) ([]byte, error)) (Client, error) {
	options, err := ReadOptions(properties.Parse(text))
	if err != nil {
		return Client{}, fmt.Errorf("the file %w", err)
	}
	out := Client{ID: options.ID, SASL: options.SASL}
	if !options.TLS {
		return out, nil
	}
	if out.TLS, err = options.Stores.Config(readFile); err != nil {
		return Client{}, err
	}
	if !options.VerifyHost {
		TrustAnyName(out.TLS)
	}
	return out, nil
}
