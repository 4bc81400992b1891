package launch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"castellan.io/castellan/internal/launch/report"
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

func TestServed(t *testing.T) {
	const name = "c-p-3.c.ns.svc"
	node, nodeKey := identity(t, name)
	authority, _ := identity(t, "cluster-ca v0")
	replaced, _ := identity(t, "cluster-ca v1")
	both := string(encode("CERTIFICATE", authority)) + string(encode("CERTIFICATE", replaced))
	sum := sha256.Sum256([]byte(both))
	cases := map[string]struct {
		// accepted are the authorities that the server names; without any it asks for no certificate.
		accepted [][]byte
		trust    string
		says     string
	}{
		"a listener that asks nobody tells what it shows":          {},
		"a listener that goes by its file tells that":              {[][]byte{replaced, authority}, hex.EncodeToString(sum[:]), ""},
		"a listener that trusts fewer than its file does not":      {[][]byte{authority}, "", "does not go by the file"},
		"a listener that trusts others than its file does not":     {[][]byte{authority, replaced, node}, "", "does not go by the file"},
		"a listener that refuses the node's certificate tells all": {[][]byte{authority, replaced}, hex.EncodeToString(sum[:]), ""},
	}
	for title, c := range cases {
		for version, number := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
			t.Run(title+", TLS "+version, func(t *testing.T) {
				config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{node}, PrivateKey: nodeKey}}, MinVersion: number, MaxVersion: number}
				if len(c.accepted) > 0 {
					config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
				}
				for _, one := range c.accepted {
					config.ClientCAs.AppendCertsFromPEM(encode("CERTIFICATE", one))
				}
				listener := Listener{Name: "REPLICATION-9091", TLS: true, ServerName: name, Chain: keyPair(t, node, nodeKey), TrustStore: put(t, both, t.TempDir(), "trust.crt")}
				listener.Address = (&broker{}).serve(t, tls.NewListener(listen(t), config))
				got := Served(within(t, time.Minute), listener)
				if got.Serial != "1" || !got.NotAfter.After(time.Now()) || got.Trust != c.trust || !strings.Contains(got.Failure, c.says) || (got.Failure == "") != (c.says == "") {
					t.Errorf("got %+v", got)
				}
			})
		}
	}
}

func TestWhatIsNotServedIsAFailure(t *testing.T) {
	closed := listen(t)
	_ = closed.Close()
	got := Served(within(t, time.Minute), Listener{Name: "TLS-9093", Address: closed.Addr().String()})
	if got.Failure == "" || got != (report.Listener{Name: "TLS-9093", Failure: got.Failure}) {
		t.Errorf("got %+v", got)
	}
}

// keyPair writes a certificate and its key as the operator's secrets have them.
func keyPair(t *testing.T, certificate []byte, key *ecdsa.PrivateKey) string {
	t.Helper()
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	put(t, string(encode("PRIVATE KEY", encoded)), directory, "node.key")
	return put(t, string(encode("CERTIFICATE", certificate)), directory, "node.crt")
}
