package batch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
)

// Delays after which something is tried again that Kafka or the API server refused for the moment.
const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = 2 * time.Minute
)

// stalled is how long the workers may go without progress while there is work.
const stalled = 2 * time.Minute

// Queue holds the resources to look at. None is with two workers at the same time.
type Queue struct {
	workqueue.TypedRateLimitingInterface[types.NamespacedName]

	size    int
	linger  time.Duration
	metrics *Metrics
	now     func() time.Time
	taking  sync.Mutex
	last    atomic.Int64
}

// NewQueue makes a queue that gives out at most size resources at a time, and waits for others that long.
func NewQueue(size int, linger time.Duration, metrics *Metrics, now func() time.Time) *Queue {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](firstDelay, lastDelay)
	return &Queue{TypedRateLimitingInterface: workqueue.NewTypedRateLimitingQueue(limiter), size: size, linger: linger, metrics: metrics, now: now}
}

// Work gives batches to so many workers until the context ends, and returns when the last one is done.
func (q *Queue) Work(ctx context.Context, workers int, do func(context.Context, []types.NamespacedName)) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { q.work(ctx, do) })
	}
	<-ctx.Done()
	q.ShutDown()
	all.Wait()
}

func (q *Queue) work(ctx context.Context, do func(context.Context, []types.NamespacedName)) {
	for {
		keys, open := q.take(ctx)
		if !open {
			return
		}
		q.Beat()
		q.metrics.batch(len(keys), q.Len()+len(keys))
		do(ctx, keys)
		for _, key := range keys {
			q.Done(key)
		}
		q.Beat()
	}
}

// take waits for the first key and adds what else has come, until the batch is full. One worker takes at a time: otherwise two could wait
// for the same last key.
func (q *Queue) take(ctx context.Context) ([]types.NamespacedName, bool) {
	q.taking.Lock()
	defer q.taking.Unlock()
	key, down := q.Get()
	if down {
		return nil, false
	}
	if q.Len() < q.size {
		select {
		case <-time.After(q.linger):
		case <-ctx.Done():
		}
	}
	keys := []types.NamespacedName{key}
	for len(keys) < q.size && q.Len() > 0 {
		key, down := q.Get()
		if down {
			break
		}
		keys = append(keys, key)
	}
	return keys, true
}

// Beat notes that the work gets on. A batch that takes long does so by itself.
func (q *Queue) Beat() { q.last.Store(q.now().UnixNano()) }

// Alive tells whether the workers get on with what there is to do.
func (q *Queue) Alive() bool {
	last := q.last.Load()
	return last == 0 || q.Len() == 0 || q.now().Sub(time.Unix(0, last)) < stalled
}
