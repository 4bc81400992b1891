package user

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"castellan.io/castellan/internal/controller/batch"
)

// reconcile makes a batch of users what is wanted: first their Secrets, then what Kafka holds, then what their resources say. A password is in a
// Secret before Kafka gets it, so none is ever lost.
func (o *Operator) reconcile(ctx context.Context, keys []types.NamespacedName) {
	began := o.Now()
	jobs := o.work(ctx, keys)
	batch.Each(o.writers, jobs, func(j *job) bool { return j.resource != nil && j.deed != nothing }, func(j *job) { o.record(ctx, j) })()
	o.conclude(ctx, jobs, o.Now().Sub(began))
}

func (o *Operator) work(ctx context.Context, keys []types.NamespacedName) []*job {
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	jobs := o.read(keys)
	batch.Each(o.writers, jobs, (*job).asks, func(j *job) { o.ask(limited, j) })()
	batch.Each(o.writers, jobs, func(j *job) bool { return j.deed == keep || j.deed == remove || j.renews }, func(j *job) {
		o.keepSecret(limited, j)
		o.queue.Beat() // hundreds of keys take their time
	})()
	o.keepKafka(limited, jobs)
	return jobs
}

// keepKafka has Kafka hold what is wanted. Nothing is compared as long as nobody knows what it holds.
func (o *Operator) keepKafka(ctx context.Context, jobs []*job) {
	if err := o.held.unread(); err != nil {
		o.silence(jobs, err, o.reach)
		return
	}
	o.compare(jobs)
	changing := slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return len(j.changes) == 0 })
	if err := o.change(ctx, changing); err != nil {
		o.failed.Store(true)
		o.silence(changing, err, o.changes)
		o.readSoon() // some of it may have been done
	}
}

// silence is about jobs that Kafka did not answer.
func (o *Operator) silence(jobs []*job, err error, reach *batch.Reach) {
	patient := reach.Lost() < batch.Patience
	for _, j := range jobs {
		if j.deed == tell || j.deed == nothing {
			continue
		}
		j.later = true
		if patient || errors.Is(err, context.Canceled) {
			j.deed = nothing
			continue
		}
		j.fail(err)
	}
}

func (o *Operator) record(ctx context.Context, j *job) {
	if err := o.writeStatus(ctx, j); err != nil {
		j.later = !apierrors.IsNotFound(err)
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) && ctx.Err() == nil {
			log.FromContext(ctx).Info("cannot tell about a user", "why", err.Error())
		}
	}
}

// conclude counts the jobs and says when to look at each again.
func (o *Operator) conclude(ctx context.Context, jobs []*job, took time.Duration) {
	now := o.Now()
	for _, j := range jobs {
		log.FromContext(ctx).V(1).Info("looked at", "user", j.key.Name, "deed", j.deed, "later", j.later)
		o.count(j, took)
		if j.err != nil && j.resource == nil {
			log.FromContext(ctx).Info("cannot remove what is left of a user", "user", cmp.Or(j.username, j.key.Name), "why", j.err.Error())
		}
		if !j.again.IsZero() && j.again.Sub(now) < o.Refresh {
			// Otherwise the next look at everything comes before.
			o.queue.AddAfter(j.key, max(j.again.Sub(now), 0))
		}
		if j.later {
			o.queue.AddRateLimited(j.key)
			continue
		}
		o.queue.Forget(j.key)
	}
}
