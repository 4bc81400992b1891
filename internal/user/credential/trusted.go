package credential

import (
	"crypto/x509"
	"fmt"
	"time"

	"castellan.io/castellan/internal/pki"
)

// Trusted is the clients CA as decisions need it: read once, compared with many. The zero value does for passwords.
type Trusted struct {
	name string
	// certificate is ca.crt as users get it.
	certificate Digest
	// present are the names of the key that signs now, ends those of all keys that are trusted, with the end of the trust.
	present map[Digest]bool
	ends    map[Digest]time.Time
	// known is until when some clients and brokers may not trust the present key yet.
	known time.Time
}

// Trust reads what the clients CA vouches with.
func Trust(by pki.Trust) (Trusted, error) {
	chain, err := pki.ParseCertificates(by.Certificate)
	if err != nil {
		return Trusted{}, fmt.Errorf("reading %s of %s: %w", pki.CertificateEntry, by.Name, err)
	}
	bundle, err := pki.ParseCertificates(by.Bundle)
	if err != nil {
		return Trusted{}, fmt.Errorf("reading the trusted certificates of %s: %w", by.Name, err)
	}
	out := Trusted{name: by.Name, certificate: digestOf(by.Certificate), present: map[Digest]bool{}, ends: map[Digest]time.Time{}}
	for _, name := range keyNames(chain[0]) {
		out.present[name] = true
	}
	for _, certificate := range bundle {
		for _, name := range keyNames(certificate) {
			if certificate.NotAfter.After(out.ends[name]) {
				out.ends[name] = certificate.NotAfter
			}
		}
	}
	if !by.Supplied { // who replaces an authority of their own decides by themselves when clients know it
		out.known = pki.Spread(chain[0])
	}
	return out, nil
}

// keyNames are how a certificate, or signerOf, may name the key of an authority.
func keyNames(authority *x509.Certificate) []Digest {
	names := []Digest{digestOf(authority.RawSubjectPublicKeyInfo)}
	if len(authority.SubjectKeyId) > 0 {
		names = append(names, digestOf(authority.SubjectKeyId))
	}
	return names
}

// vouches tells whether a key is trusted at a time.
func (t Trusted) vouches(signer Digest, now time.Time) bool {
	end, known := t.ends[signer]
	return known && !now.After(end)
}
