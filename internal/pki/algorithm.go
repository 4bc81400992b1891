package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"io"
	"slices"
	"strings"
)

// KeyAlgorithm is the kind and size of a private key.
type KeyAlgorithm int

const (
	// RSA2048 is for what people hold in their hands: every client accepts it.
	RSA2048 KeyAlgorithm = iota
	// ECDSAP256 is several thousand times cheaper to generate and an order of magnitude cheaper to sign with. A server
	// with such a key shares no cipher suite with peers that are pinned to ECDHE_RSA ones.
	ECDSAP256
	// RSA4096 is what the compatible API promises of authorities: people feed ca.crt to tools of any age.
	RSA4096
	// ECDSAP384 is for rules that ask for 192 bits of security.
	ECDSAP384
	// Ed25519 has the smallest keys and signatures. Java's TLS knows it since Java 16; Kafka reads no such private key
	// from PEM, so it is for authorities, not for nodes.
	Ed25519
)

// algorithmNames are the names by which people choose, in the order in which they are told about them.
var algorithmNames = []struct {
	algorithm KeyAlgorithm
	name      string
}{
	{RSA2048, "RSA-2048"}, {RSA4096, "RSA-4096"}, {ECDSAP256, "ECDSA-P256"}, {ECDSAP384, "ECDSA-P384"}, {Ed25519, "Ed25519"},
}

// String is the name of the algorithm, such as ECDSA-P256.
func (a KeyAlgorithm) String() string {
	for _, known := range algorithmNames {
		if known.algorithm == a {
			return known.name
		}
	}
	return fmt.Sprintf("KeyAlgorithm(%d)", int(a))
}

// ParseKeyAlgorithm reads the name of one of the allowed algorithms, in whatever case. The error lists them.
func ParseKeyAlgorithm(name string, allowed ...KeyAlgorithm) (KeyAlgorithm, error) {
	var names []string
	for _, known := range algorithmNames {
		if !slices.Contains(allowed, known.algorithm) {
			continue
		}
		if strings.EqualFold(known.name, name) {
			return known.algorithm, nil
		}
		names = append(names, known.name)
	}
	return 0, fmt.Errorf("%q is not one of %s", name, strings.Join(names, ", "))
}

// GenerateKey makes a private key.
func GenerateKey(algorithm KeyAlgorithm, rand io.Reader) (crypto.Signer, error) {
	switch algorithm {
	case RSA2048:
		return rsa.GenerateKey(rand, 2048)
	case RSA4096:
		return rsa.GenerateKey(rand, 4096)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand)
		return key, err
	default:
		return nil, fmt.Errorf("unknown key algorithm %d", algorithm)
	}
}
