package pki_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"castellan.io/castellan/internal/pki"
)

func TestAnOpenedAuthorityCertifiesManyKeysAtATime(t *testing.T) {
	issuer := authority(t)
	signing, err := issuer.Open()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			key, err := pki.GenerateKey(pki.ECDSAP256, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			made, err := signing.Certify(key.Public(), request(), now, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			chain, err := pki.ParseCertificates(made)
			if err != nil || len(chain) != 2 || chain[0].CheckSignatureFrom(chain[1]) != nil || !chain[1].Equal(certificate(t, issuer.Certificate)) {
				t.Errorf("%d certificates, %v", len(chain), err)
			}
		})
	}
	group.Wait()
}

func TestAnAuthorityWithAnotherKeyIsNotOpened(t *testing.T) {
	damaged := authority(t)
	damaged.Key = replaced(t).Key
	if _, err := damaged.Open(); err == nil || err.Error() != "ca.key of cluster-ca does not belong to its ca.crt" {
		t.Errorf("got %v", err)
	}
}

func TestRenewKeepsTheIdentifierOfTheKey(t *testing.T) {
	before := must(t)(pki.NewAuthority(pki.ClientsAuthority, quick, now, rand.Reader))
	key, err := pki.ParseKey(before.Key)
	if err != nil {
		t.Fatal(err)
	}
	template := certificate(t, before.Certificate)
	template.SubjectKeyId = []byte("computed by somebody else in another way")
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	before.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	leaf := certificate(t, issue(t, before, request()).Certificate)

	renewed := must(t)(before.Renew(quick, now, rand.Reader))
	if got := certificate(t, renewed.Certificate).SubjectKeyId; !bytes.Equal(got, leaf.AuthorityKeyId) {
		t.Errorf("leaves know the key as %q, the renewed authority calls it %q", leaf.AuthorityKeyId, got)
	}
	another := before
	another.Key = replaced(t).Key
	another = must(t)(another.Renew(quick, now, rand.Reader))
	if got := certificate(t, another.Certificate).SubjectKeyId; bytes.Equal(got, leaf.AuthorityKeyId) {
		t.Error("a key that was stored without its certificate has the identifier of the earlier one")
	}
}
