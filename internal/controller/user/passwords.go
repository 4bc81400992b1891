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
	mu    sync.Mutex
	given map[string]given
	// doubted are users whose password somebody may have changed in Kafka; next are those who are doubted next.
	doubted map[string]struct{}
	next    []string
}

// given is the digest of a password, and what it was given for.
type given struct {
	digest                   credential.Digest
	scramSha256, scramSha512 bool
}

func newPasswords() *passwords {
	return &passwords{given: map[string]given{}, doubted: map[string]struct{}{}}
}

func givenFor(digest credential.Digest, mechanisms []user.Mechanism) given {
	return given{digest, slices.Contains(mechanisms, user.ScramSha256), slices.Contains(mechanisms, user.ScramSha512)}
}

// has tells whether Kafka was given this password for these mechanisms, and whether that is beyond doubt.
func (p *passwords) has(name string, digest credential.Digest, mechanisms []user.Mechanism) (is, sure bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.given[name]
	_, doubted := p.doubted[name]
	is = known && was == givenFor(digest, mechanisms)
	return is, is && !doubted
}

func (p *passwords) gave(name string, digest credential.Digest, mechanisms []user.Mechanism) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.given[name] = givenFor(digest, mechanisms)
	delete(p.doubted, name)
}

func (p *passwords) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.given, name)
	delete(p.doubted, name)
}

// doubtsAtOnce is of how many users the password is given to Kafka once more at each look.
const doubtsAtOnce = 20

// doubt doubts a few users in turns, so that their passwords are given to Kafka once more: somebody may have set others there.
func (p *passwords) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.next) == 0 {
		p.next = slices.Collect(maps.Keys(p.given))
	}
	some := p.next[:min(doubtsAtOnce, len(p.next))]
	for _, name := range some {
		if _, known := p.given[name]; known {
			p.doubted[name] = struct{}{}
		}
	}
	p.next = p.next[len(some):]
}
