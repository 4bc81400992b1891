package claim

import (
	"fmt"
	"time"
)

// Claim is a resource that names something in Kafka.
type Claim struct {
	Namespace, Name string
	Created         time.Time
	// Ready says that the resource was found to be as wanted.
	Ready bool
}

// Manages tells whether the claim is the one that manages what all of them name; if not, the message says who does.
// The oldest does. If several are, the one that is ready stays; if that does not decide, none is trusted with it.
func Manages(claim Claim, all []Claim) (bool, string) {
	var winner *Claim
	tie := false
	for i, other := range all {
		switch {
		case winner == nil || other.before(*winner):
			winner, tie = &all[i], false
		case !winner.before(other):
			tie = true
		}
	}
	if winner == nil || !tie && winner.same(claim) {
		return true, ""
	}
	if tie {
		// Each names another one, always the same.
		first := *winner
		winner = nil
		for i, other := range all {
			if !other.same(claim) && !first.before(other) && (winner == nil || other.ref() < winner.ref()) {
				winner = &all[i]
			}
		}
	}
	return false, "Managed by " + winner.ref()
}

func (c Claim) ref() string {
	return fmt.Sprintf("Ref{namespace='%s', name='%s'}", c.Namespace, c.Name)
}

func (c Claim) same(other Claim) bool { return c.Namespace == other.Namespace && c.Name == other.Name }

// before orders claims; neither is before the other when nothing tells them apart.
func (c Claim) before(other Claim) bool {
	if !c.Created.Equal(other.Created) {
		return c.Created.Before(other.Created)
	}
	return c.Ready && !other.Ready
}
