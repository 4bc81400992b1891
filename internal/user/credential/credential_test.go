package credential_test

import (
	"crypto"
	"crypto/rand"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// world is a clients CA with a maker of credentials.
type world struct {
	authority pki.Authority
	maker     *credential.Maker
	trusted   credential.Trusted
}

func newWorld(tb testing.TB, authority pki.Authority) world {
	tb.Helper()
	signing, err := authority.Open()
	if err != nil {
		tb.Fatal(err)
	}
	trusted, err := credential.Trust(authority.Trust())
	if err != nil {
		tb.Fatal(err)
	}
	return world{authority, &credential.Maker{Authority: signing, NewKey: newKey, Random: rand.Reader}, trusted}
}

func newKey(algorithm pki.KeyAlgorithm) (crypto.Signer, error) {
	return pki.GenerateKey(algorithm, rand.Reader)
}

// policy makes keys at once.
var policy = pki.Policy{Lifetime: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}, Key: pki.ECDSAP256}

func newAuthority(tb testing.TB) pki.Authority {
	tb.Helper()
	authority, err := pki.NewAuthority(pki.ClientsAuthority, policy, now.Add(-time.Hour), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return authority
}

func (w world) make(tb testing.TB, decision credential.Decision, wish credential.Wish, old credential.Secret, at time.Time) credential.Secret {
	tb.Helper()
	made, err := w.maker.Make(decision, wish, old, at)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

func (w world) decide(secret credential.Secret, wish credential.Wish, at time.Time) credential.Decision {
	return credential.Decide(credential.Examine(secret), wish, w.trusted, credential.Moment{Now: at, WindowOpen: true})
}

func tls() credential.Wish {
	return credential.Wish{
		Username: "alice", How: v1.UserAuthenticationTLS, Lifetime: pki.Lifetime{Validity: pki.Days(90), RenewBefore: pki.Days(10)},
		Key: pki.ECDSAP256, PKCS12: true,
	}
}

func scram() credential.Wish {
	return credential.Wish{Username: "alice", How: v1.UserAuthenticationScramSha512, PasswordLength: 32}
}

func with(wish credential.Wish, change func(*credential.Wish)) credential.Wish {
	change(&wish)
	return wish
}

func TestWhatWasMadeIsKept(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	for name, wish := range wishes(t) {
		t.Run(name, func(t *testing.T) {
			first := w.decide(credential.Secret{}, wish, now)
			if first.Deed != credential.Issue {
				t.Fatalf("without a Secret: %+v", first)
			}
			made := w.make(t, first, wish, credential.Secret{}, now)
			if next := w.decide(made, wish, now); next.Deed != credential.Keep {
				t.Errorf("got %+v", next)
			}
			again := w.make(t, credential.Decision{Deed: credential.Complete}, wish, made, now.Add(time.Hour))
			if diff := cmp.Diff(made, again); diff != "" {
				t.Errorf("completing what is complete changes it: %s", diff)
			}
		})
	}
}

func wishes(t *testing.T) map[string]credential.Wish {
	t.Helper()
	password := `a "pass\word"`
	return map[string]credential.Wish{
		"a certificate with a key store":    tls(),
		"a certificate without a key store": with(tls(), func(w *credential.Wish) { w.PKCS12 = false }),
		"a certificate of an RSA key":       with(tls(), func(w *credential.Wish) { w.Key = pki.RSA2048 }),
		"a certificate that is rotated": with(tls(), func(w *credential.Wish) {
			w.Rotate, w.RotateAfter = "again", time.Minute
		}),
		"a name that needs escapes":               with(tls(), func(w *credential.Wish) { w.Username = `a+b,c="ü"\d` }),
		"a password":                              scram(),
		"a password of a name that needs escapes": with(scram(), func(w *credential.Wish) { w.Username = "a\"b\\c\nd" }),
		"a password that is rotated": with(scram(), func(w *credential.Wish) {
			w.Rotate, w.RotateAfter = "again", time.Minute
		}),
		"a password of the user's own": with(scram(), func(w *credential.Wish) { w.Password = &password }),
		"a password of the user's own that cannot be rotated": with(scram(), func(w *credential.Wish) {
			w.Password, w.Rotate, w.RotateAfter = &password, "again", time.Minute
		}),
	}
}

const day = 24 * time.Hour

func issue(reason string) credential.Decision {
	return credential.Decision{Deed: credential.Issue, Reason: reason}
}

func without(entries ...string) func(credential.Secret) {
	return func(s credential.Secret) {
		for _, entry := range entries {
			delete(s.Data, entry)
		}
	}
}

func annotated(name, text string) func(credential.Secret) {
	return func(s credential.Secret) { s.Annotations[name] = text }
}

func clone(s credential.Secret) credential.Secret {
	return credential.Secret{Data: maps.Clone(s.Data), Annotations: maps.Clone(s.Annotations)}
}
