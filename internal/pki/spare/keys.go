package spare

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"castellan.io/castellan/internal/pki"
)

const (
	// stock is how many keys are kept: a few hundred kilobytes.
	stock = 64
	// pace is how often a key is made. Finding one takes some fifty milliseconds, so this is a tenth of one core until the stock is full.
	pace = 500 * time.Millisecond
)

// Keys is a stock of RSA keys with 2048 bits, the kind that users get by default. Keys of other kinds are made when they are asked for, and
// so are these when the stock is empty.
type Keys struct {
	random io.Reader
	spare  chan crypto.Signer
	// taken tells that somebody asked for a key since the last look: work goes before stock.
	taken atomic.Bool
}

// New is an empty stock. Only Run fills it.
func New(random io.Reader) *Keys {
	return &Keys{random: random, spare: make(chan crypto.Signer, stock)}
}

// Run fills the stock, one key at a time and slowly, whenever no key was asked for lately. It ends with the context.
func (k *Keys) Run(ctx context.Context) error {
	ticks := time.NewTicker(pace)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		if k.taken.Swap(false) || len(k.spare) == stock {
			continue
		}
		key, err := pki.GenerateKey(pki.RSA2048, k.random)
		if err != nil {
			return fmt.Errorf("generating a spare key: %w", err)
		}
		k.spare <- key // nobody else adds any, so there is room
	}
}

// Take is a key that nobody else has. Many may take keys at the same time.
func (k *Keys) Take(algorithm pki.KeyAlgorithm) (crypto.Signer, error) {
	if algorithm != pki.RSA2048 {
		return pki.GenerateKey(algorithm, k.random)
	}
	k.taken.Store(true)
	select {
	case key := <-k.spare:
		return key, nil
	default:
		return pki.GenerateKey(algorithm, k.random)
	}
}
