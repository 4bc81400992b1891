package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"
)

// ValidateSupplied checks an authority that a user brought along: the key is there and belongs to the certificate,
// every certificate entry is a chain of authorities in order, each signed by the one after it, and the one that signs
// is valid at the time with its whole chain. Errors name the Secret's entry at fault and never show its content.
func (a Authority) ValidateSupplied(now time.Time) error {
	if len(a.Key) == 0 {
		return fmt.Errorf("%s is missing", KeyEntry)
	}
	if len(a.Certificate) == 0 {
		return fmt.Errorf("%s is missing", CertificateEntry)
	}
	chain, err := validateChain(CertificateEntry, a.Certificate)
	if err != nil {
		return err
	}
	if err := validNow(chain, now); err != nil {
		return err
	}
	for _, name := range a.oldEntries() {
		if _, err := validateChain(name, a.Old[name]); err != nil {
			return err
		}
	}
	key, err := ParseKey(a.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", KeyEntry, err)
	}
	if !samePublicKey(chain[0], key) {
		return fmt.Errorf("%s does not belong to the first certificate of %s", KeyEntry, CertificateEntry)
	}
	return nil
}

func validateChain(entry string, data []byte) ([]*x509.Certificate, error) {
	chain, err := ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry, err)
	}
	for i, certificate := range chain {
		if !certificate.BasicConstraintsValid || !certificate.IsCA {
			return nil, fmt.Errorf("%s: certificate %d (%s) is not a certificate authority", entry, i+1, certificate.Subject)
		}
		if certificate.KeyUsage != 0 && certificate.KeyUsage&x509.KeyUsageCertSign == 0 {
			return nil, fmt.Errorf("%s: certificate %d (%s) may not sign certificates: its key usage lacks keyCertSign", entry, i+1, certificate.Subject)
		}
		if i+1 < len(chain) && !signedBy(certificate, chain[i+1]) {
			return nil, fmt.Errorf("%s: certificate %d (%s) is not signed by certificate %d (%s): a chain starts with the issuing authority and ends with the root",
				entry, i+1, certificate.Subject, i+2, chain[i+1].Subject)
		}
	}
	return chain, nil
}

// validNow looks at what signs now; old certificates that have expired are merely of no use.
func validNow(chain []*x509.Certificate, now time.Time) error {
	for i, certificate := range chain {
		if expired(certificate, now) {
			return fmt.Errorf("%s: certificate %d (%s) expired at %s: put in one that is valid, and raise the generation",
				CertificateEntry, i+1, certificate.Subject, at(certificate.NotAfter))
		}
		if early(certificate, now) {
			return fmt.Errorf("%s: certificate %d (%s) is not valid before %s: put in one that is valid now",
				CertificateEntry, i+1, certificate.Subject, at(certificate.NotBefore))
		}
	}
	return nil
}

func signedBy(child, parent *x509.Certificate) bool {
	return bytes.Equal(child.RawIssuer, parent.RawSubject) && child.CheckSignatureFrom(parent) == nil
}
