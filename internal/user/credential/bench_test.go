package credential_test

import (
	"crypto"
	"crypto/rand"
	"reflect"
	"sync"
	"testing"

	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

// TestKeptIsSmall holds what is remembered of ten thousand Secrets under two megabytes.
func TestKeptIsSmall(t *testing.T) {
	kept := reflect.TypeFor[credential.Kept]()
	if kept.Size() > 192 || !kept.Comparable() {
		t.Errorf("%d bytes, comparable: %v", kept.Size(), kept.Comparable())
	}
}

// usual is the clients CA as it is when nobody says anything: its key is RSA with 4096 bits.
var usual = sync.OnceValues(func() (pki.Authority, error) {
	return pki.NewAuthority(pki.ClientsAuthority, pki.Policy{Lifetime: policy.Lifetime, Key: pki.RSA4096}, now, rand.Reader)
})

func usualWorld(b *testing.B) world {
	b.Helper()
	authority, err := usual()
	if err != nil {
		b.Fatal(err)
	}
	return newWorld(b, authority)
}

func benchmarked() map[string]credential.Wish {
	return map[string]credential.Wish{
		"RSA-2048":   with(tls(), func(w *credential.Wish) { w.Key = pki.RSA2048 }),
		"ECDSA-P256": tls(),
		"password":   scram(),
	}
}

func BenchmarkExamine(b *testing.B) {
	w := usualWorld(b)
	for name, wish := range benchmarked() {
		secret := w.make(b, first, wish, credential.Secret{}, now)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				credential.Examine(secret)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	w := usualWorld(b)
	for name, wish := range benchmarked() {
		kept := credential.Examine(w.make(b, first, wish, credential.Secret{}, now))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				credential.Decide(kept, wish, w.trusted, credential.Moment{Now: now})
			}
		})
	}
}

func BenchmarkMake(b *testing.B) {
	w := usualWorld(b)
	for name, wish := range benchmarked() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w.make(b, first, wish, credential.Secret{}, now)
			}
		})
	}
	spare, err := newKey(pki.RSA2048)
	if err != nil {
		b.Fatal(err)
	}
	w.maker.NewKey = func(pki.KeyAlgorithm) (crypto.Signer, error) { return spare, nil }
	b.Run("RSA-2048 in stock", func(b *testing.B) {
		for b.Loop() {
			w.make(b, first, tls(), credential.Secret{}, now)
		}
	})
	renewed, err := w.authority.Renew(policy, now, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	secret, next := w.make(b, first, tls(), credential.Secret{}, now), newWorld(b, renewed)
	b.Run("another ca.crt", func(b *testing.B) {
		for b.Loop() {
			next.make(b, credential.Decision{Deed: credential.Complete}, tls(), secret, now)
		}
	})
}
