package pki_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/pki"
)

func TestIssueMakesCertificatesTheirAuthorityVouchesFor(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	identities, err := pki.Issue([]cluster.Certificate{
		{Name: "server", User: "api", Hosts: []string{"localhost", "198.18.255.1"}},
		{Name: "client", User: "admin", Group: "system:masters"},
	}, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	server, client := parse(t, identities.Issued["server"]), parse(t, identities.Issued["client"])
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(identities.CA.Certificate)) {
		t.Fatal("the authority has no certificate")
	}
	for _, host := range []string{"localhost", "198.18.255.1"} {
		if _, err := server.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("the server's certificate does not hold for %s: %v", host, err)
		}
	}
	forClients := x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := client.Verify(forClients); err != nil {
		t.Errorf("the client's certificate does not hold: %v", err)
	}
	if _, err := client.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now}); err == nil {
		t.Error("the client's certificate is good for a server")
	}
	if diff := cmp.Diff([]string{"system:masters"}, client.Subject.Organization); diff != "" || client.Subject.CommonName != "admin" {
		t.Errorf("user %s, groups (-want +got):\n%s", client.Subject.CommonName, diff)
	}
}

func parse(t *testing.T, pair cluster.Pair) *x509.Certificate {
	t.Helper()
	loaded, err := tls.X509KeyPair([]byte(pair.Certificate), []byte(pair.Key))
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Leaf
}

func TestServiceAccountsSignWithTheKeyThatIsPublished(t *testing.T) {
	identities, err := pki.Issue(nil, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pem.Decode([]byte(identities.ServiceAccount.Certificate))
	private, _ := pem.Decode([]byte(identities.ServiceAccount.Key))
	if public == nil || private == nil {
		t.Fatal("a key is missing")
	}
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	published, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(public.Bytes, published); diff != "" {
		t.Error("the published key is another one")
	}
}
