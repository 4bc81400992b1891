package pki

import (
	"crypto/sha256"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"

	"software.sslmate.com/src/go-pkcs12"
)

// TrustBundle is the PEM of every certificate of the authority that is to be trusted: the current one (with its
// chain) first, then the old ones by entry name.
func (a Authority) TrustBundle() []byte {
	texts := [][]byte{a.Certificate}
	for _, name := range a.oldEntries() {
		texts = append(texts, a.Old[name])
	}
	return joinPEM(texts...)
}

// TrustStore is a PKCS#12 store of trusted certificates that Java 12 and newer reads (PBES2 with AES-256, HMAC with
// SHA-256). Each certificate's alias is the name of its entry: `ca.crt`, `ca-….crt`.
//
// Equal certificates and an equal password give equal bytes: the salts and the initialisation vector are derived
// from the certificates instead of being drawn. So a caller may render the store on every pass and compare bytes,
// and needs no other way to tell whether a stored one is still right. That costs no secrecy: the content is public,
// and the purpose of a salt, to differ between stores, is kept because no two authorities share a certificate.
func (a Authority) TrustStore(password string) ([]byte, error) {
	entries, err := a.trustStoreEntries()
	if err != nil {
		return nil, err
	}
	store, err := pkcs12.Modern2023.WithRand(saltsOf(entries)).EncodeTrustStoreEntries(entries, password)
	if err != nil {
		return nil, fmt.Errorf("encoding %s of %s: %w", TrustStoreEntry, a.Kind, err)
	}
	return store, nil
}

func (a Authority) trustStoreEntries() ([]pkcs12.TrustStoreEntry, error) {
	texts := maps.Clone(a.Old)
	if texts == nil {
		texts = map[string][]byte{}
	}
	texts[CertificateEntry] = a.Certificate
	var entries []pkcs12.TrustStoreEntry
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		certificates, err := ParseCertificates(texts[name])
		if err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", name, a.Kind, err)
		}
		entries = append(entries, pkcs12.TrustStoreEntry{Cert: certificates[0], FriendlyName: name})
	}
	return entries, nil
}

// saltsOf is an endless stream that depends on nothing but the entries.
func saltsOf(entries []pkcs12.TrustStoreEntry) *mathrand.ChaCha8 {
	digest := sha256.New()
	for _, entry := range entries {
		fmt.Fprintf(digest, "%q %x\n", entry.FriendlyName, entry.Cert.Raw)
	}
	return mathrand.NewChaCha8([32]byte(digest.Sum(nil)))
}

func (a Authority) oldEntries() []string {
	return slices.Sorted(maps.Keys(a.Old))
}
