package quickstart

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	cases := map[string]struct {
		lines  []string
		want   result
		passes bool
	}{
		"all came":                {[]string{record(0), record(1), record(2)}, result{Distinct: 3}, true},
		"in any order":            {[]string{record(2), record(0), record(1)}, result{Distinct: 3}, true},
		"one came twice":          {[]string{record(0), record(1), record(1), record(2)}, result{Distinct: 3, Repeated: 1}, true},
		"one is lost":             {[]string{record(0), record(2)}, result{Distinct: 2, Lost: 1}, false},
		"one stands for another":  {[]string{record(0), record(0), record(2)}, result{Distinct: 2, Lost: 1, Repeated: 1}, false},
		"one that nobody wrote":   {[]string{record(0), record(1), record(2), "what"}, result{Distinct: 3, Strange: 1}, false},
		"a record that was cut":   {[]string{record(0), record(1), record(2)[:20]}, result{Distinct: 2, Lost: 1, Strange: 1}, false},
		"nothing came":            {nil, result{Lost: 3}, false},
		"a number beyond the end": {[]string{record(0), record(1), record(3)}, result{Distinct: 2, Lost: 1, Strange: 1}, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			counted := newTally(3)
			for _, line := range tc.lines {
				counted.count(line)
			}
			got := counted.result()
			if got != tc.want || (got.err() == nil) != tc.passes {
				t.Errorf("got %+v (%v), want %+v, passing: %t", got, got.err(), tc.want, tc.passes)
			}
		})
	}
}

func authority(t *testing.T, now time.Time) (pair, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clients-ca"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, certificate
}

func TestTheIssuedCertificateIsAClientsForAnHour(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	issuer, root := authority(t, now)
	client, err := issue(issuer, "somebody", now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(client.certificate)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	use := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for when, valid := range map[time.Time]bool{now: true, now.Add(59 * time.Minute): true, now.Add(61 * time.Minute): false} {
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: when, KeyUsages: use}); (err == nil) != valid {
			t.Errorf("at %s: %v, want valid: %t", when, err, valid)
		}
	}
	if certificate.Subject.String() != "CN=somebody" {
		t.Errorf("the subject is %s", certificate.Subject)
	}
	if slices.Contains(certificate.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		t.Error("it can be a server's")
	}
}

func TestAnAuthorityThatCannotBeReadSaysSoWithoutItsKey(t *testing.T) {
	_, err := issue(pair{certificate: []byte("no"), key: []byte("SECRET")}, "x", time.Now(), rand.Reader)
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
}

func TestTheClusterIsWholeWhenItIsReadyWithAllPods(t *testing.T) {
	condition := func(kind string) resource {
		var r resource
		r.Status.Conditions = append(r.Status.Conditions, struct{ Type, Status, Message string }{kind, "True", "because"})
		return r
	}
	ready, notReady := condition("Ready"), condition("NotReady")
	cases := map[string]struct {
		cluster resource
		pods    []resource
		whole   bool
	}{
		"ready with ready pods":           {ready, []resource{ready, ready}, true},
		"ready while a pod restarts":      {ready, []resource{ready, {}}, false},
		"not ready although all pods are": {notReady, []resource{ready, ready}, false},
		"without pods":                    {ready, nil, false},
		"before the operator has seen it": {resource{}, nil, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := newState(tc.cluster, tc.pods); got.whole() != tc.whole {
				t.Errorf("%+v is whole: %t, want %t", got, got.whole(), tc.whole)
			}
		})
	}
	if got := newState(notReady, nil).condition; got != "because" {
		t.Errorf("the reason is %q", got)
	}
}
