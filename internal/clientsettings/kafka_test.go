package clientsettings_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/clientsettings"
)

// issuer signs certificates.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newIssuer(t *testing.T, name string) issuer {
	t.Helper()
	return issuer{}.issue(t, name)
}

// issue makes a certificate for a name and this machine, signed by itself if the issuer is none.
func (i issuer) issue(t *testing.T, name string) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if i.key == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		i = issuer{certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, key.Public(), i.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{certificate, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

func (i issuer) pool() *x509.CertPool {
	out := x509.NewCertPool()
	out.AddCert(i.certificate)
	return out
}

func (i issuer) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// world is a Kafka of each kind, with settings of a user of it. Brokers and users have certificates of different authorities, as in a cluster.
func world(t *testing.T, how v1.UserAuthenticationType) clientsettings.Settings {
	t.Helper()
	cluster, clients := newIssuer(t, "cluster-ca"), newIssuer(t, "clients-ca")
	server, own := cluster.issue(t, "broker"), clients.issue(t, "my-user")
	security := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.certificate.Raw}, PrivateKey: server.key}}, MinVersion: tls.VersionTLS12,
	}
	kind, options := "scram-sha-512", []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "my-user", password)}
	if how != v1.UserAuthenticationScramSha512 {
		kind, options = "tls", nil
		security.ClientAuth, security.ClientCAs = tls.RequireAndVerifyClientCert, clients.pool()
	}
	fake, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"), kfake.TLS(security))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	k := kafkaOf(some("mine internal encrypted " + kind))
	k.Status.Listeners[0].BootstrapServers = fake.ListenAddrs()[0]
	k.Status.Listeners[0].Certificates = []string{cluster.pem}
	a := account(t, userOf(how))
	l, _, err := a.Choose(k, "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.Settings(l, map[string][]byte{
		"ca.crt": []byte(clients.pem), "user.crt": []byte(own.pem), "user.key": []byte(own.keyPEM(t)), "password": []byte(password), "sasl.jaas.config": []byte(login),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPropertiesOpenConnections(t *testing.T) {
	cases := map[string]struct {
		how     v1.UserAuthenticationType
		change  func(*clientsettings.Settings)
		refused bool
	}{
		"with a certificate":        {how: v1.UserAuthenticationTLS},
		"with a password":           {how: v1.UserAuthenticationScramSha512},
		"not without a certificate": {how: v1.UserAuthenticationTLSExternal, refused: true},
		"not with another password": {how: v1.UserAuthenticationScramSha512, change: func(s *clientsettings.Settings) { s.Login = strings.Replace(s.Login, "pass\\", "word\\", 1) }, refused: true},
		"not to anybody else":       {how: v1.UserAuthenticationTLS, change: func(s *clientsettings.Settings) { s.Listener.Trust = s.Certificate }, refused: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := world(t, c.how)
			if c.change != nil {
				c.change(&s)
			}
			err := connect(t, files(t, s, clientsettings.Properties, ".")[0].Content, s.Servers())
			if (err != nil) != c.refused {
				t.Errorf("the connection ended with %v, want it refused: %t", err, c.refused)
			}
		})
	}
}

// connect asks Kafka something with properties.
func connect(t *testing.T, properties string, brokers []string) error {
	t.Helper()
	as, err := clientconfig.Read(properties, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	access := broker.Access{Brokers: brokers, TLS: as.TLS}
	if as.SASL != nil {
		access.SASL = &broker.SASL{Mechanism: as.SASL.Mechanism, Username: as.SASL.Username, Password: as.SASL.Password}
	}
	kafka, err := broker.OpenTopics(access)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	_, err = kafka.List(t.Context())
	return err
}

func TestProgramsInGoConnect(t *testing.T) {
	for _, how := range []v1.UserAuthenticationType{v1.UserAuthenticationTLS, v1.UserAuthenticationScramSha512} {
		t.Run(string(how), func(t *testing.T) {
			directory := t.TempDir()
			for _, f := range files(t, world(t, how), clientsettings.Go, directory) {
				if err := os.WriteFile(filepath.Join(directory, f.Name), []byte(f.Content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			said, err := exec.CommandContext(t.Context(), "go", "run", filepath.Join(directory, "main.go")).CombinedOutput()
			if err != nil || strings.TrimSpace(string(said)) != "Kafka answers" {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}
