package stage

import (
	"maps"
	"sync"
	"time"
)

// Timeline keeps when each sight was first seen. Its methods may be called at the same time.
type Timeline struct {
	mu    sync.Mutex
	first map[Sight]time.Time
}

// NewTimeline returns an empty timeline.
func NewTimeline() *Timeline { return &Timeline{first: map[Sight]time.Time{}} }

// Note keeps sights that are new.
func (t *Timeline) Note(at time.Time, sights []Sight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range sights {
		if _, known := t.first[s]; !known {
			t.first[s] = at
		}
	}
}

// Seen tells when a sight was first seen.
func (t *Timeline) Seen(s Sight) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.first[s]
	return at, ok
}

// Last tells when the last object came to a stage, and how many have.
func (t *Timeline) Last(stage Stage) (at time.Time, count int) {
	for s, seen := range t.all() {
		if s.Stage != stage {
			continue
		}
		count++
		if seen.After(at) {
			at = seen
		}
	}
	return at, count
}

// Copy is the timeline as it is now; what is noted later is not in it.
func (t *Timeline) Copy() *Timeline { return &Timeline{first: t.all()} }

// Newest is the incarnation of a name that came to a stage last; empty if none did.
func (t *Timeline) Newest(stage Stage, name string) (incarnation string, at time.Time) {
	for s, seen := range t.all() {
		if s.Stage == stage && s.Name == name && seen.After(at) {
			incarnation, at = s.Incarnation, seen
		}
	}
	return incarnation, at
}

func (t *Timeline) all() map[Sight]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.first)
}
