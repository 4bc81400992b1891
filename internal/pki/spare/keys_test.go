package spare

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"castellan.io/castellan/internal/pki"
)

func TestKeysAreMadeAheadOneAtATimeWhileNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := New(rand.Reader)
		stop := run(t, keys)
		defer stop()

		later(3 * pace)
		if len(keys.spare) != 3 {
			t.Errorf("%d keys after three times", len(keys.spare))
		}
		if _, err := keys.Take(pki.RSA2048); err != nil || len(keys.spare) != 2 {
			t.Errorf("%d keys when one was taken (%v)", len(keys.spare), err)
		}
		later(pace)
		if len(keys.spare) != 2 {
			t.Errorf("%d keys: one was made although somebody asked for keys", len(keys.spare))
		}
		later(pace)
		if len(keys.spare) != 3 {
			t.Errorf("%d keys: none was made although nobody asked any more", len(keys.spare))
		}
	})
}

func TestTheStockIsNeverMoreThanFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := New(rand.Reader)
		same := make(chan crypto.Signer, stock)
		for range stock - 1 {
			same <- nil
		}
		keys.spare = same
		stop := run(t, keys)
		defer stop()

		later(3 * pace)
		if len(keys.spare) != stock {
			t.Errorf("%d keys", len(keys.spare))
		}
	})
}

func TestTakeGivesEachKeyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := New(rand.Reader)
		stop := run(t, keys)
		later(2 * pace)
		stop()

		var seen sync.Map
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				key, err := keys.Take(pki.RSA2048)
				if err != nil {
					t.Error(err)
					return
				}
				found := key.(*rsa.PrivateKey)
				if _, twice := seen.LoadOrStore(found.N.String(), true); twice || found.N.BitLen() != 2048 {
					t.Errorf("a key of %d bits, for the second time: %v", found.N.BitLen(), twice)
				}
			})
		}
		group.Wait()
		if len(keys.spare) != 0 {
			t.Errorf("%d keys are left", len(keys.spare))
		}
	})
}

func TestOtherKindsOfKeysAreMadeWhenTheyAreAskedFor(t *testing.T) {
	key, err := New(rand.Reader).Take(pki.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	if _, is := key.(*rsa.PrivateKey); is {
		t.Error("an RSA key")
	}
}

// run fills the stock until the function is called, which waits for the end.
func run(t *testing.T, keys *Keys) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- keys.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// later lets time pass, and what it starts come to an end.
func later(after time.Duration) {
	time.Sleep(after)
	synctest.Wait()
}
