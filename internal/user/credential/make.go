package credential

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// storePasswordLength is the length of the password of a key store.
const storePasswordLength = 32

// Maker makes what was decided. It can do so for many users at the same time.
type Maker struct {
	// Authority is the clients CA; nil does for passwords.
	Authority *pki.Signing
	// NewKey makes a private key, or has one in stock. It is called by many at the same time.
	NewKey func(pki.KeyAlgorithm) (crypto.Signer, error)
	// Random feeds serial numbers and passwords. It is read by many at the same time, as crypto/rand.Reader can be.
	Random io.Reader
}

// Make returns all that the operator wants in the Secret, made from what it has. Entries that Examine knows and that are not returned are to be
// removed; so is the annotation that asked for a renewal. Unless new credentials are to be issued, the present ones stay, and what is right
// already comes back as it is.
func (m *Maker) Make(decision Decision, wish Wish, old Secret, now time.Time) (Secret, error) {
	issue := decision.Deed == Issue
	out := Secret{Data: map[string][]byte{}, Annotations: map[string]string{}}
	var err error
	if wish.certified() {
		err = m.certificate(issue, wish, old, out, now)
	} else {
		err = m.password(issue, wish, old, out)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("making the credentials of %s: %w", wish.Username, err)
	}
	remember(issue, wish, old, out, now)
	return out, nil
}

// remember notes when the credentials were made and which rotation was carried out.
func remember(issue bool, wish Wish, old, out Secret, now time.Time) {
	if text := old.Annotations[v1.AnnotationRotated]; text != "" {
		out.Annotations[v1.AnnotationRotated] = text
	}
	v := view{kept: Examine(Secret{Annotations: old.Annotations}), wish: wish, moment: Moment{Now: now}}
	if v.kept.issuedAt != 0 {
		out.Annotations[v1.AnnotationIssuedAt] = old.Annotations[v1.AnnotationIssuedAt]
	}
	if issue || ageUnknown(v) != "" {
		out.Annotations[v1.AnnotationIssuedAt] = stamp(now)
	}
	if issue && wish.Rotate != "" && !wish.supplied() {
		out.Annotations[v1.AnnotationRotated] = wish.Rotate
	}
}

func (m *Maker) password(issue bool, wish Wish, old, out Secret) error {
	text := string(old.Data[EntryPassword])
	var err error
	switch {
	case wish.supplied():
		text = *wish.Password
	case issue:
		text, err = pki.NewPassword(wish.PasswordLength, m.Random)
	}
	if err != nil {
		return err
	}
	if text == "" {
		return errors.New("there is no password, and an empty one lets nobody in")
	}
	out.Data[EntryPassword] = []byte(text)
	out.Data[entryLogin] = []byte(loginText(wish.Username, text))
	return nil
}

func (m *Maker) certificate(issue bool, wish Wish, old, out Secret, now time.Time) error {
	if m.Authority == nil {
		return errors.New("there is no authority to sign with")
	}
	var err error
	if issue {
		err = m.issue(wish, out, now)
	} else {
		err = m.retain(wish, old, out)
	}
	if err != nil {
		return err
	}
	chain, err := pki.ParseCertificates(out.Data[entryCertificate])
	if err != nil {
		return fmt.Errorf("reading %s: %w", entryCertificate, err)
	}
	out.Annotations[v1.AnnotationNotAfter] = stamp(chain[0].NotAfter)
	return m.store(wish, out)
}

// issue makes a key, unless the user has one, and a certificate.
func (m *Maker) issue(wish Wish, out Secret, now time.Time) error {
	public, err := m.publicKey(wish, out)
	if err != nil {
		return err
	}
	out.Data[entryAuthority] = m.Authority.Trust().Certificate
	out.Data[entryCertificate], err = m.Authority.Certify(public, pki.LeafRequest{CommonName: wish.Username, Lifetime: wish.Lifetime}, now, m.Random)
	return err
}

func (m *Maker) publicKey(wish Wish, out Secret) (crypto.PublicKey, error) {
	if wish.Request != nil {
		return wish.Request.public, nil
	}
	key, err := m.NewKey(wish.Key)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	out.Data[entryKey], err = pki.EncodeKey(key)
	return key.Public(), err
}

// retain takes over certificate and key. The present authority comes with them if its key signed the certificate, otherwise the earlier one stays.
func (m *Maker) retain(wish Wish, old, out Secret) error {
	trusted, err := Trust(m.Authority.Trust())
	if err != nil {
		return err
	}
	out.Data[entryAuthority] = m.Authority.Trust().Certificate
	if earlier := old.Data[entryAuthority]; len(earlier) > 0 && !trusted.present[Examine(old).signer] {
		out.Data[entryAuthority] = earlier
	}
	for _, entry := range []string{entryCertificate, entryKey, entryStore, entryStorePassword} {
		if content := old.Data[entry]; len(content) > 0 && wish.entries().has(entryOf(entry)) {
			out.Data[entry] = content
		}
	}
	return nil
}

// store adds certificate and key as a PKCS#12 store if that is wanted and not there.
func (m *Maker) store(wish Wish, out Secret) error {
	if !wish.entries().has(store) || len(out.Data[entryStore]) > 0 && len(out.Data[entryStorePassword]) > 0 {
		return nil
	}
	chain, err := pki.ParseCertificates(out.Data[entryCertificate])
	if err != nil {
		return fmt.Errorf("reading %s: %w", entryCertificate, err)
	}
	key, err := pki.ParseKey(out.Data[entryKey])
	if err != nil {
		return fmt.Errorf("reading %s: %w", entryKey, err)
	}
	password, err := pki.NewPassword(storePasswordLength, m.Random)
	if err != nil {
		return err
	}
	out.Data[entryStorePassword] = []byte(password)
	out.Data[entryStore], err = pki.KeyStore(wish.Username, key, chain[0], password, m.Random)
	return err
}
