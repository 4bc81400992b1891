package pki_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"castellan.io/castellan/internal/pki"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

var lifetime = pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}

// quick makes keys at once.
var quick = pki.Policy{Lifetime: lifetime, Key: pki.ECDSAP256}

// year is how an authority is kept when nobody says anything.
var year = pki.Policy{Lifetime: lifetime, Key: pki.RSA4096}

// madeOnce saves seconds: an authority's key is costly and nothing in the package changes one in place.
var madeOnce = sync.OnceValues(func() (pki.Authority, error) {
	return pki.NewAuthority(pki.ClusterAuthority, year, now, rand.Reader)
})

var replacedOnce = sync.OnceValues(func() (pki.Authority, error) {
	made, err := madeOnce()
	if err != nil {
		return pki.Authority{}, err
	}
	return made.ReplaceKey(pki.Policy{Lifetime: pki.Lifetime{Validity: pki.Days(730)}, Key: pki.RSA2048}, now.Add(time.Hour), rand.Reader)
})

func authority(t *testing.T) pki.Authority { t.Helper(); return must(t)(madeOnce()) }
func replaced(t *testing.T) pki.Authority  { t.Helper(); return must(t)(replacedOnce()) }

func must(t *testing.T) func(pki.Authority, error) pki.Authority {
	t.Helper()
	return func(a pki.Authority, err error) pki.Authority {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func certificate(t *testing.T, text []byte) *x509.Certificate {
	t.Helper()
	parsed, err := pki.ParseCertificates(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed[0]
}

func issue(t *testing.T, issuer pki.Authority, wanted pki.LeafRequest) pki.Leaf {
	t.Helper()
	leaf, err := pki.IssueLeaf(issuer, wanted, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func request() pki.LeafRequest {
	return pki.LeafRequest{
		CommonName:   "my-kafka",
		Organization: pki.Organization,
		Names:        []string{"my-kafka-bootstrap.ns.svc", "10.0.0.1", "fd00::1", "b.example", "a.example", "10.0.0.1"},
		Key:          pki.ECDSAP256,
		Chain:        true,
		Lifetime:     lifetime,
	}
}

func TestAuthorityCertificate(t *testing.T) {
	made := authority(t)
	got := certificate(t, made.Certificate)
	if size := got.PublicKey.(*rsa.PublicKey).N.BitLen(); size != 4096 {
		t.Errorf("the key has %d bits", size)
	}
	if !bytes.Contains(made.Key, []byte("-----BEGIN PRIVATE KEY-----")) {
		t.Error("the key is not PKCS#8 in PEM")
	}
	type shape struct {
		Subject            string
		CA, ZeroPath       bool
		Usage              x509.KeyUsage
		Algorithm          x509.SignatureAlgorithm
		NotBefore, NotAfer time.Time
		SerialBits         int
	}
	want := shape{
		"CN=cluster-ca v0,O=io.strimzi", true, true, x509.KeyUsageCertSign | x509.KeyUsageCRLSign, x509.SHA512WithRSA,
		now.Add(-5 * time.Minute), now.AddDate(0, 0, 365), 128,
	}
	have := shape{
		got.Subject.String(), got.IsCA, got.MaxPathLenZero, got.KeyUsage, got.SignatureAlgorithm,
		got.NotBefore, got.NotAfter, got.SerialNumber.BitLen(),
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, extension := range got.Extensions {
		basicConstraints := extension.Id.String() == "2.5.29.19"
		keyUsage := extension.Id.String() == "2.5.29.15"
		if (basicConstraints || keyUsage) && !extension.Critical {
			t.Errorf("extension %s is not critical", extension.Id)
		}
	}
	if err := made.ValidateSupplied(now); err != nil {
		t.Errorf("a generated authority would not do as a supplied one: %v", err)
	}
}

func TestRenewKeepsTheKeyAndTheCertificatesOfEarlierOnes(t *testing.T) {
	before := replaced(t)
	after, err := before.Renew(year, now.Add(48*time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Key, after.Key) || after.KeyGeneration != 1 || after.CertificateGeneration != 2 || len(after.Old) != 1 {
		t.Errorf("generations %d and %d, %d old, same key %v",
			after.KeyGeneration, after.CertificateGeneration, len(after.Old), bytes.Equal(before.Key, after.Key))
	}
	leaf := certificate(t, issue(t, before, request()).Certificate)
	if err := leaf.CheckSignatureFrom(certificate(t, after.Certificate)); err != nil {
		t.Errorf("the renewed certificate does not vouch for a leaf issued before: %v", err)
	}
	if subject := certificate(t, after.Certificate).Subject.CommonName; subject != "cluster-ca v1" {
		t.Errorf("common name %q", subject)
	}
}

func TestReplaceKeyKeepsTrustInTheOldCertificate(t *testing.T) {
	before, after := authority(t), replaced(t)
	if before.Old != nil || bytes.Equal(before.Key, after.Key) {
		t.Fatal("the original changed, or the key did not")
	}
	if diff := cmp.Diff(map[string][]byte{"ca-2027-05-04T03-02-01Z.crt": before.Certificate}, after.Old); diff != "" {
		t.Errorf("old certificates (-want +got):\n%s", diff)
	}
	if after.KeyGeneration != 1 || after.CertificateGeneration != 1 {
		t.Errorf("generations %d and %d", after.KeyGeneration, after.CertificateGeneration)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(after.TrustBundle())
	for name, issuer := range map[string]pki.Authority{"old": before, "new": after} {
		leaf := certificate(t, issue(t, issuer, request()).Certificate)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now.Add(2 * time.Hour)}); err != nil {
			t.Errorf("a leaf of the %s key is not trusted: %v", name, err)
		}
	}
}

func TestAReplacementOfALostKeyGoesOnFromTheCertificate(t *testing.T) {
	lost := replaced(t)
	lost.Key, lost.KeyGeneration = nil, 0
	after := must(t)(lost.Apply(pki.ReplaceKey, quick, now, rand.Reader))
	if after.KeyGeneration != 2 || after.CertificateGeneration != 2 || len(after.Old) != 2 {
		t.Errorf("generations %d and %d, %d old", after.KeyGeneration, after.CertificateGeneration, len(after.Old))
	}
}

func TestCertificatesThatEndInTheSameSecondAreAllKept(t *testing.T) {
	first := must(t)(pki.NewAuthority(pki.ClusterAuthority, quick, now, rand.Reader))
	second := must(t)(first.ReplaceKey(quick, now, rand.Reader))
	third := must(t)(second.ReplaceKey(quick, now, rand.Reader))
	want := map[string][]byte{"ca-2027-05-04T03-02-01Z.crt": first.Certificate, "ca-2027-05-04T03-02-02Z.crt": second.Certificate}
	if diff := cmp.Diff(want, third.Old); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALostCertificateSecretIsRestoredWithWhatNodesTrust(t *testing.T) {
	whole := replaced(t)
	lost := whole
	lost.Certificate, lost.Old, lost.CertificateGeneration = nil, nil, 0
	if diff := cmp.Diff(whole.Old, lost.WithTrusted(whole.TrustBundle(), now).Old); diff != "" {
		t.Errorf("old certificates (-want +got):\n%s", diff)
	}
	if old := lost.WithTrusted(whole.TrustBundle(), now.AddDate(1, 0, 1)).Old; len(old) != 0 {
		t.Errorf("%d expired certificates were restored", len(old))
	}
	gone := pki.Authority{Kind: pki.ClusterAuthority, CertificateGeneration: 1}
	anew := must(t)(gone.WithTrusted(whole.TrustBundle(), now).Apply(pki.Create, quick, now, rand.Reader))
	if anew.KeyGeneration != 2 || anew.CertificateGeneration != 2 || len(anew.Old) != 2 {
		t.Errorf("made anew beside a bundle: generations %d and %d, %d old", anew.KeyGeneration, anew.CertificateGeneration, len(anew.Old))
	}
	if old := lost.WithTrusted([]byte("junk"), now).Old; len(old) != 0 {
		t.Errorf("%d certificates of junk", len(old))
	}
}

func TestApplyWithoutAnActionChangesNothing(t *testing.T) {
	for _, action := range []pki.Action{pki.None, pki.Postponed, pki.Refused} {
		after, err := authority(t).Apply(action, year, now, rand.Reader)
		if diff := cmp.Diff(authority(t), after); err != nil || diff != "" {
			t.Errorf("%s: error %v, (-want +got):\n%s", action, err, diff)
		}
	}
}

func TestWithoutExpired(t *testing.T) {
	full := replaced(t)
	full.Old = map[string][]byte{"ca-junk.crt": []byte("junk")}
	maps.Copy(full.Old, replaced(t).Old)
	tests := map[string]struct {
		at      time.Time
		dropped []string
	}{
		"an unreadable entry goes at once":       {now, []string{"ca-junk.crt"}},
		"a certificate stays to its last second": {now.AddDate(1, 0, 0), []string{"ca-junk.crt"}},
		"a certificate goes when it has expired": {
			now.AddDate(1, 0, 0).Add(time.Second), []string{"ca-2027-05-04T03-02-01Z.crt", "ca-junk.crt"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			after, dropped := full.WithoutExpired(test.at)
			if diff := cmp.Diff(test.dropped, dropped); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(after.Old)+len(dropped) != 2 || len(full.Old) != 2 {
				t.Errorf("%d kept, %d in the original", len(after.Old), len(full.Old))
			}
		})
	}
}

func TestLeafIsTrustedForItsNames(t *testing.T) {
	made := authority(t)
	for name, algorithm := range map[string]pki.KeyAlgorithm{"RSA": pki.RSA2048, "P-256": pki.ECDSAP256, "P-384": pki.ECDSAP384, "Ed25519": pki.Ed25519} {
		t.Run(name, func(t *testing.T) {
			wanted := request()
			wanted.Key = algorithm
			leaf := issue(t, made, wanted)
			got := certificate(t, leaf.Certificate)
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(made.TrustBundle())
			for _, host := range wanted.Names {
				for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
					options := x509.VerifyOptions{DNSName: host, Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}
					if _, err := got.Verify(options); err != nil {
						t.Errorf("%s: %v", host, err)
					}
				}
			}
			if err := got.VerifyHostname("c.example"); err == nil {
				t.Error("a name nobody asked for is accepted")
			}
			want := []net.IP{net.ParseIP("10.0.0.1").To4(), net.ParseIP("fd00::1")}
			if diff := cmp.Diff(want, got.IPAddresses); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"a.example", "b.example", "my-kafka-bootstrap.ns.svc"}, got.DNSNames); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if subject := readByJava(t, got); got.SignatureAlgorithm != x509.SHA512WithRSA || got.IsCA || subject != "CN=my-kafka,O=io.strimzi" {
				t.Errorf("%s, authority %v, subject %s", got.SignatureAlgorithm, got.IsCA, subject)
			}
			if !bytes.HasSuffix(leaf.Certificate, made.Certificate) || !bytes.HasPrefix(leaf.Key, []byte("-----BEGIN PRIVATE KEY-----")) {
				t.Error("the chain does not end with the authority, or the key is not PKCS#8")
			}
		})
	}
}

// readByJava is the subject as Java prints it, and Kafka with it: backwards, in whatever order it is encoded (RFC 2253).
func readByJava(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	var encoded pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.RawSubject, &encoded); err != nil {
		t.Fatal(err)
	}
	return encoded.String()
}

func TestUserCertificateHasOnlyACommonName(t *testing.T) {
	leaf := issue(t, authority(t), pki.LeafRequest{CommonName: "alice", Key: pki.ECDSAP256, Lifetime: lifetime})
	if subject := readByJava(t, certificate(t, leaf.Certificate)); subject != "CN=alice" {
		t.Errorf("subject %s", subject)
	}
	if bytes.Count(leaf.Certificate, []byte("BEGIN")) != 1 {
		t.Error("a chain nobody asked for")
	}
}

func TestTrustStore(t *testing.T) {
	holder := replaced(t)
	store, err := holder.TrustStore("secret123456")
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := pkcs12.DecodeTrustStore(store, "secret123456")
	if err != nil {
		t.Fatal(err)
	}
	var got [][]byte
	for _, one := range decoded {
		got = append(got, one.Raw)
	}
	want := [][]byte{certificate(t, holder.Old["ca-2027-05-04T03-02-01Z.crt"]).Raw, certificate(t, holder.Certificate).Raw}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := pkcs12.DecodeTrustStore(store, "another"); err == nil {
		t.Error("any password opens it")
	}
	renamed := holder
	renamed.Old = map[string][]byte{"ca-other.crt": holder.Old["ca-2027-05-04T03-02-01Z.crt"]}
	again, _ := holder.TrustStore("secret123456")
	otherPassword, _ := holder.TrustStore("secret654321")
	otherAlias, _ := renamed.TrustStore("secret123456")
	otherContent, _ := authority(t).TrustStore("secret123456")
	if !bytes.Equal(store, again) {
		t.Error("equal content gives other bytes")
	}
	if bytes.Equal(store, otherPassword) || bytes.Equal(store, otherAlias) || bytes.Equal(store, otherContent) {
		t.Error("another password, alias or certificate gives the same bytes")
	}
}

func TestTrustBundleHoldsEveryCertificateOnItsOwnLines(t *testing.T) {
	holder := replaced(t)
	holder.Certificate = bytes.TrimSpace(holder.Certificate)
	certificates, err := pki.ParseCertificates(holder.TrustBundle())
	if err != nil || len(certificates) != 2 || certificates[0].Subject.CommonName != "cluster-ca v1" {
		t.Errorf("%d certificates, error %v", len(certificates), err)
	}
}

func TestPassword(t *testing.T) {
	counts := map[rune]int{}
	for range 4000 {
		password, err := pki.NewPassword(pki.TrustStorePasswordLength, rand.Reader)
		if err != nil || len(password) != 12 || strings.ContainsAny(password[:1], "0123456789") {
			t.Fatalf("length %d, error %v, or it starts with a digit", len(password), err)
		}
		for _, character := range password[1:] {
			counts[character]++
		}
	}
	// 44,000 draws of 62 characters: 710 each, standard deviation 26; a plain remainder would favour some by a quarter.
	for character, count := range counts {
		if len(counts) != 62 || count < 710-160 || count > 710+160 {
			t.Errorf("%c was drawn %d times of %d characters", character, count, len(counts))
		}
	}
	if _, err := pki.NewPassword(12, strings.NewReader("ab")); err == nil {
		t.Error("a dry source of randomness goes unnoticed")
	}
}

func TestFingerprint(t *testing.T) {
	leaf := issue(t, authority(t), request())
	full, err := pki.Fingerprint(leaf.Certificate)
	if err != nil || len(full) != 40 {
		t.Fatalf("%q, error %v", full, err)
	}
	short, err := pki.ShortFingerprint(leaf.Certificate)
	if err != nil || short != full[:8] {
		t.Errorf("%q of %q, error %v", short, full, err)
	}
	if _, err := pki.Fingerprint([]byte("junk")); err == nil {
		t.Error("junk has a fingerprint")
	}
}
