package pki

import (
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strconv"
	"time"
)

// Kind tells the two authorities of a cluster apart. Its value is the first word of the authority's common name.
type Kind string

const (
	// ClusterAuthority signs the certificates of brokers, controllers and the components beside them.
	ClusterAuthority Kind = "cluster-ca"
	// ClientsAuthority signs the certificates of users.
	ClientsAuthority Kind = "clients-ca"
)

// Names of the entries in the Secrets of an authority.
const (
	// CertificateEntry holds the current certificate in PEM, for a user-supplied authority with its chain.
	CertificateEntry = "ca.crt"
	// KeyEntry holds the private key, PKCS#8 in PEM.
	KeyEntry = "ca.key"
	// TrustStoreEntry holds the PKCS#12 trust store.
	TrustStoreEntry = "ca.p12"
	// PasswordEntry holds the password of the trust store.
	PasswordEntry = "ca.password"
)

// Organization is the O of every certificate the operator makes, except those of users.
const Organization = "io.strimzi"

// oldEntryLayout names the entry of a replaced certificate after its expiry, in UTC.
const oldEntryLayout = "ca-2006-01-02T15-04-05Z.crt"

// Authority is a certificate authority as its Secrets hold it. The zero value of a field means "not there".
// Methods that change an authority return a new one and leave the receiver and its map as they were.
type Authority struct {
	Kind Kind
	// Certificate is the PEM of the current certificate; a user-supplied one is followed by its chain, root last.
	Certificate []byte
	// Key is the PEM of the private key.
	Key []byte
	// CertificateGeneration counts certificates, KeyGeneration counts keys; both start at 0.
	CertificateGeneration int
	KeyGeneration         int
	// Old holds certificates that are still trusted but no longer used for signing, by entry name (`ca-….crt`).
	Old map[string][]byte
}

// Lifetime is how long a certificate is valid and how long before its end it is made anew, in days of 24 hours.
type Lifetime struct {
	ValidityDays int
	RenewalDays  int
}

// Validate refuses lifetimes that would renew a certificate the moment it is made, for ever.
func (l Lifetime) Validate() error {
	if l.ValidityDays <= 0 {
		return fmt.Errorf("validity of %d days: it must be at least 1", l.ValidityDays)
	}
	if l.RenewalDays >= l.ValidityDays {
		return fmt.Errorf("renewal %d days before expiry: it must be less than the validity of %d days", l.RenewalDays, l.ValidityDays)
	}
	return nil
}

// expiring tells whether the certificate is within its renewal days, or past its end.
func (l Lifetime) expiring(certificate *x509.Certificate, now time.Time) bool {
	return !now.Before(certificate.NotAfter.Add(-days(l.RenewalDays)))
}

// NewAuthority makes an authority with a new key. Both generations are 0. It takes about a second of one core.
func NewAuthority(kind Kind, validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	return Authority{Kind: kind}.withNewKey(validityDays, now, rand)
}

// Renew makes a new certificate for the same key. Old certificates are dropped: what they vouched for, the renewed
// one vouches for too, or nobody may rely on it any more.
func (a Authority) Renew(validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	key, err := ParseKey(a.Key)
	if err != nil {
		return Authority{}, fmt.Errorf("renewing %s: reading %s: %w", a.Kind, KeyEntry, err)
	}
	subject := authoritySubject(a.Kind, a.KeyGeneration)
	certificate, err := selfSign(key, subject, span(now, validityDays), rand)
	if err != nil {
		return Authority{}, fmt.Errorf("renewing %s: %w", a.Kind, err)
	}
	a.Certificate, a.Old = certificate, nil
	a.CertificateGeneration++
	return a, nil
}

// ReplaceKey makes a new key with a new certificate. The certificate it replaces stays trusted under a name that
// tells its expiry, so that leaves signed with the old key are accepted until all of them are issued anew.
func (a Authority) ReplaceKey(validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	old := maps.Clone(a.Old)
	if current, err := ParseCertificates(a.Certificate); err == nil {
		if old == nil {
			old = map[string][]byte{}
		}
		old[OldEntry(current[0].NotAfter)] = a.Certificate
	}
	a.Old = old
	a.KeyGeneration++
	a.CertificateGeneration++
	return a.withNewKey(validityDays, now, rand)
}

// Apply carries out what DecideAuthority decided. Without an action, or with a postponed one, it returns the
// authority unchanged.
func (a Authority) Apply(action Action, validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	switch action {
	case Create:
		return a.create(validityDays, now, rand)
	case RenewCertificate:
		return a.Renew(validityDays, now, rand)
	case ReplaceKey:
		return a.ReplaceKey(validityDays, now, rand)
	default:
		return a, nil
	}
}

// create starts the authority. When only its key was lost, running pods still trust the certificate that is left:
// it stays trusted and the generations go on from it, so that the new key reaches the pods as any replacement does
// instead of cutting them off from each other. The key's generation was lost with the key; the certificate's
// common name still tells it.
func (a Authority) create(validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	current, err := ParseCertificates(a.Certificate)
	if err != nil {
		return NewAuthority(a.Kind, validityDays, now, rand)
	}
	a.KeyGeneration = max(a.KeyGeneration, keyGenerationOf(current[0]))
	return a.ReplaceKey(validityDays, now, rand)
}

var commonNameGeneration = regexp.MustCompile(` v(\d+)$`)

func keyGenerationOf(certificate *x509.Certificate) int {
	match := commonNameGeneration.FindStringSubmatch(certificate.Subject.CommonName)
	if match == nil {
		return 0
	}
	generation, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return generation
}

// WithoutExpired drops old certificates that have expired or cannot be read, and names the dropped entries, sorted.
func (a Authority) WithoutExpired(now time.Time) (Authority, []string) {
	var dropped []string
	kept := map[string][]byte{}
	for _, name := range a.oldEntries() {
		certificates, err := ParseCertificates(a.Old[name])
		if err != nil || now.After(certificates[0].NotAfter) {
			dropped = append(dropped, name)
			continue
		}
		kept[name] = a.Old[name]
	}
	if dropped == nil {
		return a, nil
	}
	a.Old = kept
	return a, dropped
}

// WithoutOld drops every old certificate, for when nothing that runs depends on one, and names the dropped entries,
// sorted.
func (a Authority) WithoutOld() (Authority, []string) {
	dropped := a.oldEntries()
	a.Old = nil
	return a, dropped
}

// NotAfter is when the current certificate expires.
func (a Authority) NotAfter() (time.Time, error) {
	certificates, err := ParseCertificates(a.Certificate)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading %s of %s: %w", CertificateEntry, a.Kind, err)
	}
	return certificates[0].NotAfter, nil
}

// OldEntry names the entry of a replaced certificate with that expiry.
func OldEntry(notAfter time.Time) string {
	return notAfter.UTC().Format(oldEntryLayout)
}

func (a Authority) withNewKey(validityDays int, now time.Time, rand io.Reader) (Authority, error) {
	key, err := generateKey(authorityKey, rand)
	if err != nil {
		return Authority{}, fmt.Errorf("generating the key of %s: %w", a.Kind, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Authority{}, fmt.Errorf("encoding the key of %s: %w", a.Kind, err)
	}
	subject := authoritySubject(a.Kind, a.KeyGeneration)
	certificate, err := selfSign(key, subject, span(now, validityDays), rand)
	if err != nil {
		return Authority{}, fmt.Errorf("signing %s: %w", a.Kind, err)
	}
	a.Key, a.Certificate = keyPEM, certificate
	return a, nil
}
