package pki

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

// LeafRequest says what a leaf certificate should be like.
type LeafRequest struct {
	CommonName string
	// Organization is the O of the subject; users' certificates leave it empty.
	Organization string
	// Names are the subject's alternative names in any order: an IP address becomes an address, anything else a DNS
	// name. Doubles are dropped.
	Names []string
	// Key is used when a leaf is issued. An existing leaf is not issued anew because its key is of another kind.
	Key KeyAlgorithm
	// Chain says whether the authority's certificates follow the leaf's own in Leaf.Certificate.
	Chain bool
	Lifetime
}

// Leaf is an issued certificate as its Secret holds it. The zero value of a field means "not there".
type Leaf struct {
	// Certificate is PEM: the leaf, and after it the authority's certificates if the request asked for them.
	Certificate []byte
	// Key is PKCS#8 in PEM.
	Key []byte
	// AuthorityGeneration is the certificate generation of the authority that issued the leaf.
	AuthorityGeneration int
}

// IssueLeaf makes a key and has the authority sign a certificate for it.
func IssueLeaf(issuer Authority, wanted LeafRequest, now time.Time, rand io.Reader) (Leaf, error) {
	signing, err := issuer.Open()
	if err != nil {
		return Leaf{}, fmt.Errorf("issuing %s: %w", wanted.CommonName, err)
	}
	key, err := GenerateKey(wanted.Key, rand)
	if err != nil {
		return Leaf{}, fmt.Errorf("generating the key of %s: %w", wanted.CommonName, err)
	}
	keyPEM, err := EncodeKey(key)
	if err != nil {
		return Leaf{}, fmt.Errorf("encoding the key of %s: %w", wanted.CommonName, err)
	}
	certificate, err := signing.Certify(key.Public(), wanted, now, rand)
	if err != nil {
		return Leaf{}, err
	}
	return Leaf{Certificate: certificate, Key: keyPEM, AuthorityGeneration: issuer.CertificateGeneration}, nil
}

func leafTemplate(wanted LeafRequest, public crypto.PublicKey, valid validity) *x509.Certificate {
	names, addresses := splitNames(wanted.Names)
	usage := x509.KeyUsageDigitalSignature
	if _, ok := public.(*rsa.PublicKey); ok {
		// Only cipher suites without forward secrecy use it; TLS 1.2 clients that pin one look for the bit.
		usage |= x509.KeyUsageKeyEncipherment
	}
	return &x509.Certificate{
		Subject:               leafSubject(wanted),
		NotBefore:             valid.notBefore,
		NotAfter:              valid.notAfter,
		BasicConstraintsValid: true,
		KeyUsage:              usage,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:              names,
		IPAddresses:           addresses,
	}
}

func leafSubject(wanted LeafRequest) pkix.Name {
	subject := pkix.Name{CommonName: wanted.CommonName}
	if wanted.Organization != "" {
		subject.Organization = []string{wanted.Organization}
	}
	return subject
}

// splitNames sorts names into DNS names and addresses, each in a stable order and without doubles.
func splitNames(names []string) ([]string, []net.IP) {
	var dns []string
	var parsed []netip.Addr
	for _, name := range names {
		address, err := netip.ParseAddr(name)
		if err != nil {
			dns = append(dns, name)
			continue
		}
		parsed = append(parsed, address.Unmap())
	}
	slices.Sort(dns)
	slices.SortFunc(parsed, netip.Addr.Compare)
	var addresses []net.IP
	for _, address := range slices.Compact(parsed) {
		addresses = append(addresses, address.AsSlice())
	}
	return slices.Compact(dns), addresses
}
