package credential_test

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

// TestEverySecretBecomesRight lets wishes, authorities, time and hands change at will: what is decided and made once is right then, and no reason
// or error shows a secret.
func TestEverySecretBecomesRight(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := mathrand.New(mathrand.NewPCG(seed, 0))
			authority, at := newAuthority(t), now
			var secret, earlier credential.Secret
			for range 12 {
				at = at.Add(time.Duration(random.Int64N(int64(40 * day))))
				authority = changedAuthority(t, authority, at, random)
				wish := wishAtRandom(random)
				secret = damaged(secret, earlier, random)
				w := newWorld(t, authority)
				decision := w.decide(secret, wish, at)
				assertSilent(t, decision.Reason, secret, wish)
				if decision.Deed == credential.Keep {
					continue
				}
				earlier = clone(secret)
				secret = w.make(t, decision, wish, secret, at)
				next := w.decide(secret, wish, at)
				if next.Deed != credential.Keep || !next.Look.IsZero() && !next.Look.After(at) {
					t.Fatalf("after %+v it asks for %+v", decision, next)
				}
			}
		})
	}
}

func changedAuthority(t *testing.T, authority pki.Authority, at time.Time, random *mathrand.Rand) pki.Authority {
	t.Helper()
	action := []pki.Action{pki.None, pki.None, pki.None, pki.RenewCertificate, pki.ReplaceKey}[random.IntN(5)]
	changed, err := authority.Apply(action, policy, at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func wishAtRandom(random *mathrand.Rand) credential.Wish {
	own := "own password"
	wish := tls()
	if random.IntN(2) == 0 {
		wish = scram()
	}
	for _, change := range []func(){
		func() { wish.Username = "bob" },
		func() { wish.PKCS12 = false },
		func() { wish.Password = &own },
		func() { wish.Rotate = "again" },
		func() { wish.RotateAfter = 30 * day },
		func() { wish.Lifetime = pki.Lifetime{Validity: time.Minute, RenewBefore: 20 * time.Second} },
	} {
		if random.IntN(4) == 0 {
			change()
		}
	}
	return wish
}

// damaged is what people and accidents make of a Secret.
func damaged(secret, earlier credential.Secret, random *mathrand.Rand) credential.Secret {
	out := clone(secret)
	if out.Data == nil {
		return out
	}
	for _, name := range []string{"ca.crt", "user.crt", "user.key", "user.p12", "user.password", "password", "sasl.jaas.config"} {
		switch random.IntN(20) {
		case 0:
			delete(out.Data, name)
		case 1:
			out.Data[name] = []byte("junk")
		case 2:
			if was, had := earlier.Data[name]; had {
				out.Data[name] = was
			}
		}
	}
	for _, name := range []string{v1.AnnotationForceRenew, v1.AnnotationIssuedAt, v1.AnnotationRotated} {
		switch random.IntN(10) {
		case 0:
			delete(out.Annotations, name)
		case 1:
			out.Annotations[name] = "true"
		}
	}
	return out
}

func assertSilent(t *testing.T, text string, secret credential.Secret, wish credential.Wish) {
	t.Helper()
	secrets := []string{string(secret.Data["password"]), string(secret.Data["user.password"]), string(secret.Data["user.key"])}
	if wish.Password != nil {
		secrets = append(secrets, *wish.Password)
	}
	if slices.ContainsFunc(secrets, func(s string) bool { return len(s) > len("junk") && strings.Contains(text, s) }) {
		t.Errorf("%q shows a secret", text)
	}
}
