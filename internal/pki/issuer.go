package pki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// Issuer issues leaf certificates. Who asks it neither knows nor needs the key behind it: the operator's own authority
// has one at hand, others may be asked over a network by whoever makes the Issuer.
type Issuer interface {
	// Issue makes a leaf with a new key.
	Issue(wanted LeafRequest, now time.Time) (Leaf, error)
	// Trust is what has to be trusted for the issuer's leaves to be.
	Trust() Trust
}

// Trust is what an issuer vouches with.
type Trust struct {
	// Name of the issuer for people.
	Name string
	// Certificate is the PEM of the certificate that signs now, followed by its chain.
	Certificate []byte
	// Bundle is the PEM of all certificates to trust, those of earlier keys among them.
	Bundle []byte
	// Generation counts certificates, KeyGeneration counts keys; both start at 0.
	Generation, KeyGeneration int
	// Supplied is true when a user brought the key: it came when its user wanted, and nothing tells when its certificate became known.
	Supplied bool
}

// Digest is the hex SHA-256 of the bundle: what Served.Trust is compared with.
func (t Trust) Digest() string {
	sum := sha256.Sum256(t.Bundle)
	return hex.EncodeToString(sum[:])
}

// Trust is what an authority vouches with.
func (a Authority) Trust() Trust {
	return Trust{
		Name: string(a.Kind), Certificate: a.Certificate, Bundle: a.TrustBundle(),
		Generation: a.CertificateGeneration, KeyGeneration: a.KeyGeneration, Supplied: a.Supplied,
	}
}

// BuiltIn issues with an authority whose key is in a Secret.
type BuiltIn struct {
	Authority
	// Random feeds serial numbers.
	Random io.Reader
}

var _ Issuer = BuiltIn{}

// Issue signs a leaf with the authority's key. Its validity is the request's even where the authority expires sooner: an
// authority renewed with the same key vouches for the leaf again, and a leaf cut short would be renewed on every look at it.
func (b BuiltIn) Issue(wanted LeafRequest, now time.Time) (Leaf, error) {
	return IssueLeaf(b.Authority, wanted, now, b.Random)
}

// Serial is the serial number of the first certificate in the PEM text, in hex as big.Int.Text(16) has it.
func Serial(certificate []byte) (string, error) {
	certificates, err := ParseCertificates(certificate)
	if err != nil {
		return "", fmt.Errorf("reading the serial number of a certificate: %w", err)
	}
	return certificates[0].SerialNumber.Text(16), nil
}
