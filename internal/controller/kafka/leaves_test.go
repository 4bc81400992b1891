package kafka

import (
	"testing"
	"time"

	"castellan.io/castellan/internal/pki"
)

func TestTheFirstWaitThatIsOverSaysWhenToLookAgain(t *testing.T) {
	soon := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	var leaves leafIssuer
	leaves.note("a", pki.LeafDecision{Postponed: true, Reason: "a window"})
	if !leaves.again.IsZero() {
		t.Errorf("again %v when no wait is known to end", leaves.again)
	}
	leaves.note("b", pki.LeafDecision{Postponed: true, Reason: "clients", Until: soon.Add(time.Minute)})
	leaves.note("c", pki.LeafDecision{Postponed: true, Reason: "clients", Until: soon})
	leaves.note("d", pki.LeafDecision{Postponed: true, Reason: "clients", Until: soon.Add(time.Hour)})
	if !leaves.again.Equal(soon) {
		t.Errorf("again %v", leaves.again)
	}
	k := keys{again: leaves.again}
	if next := k.nextLook(soon.Add(-time.Second)); next != time.Second {
		t.Errorf("next look in %v", next)
	}
}
