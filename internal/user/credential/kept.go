package credential

import (
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// Digest stands for a text that is compared and not kept: the first half of its SHA-256. The zero value stands for no text. It is not for
// logs: passwords that people choose can be guessed from it.
type Digest [16]byte

func digestOf[T string | []byte](text T) Digest {
	if len(text) == 0 {
		return Digest{}
	}
	sum := sha256.Sum256([]byte(text))
	return Digest(sum[:len(Digest{})])
}

// Kept is what is remembered of a user's Secret. The zero value is that of a Secret that does not exist.
type Kept struct {
	// Foreign tells that the Secret has entries that are not the operator's.
	Foreign bool

	// entries are those of ours that are there and not empty; of unreadable ones nothing else is known.
	entries, unreadable entries
	// belongs tells that the key is that of the certificate.
	belongs bool
	// renewalAsked tells that a person asked for new credentials on the Secret itself.
	renewalAsked bool
	// subject, the times in seconds since 1970, and publicKey are the certificate's; signer is the key that signed it, zero if unknown.
	subject             string
	notBefore, notAfter int64
	publicKey, signer   Digest
	// authority is ca.crt, password is the password.
	authority, password Digest
	// login is the username for which sasl.jaas.config logs in with the password; zero if it does not.
	login Digest
	// rotated is the text of the last rotation, issuedAt when the credentials were made in seconds since 1970, as far as annotations tell.
	rotated  Digest
	issuedAt int64
}

// Password is the digest of the password; zero without one.
func (k Kept) Password() Digest { return k.password }

// NotAfter is the end of the certificate; zero without one.
func (k Kept) NotAfter() time.Time {
	if k.notAfter == 0 {
		return time.Time{}
	}
	return time.Unix(k.notAfter, 0).UTC()
}

// Examine reads a user's Secret.
func Examine(secret Secret) Kept {
	kept := Kept{
		authority: digestOf(secret.Data[entryAuthority]),
		password:  digestOf(secret.Data[EntryPassword]),
		login:     loginOf(secret.Data),

		renewalAsked: strings.EqualFold(secret.Annotations[v1.AnnotationForceRenew], "true"),
		rotated:      digestOf(secret.Annotations[v1.AnnotationRotated]),
	}
	if at, err := time.Parse(time.RFC3339, secret.Annotations[v1.AnnotationIssuedAt]); err == nil {
		kept.issuedAt = at.Unix()
	}
	for name, content := range secret.Data {
		entry := entryOf(name)
		kept.Foreign = kept.Foreign || entry == 0
		if len(content) > 0 {
			kept.entries |= entry
		}
	}
	if kept.entries.has(certificate) {
		kept.readCertificate(secret.Data)
	}
	return kept
}

func (k *Kept) readCertificate(data map[string][]byte) {
	chain, err := pki.ParseCertificates(data[entryCertificate])
	if err != nil {
		k.unreadable |= certificate
		return
	}
	leaf := chain[0]
	k.subject = leaf.Subject.String()
	k.notBefore, k.notAfter = leaf.NotBefore.Unix(), leaf.NotAfter.Unix()
	k.publicKey = digestOf(leaf.RawSubjectPublicKeyInfo)
	k.signer = signerOf(leaf, data[entryAuthority])
	if !k.entries.has(key) {
		return
	}
	if k.belongs, err = pki.Belongs(data[entryKey], leaf); err != nil {
		k.unreadable |= key
	}
}

// signerOf is the key that signed a certificate: what the certificate calls it, or, if it does not name one, that of the authority beside it.
func signerOf(leaf *x509.Certificate, authority []byte) Digest {
	if len(leaf.AuthorityKeyId) > 0 {
		return digestOf(leaf.AuthorityKeyId)
	}
	chain, err := pki.ParseCertificates(authority)
	if err != nil || leaf.CheckSignatureFrom(chain[0]) != nil {
		return Digest{}
	}
	return digestOf(chain[0].RawSubjectPublicKeyInfo)
}
