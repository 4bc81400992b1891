package user

import (
	"maps"
	"slices"
	"sync"

	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

// passwords knows which password Kafka was last given for each user: Kafka does not tell. Only digests are remembered.
type passwords struct {
	mu     sync.Mutex
	given  map[string]given
	doubts []string
}

// given is the digest of a password, and what it was given for.
type given struct {
	digest              credential.Digest
	scramSha256, sha512 bool
}

func newPasswords() *passwords { return &passwords{given: map[string]given{}} }

func givenFor(digest credential.Digest, mechanisms []user.Mechanism) given {
	return given{digest, slices.Contains(mechanisms, user.ScramSha256), slices.Contains(mechanisms, user.ScramSha512)}
}

// has tells whether Kafka was given this password for these mechanisms.
func (p *passwords) has(name string, digest credential.Digest, mechanisms []user.Mechanism) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.given[name]
	return known && was == givenFor(digest, mechanisms)
}

func (p *passwords) gave(name string, digest credential.Digest, mechanisms []user.Mechanism) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.given[name] = givenFor(digest, mechanisms)
}

func (p *passwords) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.given, name)
}

// doubtsAtOnce is of how many users the password is given to Kafka once more at each look.
const doubtsAtOnce = 20

// doubt forgets a few users in turns, so that their passwords are given to Kafka once more: somebody may have set others there.
func (p *passwords) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.doubts) == 0 {
		p.doubts = slices.Collect(maps.Keys(p.given))
	}
	some := p.doubts[:min(doubtsAtOnce, len(p.doubts))]
	for _, name := range some {
		delete(p.given, name)
	}
	p.doubts = p.doubts[len(some):]
}
