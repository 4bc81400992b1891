package pki_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"castellan.io/castellan/internal/pki"
)

func TestKeyStoreHoldsANamedKeyWithItsCertificate(t *testing.T) {
	for _, algorithm := range []pki.KeyAlgorithm{pki.RSA2048, pki.ECDSAP256, pki.ECDSAP384} {
		for _, alias := range []string{"alice", "CN with spaces, ü and 🙂"} {
			t.Run(algorithm.String()+" of "+alias, func(t *testing.T) {
				wanted := request()
				wanted.Key, wanted.Chain = algorithm, false
				leaf := issue(t, authority(t), wanted)
				key, err := pki.ParseKey(leaf.Key)
				if err != nil {
					t.Fatal(err)
				}
				store, err := pki.KeyStore(alias, key, certificate(t, leaf.Certificate), "Secret123456", rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				assertStore(t, store, alias, leaf)
			})
		}
	}
}

func assertStore(t *testing.T, store []byte, alias string, leaf pki.Leaf) {
	t.Helper()
	key, stored, chain, err := pkcs12.DecodeChain(store, "Secret123456")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := pki.EncodeKey(key.(crypto.Signer)); err != nil || !bytes.Equal(same, leaf.Key) {
		t.Errorf("another key, %v", err)
	}
	if !stored.Equal(certificate(t, leaf.Certificate)) || len(chain) != 0 {
		t.Errorf("another certificate, or %d more", len(chain))
	}
	blocks, err := pkcs12.ToPEM(store, "Secret123456") //nolint:staticcheck // the one function that tells the alias
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		if block.Type == "PRIVATE KEY" && block.Headers["friendlyName"] != alias {
			t.Errorf("the key is called %q", block.Headers["friendlyName"])
		}
	}
	if _, _, err := pkcs12.Decode(store, "secret123456"); err == nil {
		t.Error("another password opens the store")
	}
}
