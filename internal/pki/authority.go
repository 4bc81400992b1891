package pki

import (
	"bytes"
	"crypto"
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
	// Supplied is true for an authority that a user brings along.
	Supplied bool
}

// NewAuthority makes an authority with a new key. Both generations are 0. With RSA 4096 it takes about a second of one core.
func NewAuthority(kind Kind, policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	return Authority{Kind: kind}.withNewKey(policy, now, rand)
}

// Renew makes a new certificate for the same key. Old certificates stay: they are of other keys, for which the new
// certificate does not vouch.
func (a Authority) Renew(policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	key, err := ParseKey(a.Key)
	if err != nil {
		return Authority{}, fmt.Errorf("renewing %s: reading %s: %w", a.Kind, KeyEntry, err)
	}
	subject := authoritySubject(a.Kind, a.KeyGeneration)
	certificate, err := selfSign(key, subject, a.keyID(key), span(now, policy.Validity), rand)
	if err != nil {
		return Authority{}, fmt.Errorf("renewing %s: %w", a.Kind, err)
	}
	a.Certificate = certificate
	a.CertificateGeneration++
	return a, nil
}

// keyID is the identifier that the current certificate gives the key; empty if it gives none or is of another key. There is more than one
// way to compute it, and whoever verifies a leaf takes an authority with another identifier than the leaf names for another authority.
func (a Authority) keyID(key crypto.Signer) []byte {
	current, err := ParseCertificates(a.Certificate)
	if err != nil || !samePublicKey(current[0], key) {
		return nil
	}
	return current[0].SubjectKeyId
}

// ReplaceKey makes a new key with a new certificate. The certificate it replaces stays trusted under a name that
// tells its expiry, so that leaves signed with the old key are accepted until all of them are issued anew.
func (a Authority) ReplaceKey(policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	if current, err := ParseCertificates(a.Certificate); err == nil {
		// The key's generation may have been lost with the key.
		a.KeyGeneration = max(a.KeyGeneration, keyGenerationOf(a.Kind, current[0]))
	}
	a = a.retired()
	a.KeyGeneration++
	a.CertificateGeneration++
	return a.withNewKey(policy, now, rand)
}

// create starts the authority. Where certificates of an earlier one are still trusted (see WithTrusted), the generations
// go on from them, so that the new key reaches the nodes as any replacement does instead of cutting them off.
func (a Authority) create(policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	for _, name := range a.oldEntries() {
		if old, err := ParseCertificates(a.Old[name]); err == nil {
			a.KeyGeneration = max(a.KeyGeneration, keyGenerationOf(a.Kind, old[0])+1)
		}
	}
	if len(a.Old) > 0 {
		a.CertificateGeneration++
	}
	return a.withNewKey(policy, now, rand)
}

// completeReplacement makes the certificate of a key that was stored when the operator stopped.
func (a Authority) completeReplacement(policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	return a.retired().Renew(policy, now, rand)
}

// retired has the current certificate among the old ones.
func (a Authority) retired() Authority {
	current, err := ParseCertificates(a.Certificate)
	if err != nil {
		return a
	}
	return a.withOld(OldEntry(current[0].NotAfter), a.Certificate)
}

func (a Authority) withOld(entry string, certificate []byte) Authority {
	old := maps.Clone(a.Old)
	if old == nil {
		old = map[string][]byte{}
	}
	old[freeEntry(old, entry, certificate)] = certificate
	a.Old = old
	return a
}

// freeEntry is the entry's name, or that of a later second when another certificate with the same end has it already.
func freeEntry(old map[string][]byte, entry string, certificate []byte) string {
	for {
		is, taken := old[entry]
		if !taken || bytes.Equal(is, certificate) {
			return entry
		}
		end, err := time.Parse(oldEntryLayout, entry)
		if err != nil {
			return entry
		}
		entry = OldEntry(end.Add(time.Second))
	}
}

// Apply carries out what DecideAuthority decided. Without an action, or with one that is not to be done now, it returns
// the authority unchanged.
func (a Authority) Apply(action Action, policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	switch action {
	case Create:
		return a.create(policy, now, rand)
	case RenewCertificate:
		return a.Renew(policy, now, rand)
	case ReplaceKey:
		return a.ReplaceKey(policy, now, rand)
	case CompleteReplacement:
		return a.completeReplacement(policy, now, rand)
	default:
		return a, nil
	}
}

var commonNameGeneration = regexp.MustCompile(` v(\d+)$`)

// keyGenerationOf is the generation of its key that a certificate which the operator made tells; -1 for others.
func keyGenerationOf(kind Kind, certificate *x509.Certificate) int {
	match := commonNameGeneration.FindStringSubmatch(certificate.Subject.CommonName)
	if match == nil {
		return -1
	}
	generation, err := strconv.Atoi(match[1])
	if err != nil || certificate.Subject.String() != subjectText(kind, generation) {
		return -1
	}
	return generation
}

func subjectText(kind Kind, keyGeneration int) string {
	return authoritySubject(kind, keyGeneration).String()
}

// WithTrusted adds as old certificates those of a trust bundle that are not of the present key and still hold. So what was
// lost with a Secret is restored: leaves that they vouch for are still in use.
func (a Authority) WithTrusted(bundle []byte, now time.Time) Authority {
	trusted, err := ParseCertificates(bundle)
	if err != nil {
		return a
	}
	key, keyErr := ParseKey(a.Key)
	for _, certificate := range trusted {
		present := keyErr == nil && samePublicKey(certificate, key)
		if present || !certificate.IsCA || expired(certificate, now) {
			continue
		}
		a = a.withOld(OldEntry(certificate.NotAfter), encodeCertificate(certificate.Raw))
	}
	return a
}

// WithoutExpired drops old certificates that have expired or cannot be read, and names the dropped entries, sorted.
func (a Authority) WithoutExpired(now time.Time) (Authority, []string) {
	var dropped []string
	kept := map[string][]byte{}
	for _, name := range a.oldEntries() {
		certificates, err := ParseCertificates(a.Old[name])
		if err != nil || expired(certificates[0], now) {
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

func (a Authority) withNewKey(policy Policy, now time.Time, rand io.Reader) (Authority, error) {
	key, err := GenerateKey(policy.Key, rand)
	if err != nil {
		return Authority{}, fmt.Errorf("generating the key of %s: %w", a.Kind, err)
	}
	keyPEM, err := EncodeKey(key)
	if err != nil {
		return Authority{}, fmt.Errorf("encoding the key of %s: %w", a.Kind, err)
	}
	subject := authoritySubject(a.Kind, a.KeyGeneration)
	certificate, err := selfSign(key, subject, nil, span(now, policy.Validity), rand)
	if err != nil {
		return Authority{}, fmt.Errorf("signing %s: %w", a.Kind, err)
	}
	a.Key, a.Certificate = keyPEM, certificate
	return a, nil
}
