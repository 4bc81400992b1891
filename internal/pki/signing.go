package pki

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"time"
)

// Signing is an authority that was read once to sign many certificates, several of them at the same time.
type Signing struct {
	authority Authority
	issuer    *x509.Certificate
	key       crypto.Signer
}

// Open reads the authority's certificate and key, and makes sure that they belong together.
func (a Authority) Open() (*Signing, error) {
	chain, err := ParseCertificates(a.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", CertificateEntry, a.Kind, err)
	}
	key, err := ParseKey(a.Key)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", KeyEntry, a.Kind, err)
	}
	if !samePublicKey(chain[0], key) {
		return nil, fmt.Errorf("%s of %s does not belong to its %s", KeyEntry, a.Kind, CertificateEntry)
	}
	return &Signing{authority: a, issuer: chain[0], key: key}, nil
}

// Trust is what the authority vouches with.
func (s *Signing) Trust() Trust { return s.authority.Trust() }

// Certify signs a certificate for a key, in PEM, followed by the authority's certificates if that is wanted.
func (s *Signing) Certify(public crypto.PublicKey, wanted LeafRequest, now time.Time, rand io.Reader) ([]byte, error) {
	template := leafTemplate(wanted, public, span(now, wanted.Validity))
	template.SignatureAlgorithm = signatureAlgorithm(s.key.Public())
	var err error
	if template.SerialNumber, err = serialNumber(rand); err != nil {
		return nil, fmt.Errorf("issuing %s: %w", wanted.CommonName, err)
	}
	der, err := x509.CreateCertificate(rand, template, s.issuer, public, s.key)
	if err != nil {
		return nil, fmt.Errorf("signing %s: %w", wanted.CommonName, err)
	}
	certificate := encodeCertificate(der)
	if wanted.Chain {
		certificate = joinPEM(certificate, s.authority.Certificate)
	}
	return certificate, nil
}
