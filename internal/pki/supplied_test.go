package pki_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"castellan.io/castellan/internal/pki"
)

// link is one certificate of a user's own chain with its key.
type link struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem, keyPEM []byte
}

// newLink makes a certificate signed by the parent, or by itself without one.
func newLink(t *testing.T, name string, isAuthority bool, parent *link) link {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return linkOf(t, key, name, parent, func(c *x509.Certificate) { c.IsCA = isAuthority })
}

// linkOf makes a certificate for a key, other than usual.
func linkOf(t *testing.T, key *ecdsa.PrivateKey, name string, parent *link, change func(*x509.Certificate)) link {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now,
		NotAfter:              now.Add(day),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	change(template)
	signer, issuer := key, template
	if parent != nil {
		signer, issuer = parent.key, parent.certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return link{
		parsed, key,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}),
	}
}

func join(texts ...[]byte) []byte {
	var joined []byte
	for _, text := range texts {
		joined = append(joined, text...)
	}
	return joined
}

func TestValidateSupplied(t *testing.T) {
	root := newLink(t, "root", true, nil)
	middle := newLink(t, "middle", true, &root)
	issuing := newLink(t, "issuing", true, &middle)
	leaf := newLink(t, "leaf", false, &issuing)
	lists := linkOf(t, root.key, "lists", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	brief := linkOf(t, root.key, "root", nil, func(c *x509.Certificate) { c.NotAfter = now.Add(time.Hour) })
	good := join(issuing.pem, middle.pem, root.pem)
	tests := map[string]struct {
		authority pki.Authority
		err       string
		after     time.Duration
	}{
		"a chain in order is fine": {authority: pki.Authority{Certificate: good, Key: issuing.keyPEM}},
		"a root alone is fine":     {authority: pki.Authority{Certificate: root.pem, Key: root.keyPEM}},
		"a chain may stop before the root": {
			authority: pki.Authority{Certificate: join(issuing.pem, middle.pem), Key: issuing.keyPEM},
		},
		"a missing key":         {pki.Authority{Certificate: good}, "ca.key is missing", 0},
		"a missing certificate": {pki.Authority{Key: issuing.keyPEM}, "ca.crt is missing", 0},
		"an unreadable key": {
			pki.Authority{Certificate: good, Key: []byte("junk")}, "ca.key: no private key in PEM found", 0,
		},
		"an unreadable certificate": {
			pki.Authority{Certificate: []byte("junk"), Key: issuing.keyPEM}, "ca.crt: no certificate in PEM found", 0,
		},
		"the key of another certificate": {
			pki.Authority{Certificate: good, Key: middle.keyPEM},
			"ca.key does not belong to the first certificate of ca.crt", 0,
		},
		"a chain with the root first": {
			pki.Authority{Certificate: join(root.pem, middle.pem, issuing.pem), Key: root.keyPEM},
			"ca.crt: certificate 1 (CN=root) is not signed by certificate 2 (CN=middle): a chain starts with the issuing authority and ends with the root", 0,
		},
		"a chain with a gap": {
			pki.Authority{Certificate: join(issuing.pem, root.pem), Key: issuing.keyPEM},
			"ca.crt: certificate 1 (CN=issuing) is not signed by certificate 2 (CN=root): a chain starts with the issuing authority and ends with the root", 0,
		},
		"a leaf instead of an authority": {
			pki.Authority{Certificate: leaf.pem, Key: leaf.keyPEM},
			"ca.crt: certificate 1 (CN=leaf) is not a certificate authority", 0,
		},
		"an old certificate that is none": {
			pki.Authority{Certificate: good, Key: issuing.keyPEM, Old: map[string][]byte{"ca-old.crt": []byte("junk")}},
			"ca-old.crt: no certificate in PEM found", 0,
		},
		"the last second of a chain is fine": {authority: pki.Authority{Certificate: good, Key: issuing.keyPEM}, after: day},
		"a second later": {
			pki.Authority{Certificate: good, Key: issuing.keyPEM},
			"ca.crt: certificate 1 (CN=issuing) expired at 2026-05-05T03:02:01Z: put in one that is valid, and raise the generation", day + time.Second,
		},
		"a root that expires before what it signed": {
			pki.Authority{Certificate: join(issuing.pem, middle.pem, brief.pem), Key: issuing.keyPEM},
			"ca.crt: certificate 3 (CN=root) expired at 2026-05-04T04:02:01Z: put in one that is valid, and raise the generation", 2 * time.Hour,
		},
		"a clock that is a few minutes late is fine": {authority: pki.Authority{Certificate: good, Key: issuing.keyPEM}, after: -5 * time.Minute},
		"a clock that is later than that": {
			pki.Authority{Certificate: good, Key: issuing.keyPEM},
			"ca.crt: certificate 1 (CN=issuing) is not valid before 2026-05-04T03:02:01Z: put in one that is valid now", -6 * time.Minute,
		},
		"an old certificate that has expired is merely useless": {
			authority: pki.Authority{Certificate: good, Key: issuing.keyPEM, Old: map[string][]byte{"ca-old.crt": brief.pem}}, after: 2 * time.Hour,
		},
		"an authority that may sign lists only": {
			pki.Authority{Certificate: lists.pem, Key: lists.keyPEM},
			"ca.crt: certificate 1 (CN=lists) may not sign certificates: its key usage lacks keyCertSign", 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.authority.ValidateSupplied(now.Add(test.after))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.err {
				t.Errorf("got  %q\nwant %q", got, test.err)
			}
		})
	}
}

func TestASuppliedChainIssuesLeavesThatItsRootVouchesFor(t *testing.T) {
	root := newLink(t, "root", true, nil)
	issuing := newLink(t, "issuing", true, &root)
	supplied := pki.Authority{Kind: pki.ClusterAuthority, Certificate: join(issuing.pem, root.pem), Key: issuing.keyPEM}
	leaf := issue(t, supplied, request())
	chain, err := pki.ParseCertificates(leaf.Certificate)
	if err != nil || len(chain) != 3 {
		t.Fatalf("%d certificates, error %v", len(chain), err)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.certificate)
	intermediates.AddCert(chain[1])
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now}
	if _, err := chain[0].Verify(options); err != nil {
		t.Error(err)
	}
	if decision := pki.DecideLeaf(leaf, request(), supplied.Trust(), open(now)); decision != (pki.LeafDecision{}) {
		t.Errorf("issued again at once: %+v", decision)
	}
}
