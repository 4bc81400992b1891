package credential_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"strings"
	"testing"

	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

// requestText is a request in PEM for a key; without a name its subject is empty.
func requestText(t *testing.T, name string, key crypto.Signer) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func requestFor(t *testing.T, name string, key []byte) *credential.Request {
	t.Helper()
	parsed, err := pki.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	request, err := credential.ReadRequest(requestText(t, name, parsed), "alice")
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func newRequest(t *testing.T, name string) *credential.Request {
	t.Helper()
	return requestFor(t, name, keyPEM(t, pki.ECDSAP256))
}

func TestReadRequestRefusesWhatCannotBeSigned(t *testing.T) {
	p256, err := newKey(pki.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := requestText(t, "alice", p256)
	block, _ := pem.Decode([]byte(good))
	block.Bytes[len(block.Bytes)-1] ^= 1
	const kinds = "it must be RSA with at least 2048 bits, ECDSA P-256, ECDSA P-384 or Ed25519"
	const form = "it must be one PKCS#10 request in PEM, CERTIFICATE REQUEST"
	tests := map[string]struct{ text, want string }{
		"another name":             {requestText(t, "bob", p256), `the common name is "bob": it must be "alice", or the subject empty`},
		"an RSA key that is small": {requestText(t, "alice", small), "the key is RSA with 1024 bits: " + kinds},
		"an unusual curve":         {requestText(t, "alice", p224), "the key is ECDSA P-224: " + kinds},
		"no PEM":                   {"junk", "no PEM found: " + form},
		"a key":                    {string(keyPEM(t, pki.ECDSAP256)), `a PEM block of type "PRIVATE KEY": ` + form},
		"two requests":             {good + good, "there is something behind the first PEM block: " + form},
		"a damaged request": {
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte("junk")})), "it cannot be read: " + form,
		},
		"a signature of somebody else": {
			string(pem.EncodeToMemory(block)), "its signature is not of its key, or of an outdated kind: make the request anew",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := credential.ReadRequest(test.text, "alice")
			if request != nil || err == nil || err.Error() != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReadRequestTakesTheOlderNameOfTheBlock(t *testing.T) {
	key, err := newKey(pki.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(requestText(t, "", key), "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
	if _, err := credential.ReadRequest("\n"+text+"\n\n", "alice"); err != nil {
		t.Error(err)
	}
}
