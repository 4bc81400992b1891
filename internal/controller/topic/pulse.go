package topic

import (
	"sync/atomic"
	"time"
)

// stalled is how long the workers may go without progress while there is work.
const stalled = 2 * time.Minute

// pulse knows whether the operator works.
type pulse struct {
	now    func() time.Time
	synced func() bool
	last   atomic.Int64
}

func (p *pulse) beat() { p.last.Store(p.now().UnixNano()) }

// Alive tells whether the workers get on with what there is to do.
func (o *Operator) Alive() bool {
	last := o.pulse.last.Load()
	return last == 0 || o.queue.Len() == 0 || o.Now().Sub(time.Unix(0, last)) < stalled
}

// Ready tells whether the resources are known.
func (o *Operator) Ready() bool { return o.pulse.synced != nil && o.pulse.synced() }

// reach knows since when Kafka is silent.
type reach struct {
	now   func() time.Time
	since atomic.Int64
}

// lost tells for how long Kafka has not answered.
func (r *reach) lost() time.Duration {
	r.since.CompareAndSwap(0, r.now().UnixNano())
	return r.now().Sub(time.Unix(0, r.since.Load()))
}

func (r *reach) restored() { r.since.Store(0) }
