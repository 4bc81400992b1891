package main

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/pki"
)

// held are Secrets by name.
type held map[string]map[string][]byte

func (h held) read(_ context.Context, _, name string) (map[string][]byte, error) {
	data, is := h[name]
	if !is {
		return nil, errors.New("there is none: " + name)
	}
	return data, nil
}

func TestCertificatesOfAClientsConfigurationGoBeforeThoseOfSecrets(t *testing.T) {
	authority, err := pki.NewAuthority(pki.ClientsAuthority, pki.Policy{Lifetime: pki.Lifetime{Validity: time.Hour}, Key: pki.ECDSAP256}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := pki.BuiltIn{Authority: authority, Random: rand.Reader}.Issue(
		pki.LeafRequest{CommonName: "me", Key: pki.ECDSAP256, Lifetime: pki.Lifetime{Validity: time.Minute}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secrets := held{"trust": {"ca.crt": authority.Certificate}, "key": {"a.key": leaf.Key, "a.crt": leaf.Certificate}}
	stores := clientconfig.Stores{
		"ssl.truststore.certificates": string(authority.Certificate), "ssl.keystore.key": string(leaf.Key), "ssl.keystore.certificate.chain": string(leaf.Certificate),
	}
	tests := map[string]struct {
		access  config.KafkaAccess
		secrets held
		want    string
	}{
		"Secrets alone":                        {config.KafkaAccess{TLS: true, TrustSecret: "trust", KeySecret: "key", KeyName: "a.key", CertName: "a.crt"}, secrets, ""},
		"Secrets that are missing":             {config.KafkaAccess{TLS: true, TrustSecret: "trust"}, nil, "there is none: trust"},
		"a configuration before other Secrets": {config.KafkaAccess{TLS: true, TrustSecret: "gone", KeySecret: "gone", Stores: stores}, nil, ""},
		"a configuration that is wrong":        {config.KafkaAccess{TLS: true, TrustSecret: "trust", Stores: clientconfig.Stores{"ssl.truststore.certificates": "x"}}, secrets, "ssl.truststore.certificates holds no certificate"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			access, err := kafkaAccess(t.Context(), test.secrets.read, test.access, "id")
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := access.TLSNow(t.Context())
			if err != nil || got.RootCAs == nil || len(got.Certificates) != 1 {
				t.Errorf("%v: %+v", err, got)
			}
		})
	}
}
