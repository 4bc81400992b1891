package credential_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

var first = credential.Decision{Deed: credential.Issue}

func TestMakeCertificate(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	wish := with(tls(), func(w *credential.Wish) { w.Key, w.Rotate = pki.RSA2048, "again" })
	old := credential.Secret{Annotations: map[string]string{v1.AnnotationForceRenew: "true"}}
	made := w.make(t, first, wish, old, now)

	leaf := parsed(t, made.Data["user.crt"])
	type shape struct {
		Subject             string
		Names, Addresses    int
		Usage               x509.KeyUsage
		Algorithm           x509.SignatureAlgorithm
		NotBefore, NotAfter time.Time
	}
	want := shape{
		"CN=alice", 0, 0, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, x509.ECDSAWithSHA512,
		now.Add(-5 * time.Minute), now.Add(90 * day),
	}
	got := shape{
		leaf.Subject.String(), len(leaf.DNSNames), len(leaf.IPAddresses), leaf.KeyUsage, leaf.SignatureAlgorithm, leaf.NotBefore, leaf.NotAfter,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if certificates, err := pki.ParseCertificates(made.Data["user.crt"]); err != nil || len(certificates) != 1 {
		t.Errorf("%d certificates, %v", len(certificates), err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(made.Data["ca.crt"])
	verify := x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := leaf.Verify(verify); err != nil {
		t.Error(err)
	}
	if !bytes.HasPrefix(made.Data["user.key"], []byte("-----BEGIN PRIVATE KEY-----\n")) {
		t.Error("the key is not PKCS#8 in PEM")
	}
	annotations := map[string]string{
		v1.AnnotationNotAfter: "2026-08-02T03:02:01Z", v1.AnnotationIssuedAt: "2026-05-04T03:02:01Z", v1.AnnotationRotated: "again",
	}
	if diff := cmp.Diff(annotations, made.Annotations); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	assertStore(t, made)
}

func assertStore(t *testing.T, made credential.Secret) {
	t.Helper()
	key, leaf, chain, err := pkcs12.DecodeChain(made.Data["user.p12"], string(made.Data["user.password"]))
	if err != nil {
		t.Fatal(err)
	}
	if belongs, err := pki.Belongs(made.Data["user.key"], leaf); err != nil || !belongs || len(chain) != 0 || key == nil {
		t.Errorf("the store has another certificate than the key (%v), or %d more", err, len(chain))
	}
	if !leaf.Equal(parsed(t, made.Data["user.crt"])) {
		t.Error("the store has another certificate")
	}
}

func TestMakeWithARequestHasNoKey(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	for _, algorithm := range []pki.KeyAlgorithm{pki.RSA2048, pki.ECDSAP256, pki.ECDSAP384, pki.Ed25519} {
		t.Run(algorithm.String(), func(t *testing.T) {
			key := keyPEM(t, algorithm)
			wish := with(tls(), func(w *credential.Wish) { w.Request = requestFor(t, "alice", key) })
			made := w.make(t, first, wish, credential.Secret{}, now)
			if names := slices.Sorted(maps.Keys(made.Data)); !slices.Equal(names, []string{"ca.crt", "user.crt"}) {
				t.Errorf("got %v", names)
			}
			if belongs, err := pki.Belongs(key, parsed(t, made.Data["user.crt"])); err != nil || !belongs {
				t.Errorf("the certificate is not for the user's key (%v)", err)
			}
			if next := w.decide(made, wish, now); next.Deed != credential.Keep {
				t.Errorf("got %+v", next)
			}
		})
	}
}

func TestMakePassword(t *testing.T) {
	supplied := "a\\b\"c\nd"
	tests := map[string]struct {
		wish     credential.Wish
		password string
		login    string
	}{
		"a generated one begins with a letter": {
			wish: scram(), password: `^[a-zA-Z][a-zA-Z0-9]{31}$`,
			login: `^org\.apache\.kafka\.common\.security\.scram\.ScramLoginModule required username="alice" password="[a-zA-Z0-9]{32}";$`,
		},
		"one of the user's own is written so that Kafka reads it": {
			wish: with(scram(), func(w *credential.Wish) { w.Password, w.Username = &supplied, `x"y` }), password: "^" + regexp.QuoteMeta(supplied) + "$",
			login: "^" + regexp.QuoteMeta(`org.apache.kafka.common.security.scram.ScramLoginModule required username="x\"y" password="a\\b\"c\nd";`) + "$",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			made, err := (&credential.Maker{Random: rand.Reader}).Make(first, test.wish, credential.Secret{}, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(made.Data["password"]); !regexp.MustCompile(test.password).MatchString(got) {
				t.Errorf("the password is %q", got)
			}
			if got := string(made.Data["sasl.jaas.config"]); !regexp.MustCompile(test.login).MatchString(got) {
				t.Errorf("the login is %q", got)
			}
			if len(made.Data) != 2 {
				t.Errorf("%d entries", len(made.Data))
			}
		})
	}
}

func TestClientsReadTheLogin(t *testing.T) {
	password := `a "b" \c`
	wish := with(scram(), func(w *credential.Wish) { w.Password, w.Username = &password, `d"e\f` })
	made, err := (&credential.Maker{}).Make(first, wish, credential.Secret{}, now)
	if err != nil {
		t.Fatal(err)
	}
	sasl, problem := clientconfig.ReadSASL(map[string]string{
		"sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": string(made.Data["sasl.jaas.config"]),
	})
	if problem != nil || sasl.Username != wish.Username || sasl.Password != password {
		t.Errorf("got %+v, %v", sasl, problem)
	}
}

// TestCompleteKeepsCredentials looks at what stays beside that what TestWhatWasMadeIsKept looks at.
func TestCompleteKeepsCredentials(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	renewed, err := w.authority.Renew(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	replaced, err := w.authority.ReplaceKey(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rotated := func(w *credential.Wish) { w.RotateAfter = time.Hour }
	later := now.Add(time.Minute)
	tests := map[string]struct {
		in         world
		wish       credential.Wish
		stored     func(credential.Secret)
		changed    []string
		annotation map[string]string
	}{
		"a new key store": {in: w, wish: tls(), stored: without("user.p12"), changed: []string{"user.p12", "user.password"}},
		"a new password of the key store": {
			in: w, wish: tls(), stored: without("user.password"), changed: []string{"user.p12", "user.password"},
		},
		"an authority that was renewed": {in: newWorld(t, renewed), wish: tls(), changed: []string{"ca.crt"}},
		"an authority whose key was replaced comes with its certificates alone": {
			in: newWorld(t, replaced), wish: tls(), stored: without("user.p12"), changed: []string{"user.p12", "user.password"},
		},
		"an authority whose key was replaced comes at once where there is none": {
			in: newWorld(t, replaced), wish: tls(), stored: without("ca.crt"), changed: []string{"ca.crt"},
		},
		"a login that is repaired": {in: w, wish: scram(), stored: without("sasl.jaas.config")},
		"the age of a password that nobody knows": {
			in: w, wish: with(scram(), rotated), stored: func(s credential.Secret) { delete(s.Annotations, v1.AnnotationIssuedAt) },
			annotation: map[string]string{v1.AnnotationIssuedAt: "2026-05-04T03:03:01Z"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stored := w.make(t, first, test.wish, credential.Secret{}, now)
			before := clone(stored)
			if test.stored != nil {
				test.stored(before)
			}
			decision := test.in.decide(before, test.wish, later)
			if decision.Deed != credential.Complete {
				t.Fatalf("got %+v", decision)
			}
			made := test.in.make(t, decision, test.wish, before, later)
			var changed []string
			for _, name := range slices.Sorted(maps.Keys(made.Data)) {
				if !bytes.Equal(made.Data[name], stored.Data[name]) {
					changed = append(changed, name)
				}
			}
			if diff := cmp.Diff(test.changed, changed); diff != "" || len(made.Data) != len(stored.Data) {
				t.Errorf("%d entries, changed (-want +got):\n%s", len(made.Data), diff)
			}
			maps.Copy(stored.Annotations, test.annotation)
			if diff := cmp.Diff(stored.Annotations, made.Annotations); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRotationIsRememberedOnlyWhenItWasCarriedOut(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	own := "own"
	rotate := func(w *credential.Wish) { w.Rotate = "again" }
	replaced, err := w.authority.ReplaceKey(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	supplied := with(scram(), func(w *credential.Wish) { w.Password, w.Rotate = &own, "again" })
	if made := w.make(t, first, supplied, credential.Secret{}, now); made.Annotations[v1.AnnotationRotated] != "" {
		t.Error("a password of the user's own was not rotated")
	}
	waiting := newWorld(t, replaced)
	stored := w.make(t, first, tls(), credential.Secret{}, now)
	without("user.p12")(stored)
	decision := waiting.decide(stored, with(tls(), rotate), now)
	made := waiting.make(t, decision, with(tls(), rotate), stored, now)
	if !decision.Postponed || made.Annotations[v1.AnnotationRotated] != "" {
		t.Errorf("a rotation that waits was not carried out: %+v, %v", decision, made.Annotations)
	}
}

func TestMakeNeedsAnAuthorityForCertificates(t *testing.T) {
	_, err := (&credential.Maker{Random: rand.Reader}).Make(first, tls(), credential.Secret{}, now)
	if err == nil || !strings.Contains(err.Error(), "making the credentials of alice: there is no authority to sign with") {
		t.Errorf("got %v", err)
	}
}

func TestMakeNeverMakesAnEmptyPassword(t *testing.T) {
	_, err := (&credential.Maker{Random: rand.Reader}).Make(credential.Decision{Deed: credential.Complete}, scram(), credential.Secret{}, now)
	if err == nil {
		t.Error("it did")
	}
}

func TestManyAreMadeAtTheSameTime(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	var group sync.WaitGroup
	for i := range 20 {
		wish := []credential.Wish{tls(), scram()}[i%2]
		wish.Username = fmt.Sprint("user-", i)
		group.Go(func() {
			made, err := w.maker.Make(first, wish, credential.Secret{}, now)
			if err != nil {
				t.Error(err)
				return
			}
			if next := w.decide(made, wish, now); next.Deed != credential.Keep {
				t.Errorf("%s: %+v", wish.Username, next)
			}
		})
	}
	group.Wait()
}

func TestExamineTells(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	made := w.make(t, first, tls(), credential.Secret{}, now)
	kept := credential.Examine(made)
	if kept.Foreign || !kept.NotAfter().Equal(now.Add(90*day)) || kept.Password() != (credential.Digest{}) {
		t.Errorf("of a certificate: %+v", kept)
	}
	made.Data["note"] = []byte("somebody else's")
	if !credential.Examine(made).Foreign {
		t.Error("an entry of somebody else was not seen")
	}
	one, another := w.make(t, first, scram(), credential.Secret{}, now), w.make(t, first, scram(), credential.Secret{}, now)
	kept = credential.Examine(one)
	if !kept.NotAfter().IsZero() || kept.Password() == (credential.Digest{}) || kept.Password() == credential.Examine(another).Password() {
		t.Errorf("of a password: %+v", kept)
	}
}

func parsed(t *testing.T, text []byte) *x509.Certificate {
	t.Helper()
	certificates, err := pki.ParseCertificates(text)
	if err != nil {
		t.Fatal(err)
	}
	return certificates[0]
}

func keyPEM(t *testing.T, algorithm pki.KeyAlgorithm) []byte {
	t.Helper()
	key, err := newKey(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	text, err := pki.EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
