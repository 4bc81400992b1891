package launch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// identity is a self-signed certificate for one name and its key, each as DER.
func identity(t *testing.T, name string) (certificate []byte, key *ecdsa.PrivateKey) {
	t.Helper()
	return identityUntil(t, name, time.Now().Add(time.Hour))
}

func identityUntil(t *testing.T, name string, end time.Time) (certificate []byte, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: end.Add(-2 * time.Hour), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

func encode(kind string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
}

func TestKeyStoresAreWhatKafkaReads(t *testing.T) {
	certificate, key := identity(t, "node")
	old, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := encode("CERTIFICATE", certificate)
	certificates, private := t.TempDir(), filepath.Join(t.TempDir(), "castellan")
	put(t, string(chain), certificates, "c-p-3.crt")
	put(t, string(encode("EC PRIVATE KEY", old)), certificates, "c-p-3.key")
	for range 2 { // a container that starts again finds the files of the one before
		if err := WriteKeyStores(certificates, private); err != nil {
			t.Fatal(err)
		}
	}
	store := filepath.Join(private, "c-p-3.pem")
	info, err := os.Stat(store)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	content, err := os.ReadFile(store)
	if err != nil || !strings.HasPrefix(string(content), "-----BEGIN PRIVATE KEY-----\n") || !strings.HasSuffix(string(content), string(chain)) {
		t.Errorf("not a PKCS#8 key before the chain (error %v)", err)
	}
	if _, err := tls.X509KeyPair(content, content); err != nil {
		t.Errorf("the pair does not fit: %v", err)
	}
}

func TestKeyStoreErrorsShowNoKey(t *testing.T) {
	chain := encode("CERTIFICATE", []byte("x"))
	const secret = "c2VjcmV0"
	cases := map[string]struct{ key, chain []byte }{
		"no PEM key":        {[]byte(secret), chain},
		"a damaged key":     {encode("RSA PRIVATE KEY", []byte(secret)), chain},
		"a public key":      {encode("PUBLIC KEY", []byte(secret)), chain},
		"no PEM chain":      {encode("PRIVATE KEY", []byte(secret)), []byte("x")},
		"a key for a chain": {encode("PRIVATE KEY", []byte(secret)), encode("PRIVATE KEY", []byte(secret))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := JoinKeyStore(c.key, c.chain)
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("error %v", err)
			}
		})
	}
}
