package clientconfig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"castellan.io/castellan/internal/clientconfig"
)

const (
	login        = "org.apache.kafka.common.security.scram.ScramLoginModule required"
	jks          = "\xfe\xed\xfe\xed\x00\x00\x00\x02"
	encryptedKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
)

// files are what the properties name.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	content, is := f[path]
	if !is {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func TestLoginsAreRead(t *testing.T) {
	cases := map[string]struct {
		text string
		want clientconfig.Client
	}{
		"an empty file connects in the clear":    {"", clientconfig.Client{}},
		"a client has a name":                    {"client.id=me\nretries=3", clientconfig.Client{ID: "me"}},
		"SCRAM with an escaped password":         {"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=" + login + ` username="a" \` + "\n" + `  password="b\\"c";`, saslOf("SCRAM-SHA-512", "a", `b"c`)},
		"a protocol in small letters":            {"security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required username=a password=b;", saslOf("PLAIN", "a", "b")},
		"PLAIN without quotes":                   {"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required username=a password=b;", saslOf("PLAIN", "a", "b")},
		"tokens with a secret in the login":      {oauth + "\nsasl.jaas.config=x required clientId=\"a\" clientSecret=\"b\" scope=\"c d\";", tokenOf("c", "d")},
		"tokens with a secret in options":        {oauth + "\nsasl.oauthbearer.client.credentials.client.id=a\nsasl.oauthbearer.client.credentials.client.secret=b", tokenOf()},
		"tokens by Kafka's own handler of today": {oauth + "\nsasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler\nsasl.jaas.config=x required clientId=a clientSecret=b;", tokenOf()},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := clientconfig.Read(c.text, files{}.read)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("client (-want +got):\n%s", diff)
			}
		})
	}
}

const oauth = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://t"

func saslOf(mechanism, user, password string) clientconfig.Client {
	return clientconfig.Client{SASL: &clientconfig.SASL{Mechanism: mechanism, Username: user, Password: password}}
}

func tokenOf(scopes ...string) clientconfig.Client {
	if scopes == nil {
		scopes = []string{}
	}
	return clientconfig.Client{SASL: &clientconfig.SASL{Mechanism: "OAUTHBEARER", TokenURL: "https://t", ClientID: "a", ClientSecret: "b", Scopes: scopes}}
}

func TestWhatCannotBeReadIsSaidInOneLineWithoutSecrets(t *testing.T) {
	const scram, ssl = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n", "security.protocol=SSL\n"
	held := newKeys(t)
	cases := map[string]struct{ text, want string }{
		"an option of other programs":        {"group.id=a", "the file has group.id, which is not supported: expected it removed"},
		"an option of Java's security":       {ssl + "ssl.provider=BC", "the file has ssl.provider, which is not supported"},
		"a mechanism that is none":           {"security.protocol=SASL_SSL\nsasl.mechanism=secret", "a sasl.mechanism that is not supported: expected PLAIN, SCRAM"},
		"options on one line":                {"security.protocol=SASL_SSL sasl.jaas.config=secret", "sasl.jaas.config on the line of security.protocol: expected a line for each"},
		"a key whose lines are not joined":   {ssl + "ssl.keystore.key=-----BEGIN\nMIIsecret", "a line without an option, which is not supported"},
		"a protocol that is none":            {"security.protocol=TLS", "a security.protocol that is none: expected PLAINTEXT, SSL"},
		"a store that would not be used":     {"ssl.truststore.location=a.pem", "ssl.truststore.location for connections that are not encrypted: expected security.protocol SSL"},
		"a login that would not be used":     {ssl + "sasl.jaas.config=secret", "sasl.jaas.config for connections without a login: expected security.protocol SASL_"},
		"Kerberos, which is the default":     {"security.protocol=SASL_PLAINTEXT", "the file has no sasl.mechanism: expected PLAIN, SCRAM"},
		"a login without a password":         {scram + "sasl.jaas.config=x required username=\"secret\";", "no username or password in sasl.jaas.config"},
		"tokens from nowhere":                {"security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER", "lacks what OAUTHBEARER needs: expected sasl.oauthbearer.token.endpoint.url"},
		"tokens by a class of others":        {oauth + "\nsasl.login.callback.handler.class=io.Other", "handler.class that is not supported: expected Kafka's own"},
		"a file that is not there":           {ssl + "ssl.truststore.location=none.p12", "ssl.truststore.location: open none.p12"},
		"a store of Java's own":              {ssl + "ssl.truststore.location=store.jks", "store.jks is a JKS store, which is not supported: keytool"},
		"a store that is said to be another": {ssl + "ssl.truststore.location=ca.pem\nssl.truststore.type=PKCS12", `ssl.truststore.type is "PKCS12": ca.pem is PEM`},
		"a wrong password of certificates":   {ssl + "ssl.truststore.location=ca.p12\nssl.truststore.password=wrongsecret", "ssl.truststore.password is not the password of ca.p12"},
		"a wrong password of a key":          {ssl + "ssl.keystore.location=me.p12\nssl.keystore.password=wrongsecret", "ssl.keystore.password is not the password of me.p12"},
		"two passwords of a key":             {ssl + "ssl.keystore.location=me.p12\nssl.keystore.password=a\nssl.key.password=wrongsecret", "ssl.key.password is not ssl.keystore.password: expected the same"},
		"a store that is none":               {ssl + "ssl.truststore.location=nonsense", "cannot read nonsense as PKCS#12"},
		"an encrypted key":                   {ssl + "ssl.keystore.location=encrypted.pem", "the key in ssl.keystore.location is encrypted, which is not supported"},
		"a certificate without its key":      {ssl + "ssl.keystore.location=ca.pem", "ssl.keystore.location holds no private key"},
		"a key without its certificate":      {ssl + "ssl.keystore.key=" + inLine(held.files["key.pem"]), "ssl.keystore.key holds no certificate with its key"},
		"certificates that are none":         {ssl + "ssl.truststore.certificates=secret", "ssl.truststore.certificates holds no certificate"},
		"a version of TLS that is broken":    {ssl + "ssl.enabled.protocols=TLSv1.2,TLSv1.1", `ssl.enabled.protocols names "TLSv1.1": expected TLSv1.2 or TLSv1.3`},
		"an unknown way to verify names":     {ssl + "ssl.endpoint.identification.algorithm=ldaps", "algorithm that is not supported: expected https, or nothing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := clientconfig.Read(c.text, held.files.read)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error: %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("more than a line, or a secret: %q", err)
			}
		})
	}
}

// TestStoresOpenConnections shakes hands with a server that wants a certificate of the client.
func TestStoresOpenConnections(t *testing.T) {
	const ssl = "security.protocol=SSL\nssl.protocol=TLS\nssl.enabled.protocols=TLSv1.2,TLSv1.3\n"
	held := newKeys(t)
	trust, identity := "ssl.truststore.location=ca.pem\n", "ssl.keystore.location=me.pem\n"
	cases := map[string]struct {
		text, server string
		refused      string
	}{
		"PEM in files":                     {text: ssl + trust + identity},
		"PEM in files that say so":         {text: ssl + trust + identity + "ssl.truststore.type=PEM\nssl.keystore.type=PEM\n"},
		"PEM in the properties":            {text: ssl + "ssl.truststore.certificates=" + inLine(held.files["ca.pem"]) + "\nssl.keystore.certificate.chain=" + inLine(held.files["cert.pem"]) + "\nssl.keystore.key=" + inLine(held.files["key.pem"])},
		"PKCS#12":                          {text: ssl + "ssl.truststore.location=ca.p12\nssl.truststore.password=123456\nssl.keystore.location=me.p12\nssl.keystore.password=654321\n"},
		"PKCS#12 under Java's old default": {text: ssl + "ssl.truststore.location=ca.p12\nssl.truststore.password=123456\nssl.truststore.type=JKS\n" + identity},
		"another name that is looked at":   {text: ssl + trust + identity, server: "other", refused: "other"},
		"another name that is not":         {text: ssl + trust + identity + "ssl.endpoint.identification.algorithm=\n", server: "other"},
		"an authority nobody trusts":       {text: ssl + identity, refused: "authority"},
		"one nobody trusts, by any name":   {text: ssl + identity + "ssl.endpoint.identification.algorithm=\n", refused: "authority"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := clientconfig.Read(c.text, held.files.read)
			if err != nil {
				t.Fatal(err)
			}
			got.TLS.ServerName = "broker"
			if c.server != "" {
				got.TLS.ServerName = c.server
			}
			err = shake(t, got.TLS, held.server)
			if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("the handshake ended with %v, want %q", err, c.refused)
			}
		})
	}
}

func shake(t *testing.T, client, server *tls.Config) error {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if c, err := listener.Accept(); err == nil {
			_, _ = c.Write([]byte("x")) // a client learns from what comes after whether it was let in
			_ = c.Close()
		}
	}()
	c, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	return err
}

// keys are an authority, a client, and a server that trusts it.
type keys struct {
	files  files
	server *tls.Config
}

func newKeys(t *testing.T) keys {
	t.Helper()
	authorityKey := newKey(t)
	authority := certificate(t, "authority", nil, authorityKey, authorityKey)
	brokerKey, ownKey := newKey(t), newKey(t)
	broker := certificate(t, "broker", authority, brokerKey, authorityKey)
	own := certificate(t, "me", authority, ownKey, authorityKey)
	trustStore, err := pkcs12.Modern2023.EncodeTrustStore([]*x509.Certificate{authority}, "123456")
	if err != nil {
		t.Fatal(err)
	}
	keyStore, err := pkcs12.Modern2023.Encode(ownKey, own, []*x509.Certificate{authority}, "654321")
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ownKey)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	clients := x509.NewCertPool()
	clients.AddCert(authority)
	return keys{
		files: files{
			"ca.pem": inPEM(authority), "cert.pem": inPEM(own), "key.pem": key, "me.pem": key + inPEM(own),
			"ca.p12": string(trustStore), "me.p12": string(keyStore), "store.jks": jks, "encrypted.pem": encryptedKey + inPEM(own), "nonsense": "nonsense",
		},
		server: &tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{broker.Raw}, PrivateKey: brokerKey}},
			ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12,
		},
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(t *testing.T, name string, issuer *x509.Certificate, key crypto.Signer, issuerKey crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if issuer == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// inLine is PEM as it stands in properties.
func inLine(text string) string { return strings.ReplaceAll(text, "\n", "\\n\\\n") }
