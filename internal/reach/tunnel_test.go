package reach_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"castellan.io/castellan/internal/broker"
)

// TestTLSAndPasswordsReachKafkaWhereverItIs takes the way that a tunnel takes: names that nobody resolves, TLS on top of it, a password.
func TestTLSAndPasswordsReachKafkaWhereverItIs(t *testing.T) {
	served, trusted := serverTLS(t)
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(served), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "me", "secret"), kfake.SeedTopics(2, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	address := fake.ListenAddrs()[0]
	connect := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	kafka, err := broker.OpenTopics(broker.Access{
		Brokers: []string{"broker.invalid:9091"}, TLS: trusted, Connect: connect,
		SASL: &broker.SASL{Mechanism: broker.MechanismScramSha512, Username: "me", Password: "secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	if got, err := kafka.List(t.Context()); err != nil || len(got) != 1 || got[0].Name != "orders" {
		t.Errorf("found %v: %v", got, err)
	}
}

func serverTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"broker.invalid"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}
