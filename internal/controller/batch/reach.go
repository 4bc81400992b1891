package batch

import (
	"sync/atomic"
	"time"
)

// Patience is how long Kafka may be silent before statuses say so: what its own clients wait by default. A restart of a broker is nothing to tell
// thousands of resources about.
const Patience = 40 * time.Second

// Reach knows since when Kafka is silent.
type Reach struct {
	now   func() time.Time
	since atomic.Int64
}

// NewReach knows of no silence.
func NewReach(now func() time.Time) *Reach { return &Reach{now: now} }

// Lost notes that Kafka did not answer, and tells for how long it has not.
func (r *Reach) Lost() time.Duration {
	r.since.CompareAndSwap(0, r.now().UnixNano())
	return r.now().Sub(time.Unix(0, r.since.Load()))
}

// Silent tells whether Kafka did not answer last.
func (r *Reach) Silent() bool { return r.since.Load() != 0 }

// Restored notes that Kafka answered.
func (r *Reach) Restored() { r.since.Store(0) }
