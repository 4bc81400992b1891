package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

// Checkout is a copy of the repository; each can have a cluster of its own.
type Checkout struct {
	// Path is its absolute path.
	Path string
}

// FindCheckout finds the checkout the program was built in, or else the one the
// working folder is in.
func FindCheckout(program, working string) (Checkout, error) {
	for _, start := range []string{filepath.Dir(program), working} {
		for folder := start; ; folder = filepath.Dir(folder) {
			if _, err := os.Stat(filepath.Join(folder, "dev", "kubernetes", "go.mod")); err == nil {
				return Checkout{Path: folder}, nil
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return Checkout{}, errors.New("no checkout of the repository here: run this inside of one")
}

// Key tells checkouts apart, in few letters that suit file and group names.
func (c Checkout) Key() string {
	sum := sha256.Sum256([]byte(c.Path))
	return hex.EncodeToString(sum[:])[:10]
}

// Source is the folder of the development module.
func (c Checkout) Source() string {
	return filepath.Join(c.Path, "dev")
}

// State is where the cluster of the checkout keeps everything.
func (c Checkout) State() State {
	return State{Dir: filepath.Join(stateRoot, c.Key())}
}
