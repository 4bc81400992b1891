package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

// Replicas changes numbers of replicas.
type Replicas interface {
	// Change goes on with the changes of a batch, by topic. It tells for each where it stands.
	// Each is called about again as long as it is not done. Without any, it ends what nobody follows any more.
	Change(ctx context.Context, changes []ReplicasChange) (map[string]ReplicasProgress, error)
	// Run does until the context ends what no batch is to wait for. look has a topic looked at of which there is news; wants tells whether a
	// topic shall still have so many replicas.
	Run(ctx context.Context, look func(topic string), wants func(topic string, replicas int32) bool)
}

// ReplicasChange is a topic whose number of replicas changes, or did when last looked at.
type ReplicasChange struct {
	Topic *topic.Actual
	// Wanted is the number; 0 if the resource does not differ from Kafka.
	Wanted int32
	// Before is where the change stood; nil if this is the first time.
	Before *v1.ReplicasChangeStatus
}

// ReplicasProgress is where a change stands.
type ReplicasProgress struct {
	// Status is for the resource; nil when nothing is left to do.
	Status *v1.ReplicasChangeStatus
	// Again is when to look again.
	Again time.Duration
	// Err is what Kafka refused about all changes of the batch.
	Err error
}

// moving tells whether replicas of the topic are on their way, as far as the resource knows.
func moving(t *v1.KafkaTopic) bool { return t != nil && t.Status.ReplicasChange != nil }

// change makes Kafka what the jobs want. The error is that Kafka does not answer; what it refuses is each job's own.
func (o *Operator) change(ctx context.Context, jobs []*job) error {
	moves := movesOf(jobs)
	all, limited := errgroup.WithContext(ctx)
	all.Go(func() error { return o.create(limited, jobs) })
	all.Go(func() error { return o.grow(limited, jobs) })
	all.Go(func() error { return o.configure(limited, jobs) })
	all.Go(func() error { return o.delete(limited, jobs) })
	all.Go(func() error { return o.move(limited, jobs, moves) })
	return all.Wait()
}

func (o *Operator) create(ctx context.Context, jobs []*job) error {
	var wanted []topic.Wanted
	var creating []*job
	for _, j := range jobs {
		if j.deed == create {
			j.warnings = topic.Unalterable(j.wanted.Config, o.Alterable)
			wanted, creating = append(wanted, j.wanted), append(creating, j)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	done := o.Metrics.Request("create_topics")
	made, err := o.Kafka.Create(ctx, wanted)
	done()
	if err != nil {
		return err
	}
	for i, j := range creating {
		j.created(wanted[i], made[j.wanted.Name])
	}
	return nil
}

func (j *job) created(w topic.Wanted, c broker.Created) {
	switch {
	case broker.Existed(c.Err):
		// Somebody was faster. The next look compares.
		j.deed, j.later = nothing, true
	case c.Err != nil:
		j.kafkaFailed(c.Err)
	default:
		j.done = append(j.done, "created")
		j.actual = &topic.Actual{Name: w.Name, ID: c.ID, Config: w.Config, Partitions: make([]topic.Partition, max(c.Partitions, 0))}
		for i := range j.actual.Partitions {
			j.actual.Partitions[i].Replicas = make([]int32, c.Replicas)
		}
	}
}

func (o *Operator) grow(ctx context.Context, jobs []*job) error {
	var growing []broker.Growth
	for _, j := range jobs {
		if j.deed == compare && j.difference.Kafka.Partitions > 0 {
			growing = append(growing, broker.Growth{Name: j.wanted.Name, From: int32(len(j.actual.Partitions)), To: j.difference.Kafka.Partitions})
		}
	}
	if len(growing) == 0 {
		return nil
	}
	done := o.Metrics.Request("create_partitions")
	failed, err := o.Kafka.Grow(ctx, growing)
	done()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.deed == compare && j.difference.Kafka.Partitions > 0 {
			j.changed(failed, topic.Changes{Partitions: j.difference.Kafka.Partitions})
		}
	}
	return nil
}

// changed takes over what became of a change. Other goroutines do the same for other kinds of changes of the same job.
func (j *job) changed(failed map[string]error, changes topic.Changes) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := failed[j.wanted.Name]
	if err == nil {
		j.actual = j.actual.After(changes)
		j.done = append(j.done, changes.String())
		return
	}
	j.fail(err)
	if refused, is := errors.AsType[*broker.Refused](err); !is || refused.Retry {
		j.later = true
	}
}

func (o *Operator) configure(ctx context.Context, jobs []*job) error {
	changes := map[string][]topic.Option{}
	for _, j := range jobs {
		if j.deed == compare && len(j.difference.Kafka.Options) > 0 {
			changes[j.wanted.Name] = j.difference.Kafka.Options
		}
	}
	if len(changes) == 0 {
		return nil
	}
	done := o.Metrics.Request("alter_configs")
	failed, err := o.Kafka.Configure(ctx, changes)
	done()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.deed == compare && len(j.difference.Kafka.Options) > 0 {
			j.changed(failed, topic.Changes{Options: j.difference.Kafka.Options})
		}
	}
	return nil
}

func (o *Operator) delete(ctx context.Context, jobs []*job) error {
	var names []string
	for _, j := range jobs {
		if j.deed == deleteTopic {
			names = append(names, j.wanted.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	done := o.Metrics.Request("delete_topics")
	failed, err := o.Kafka.Delete(ctx, names)
	done()
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.deed != deleteTopic {
			continue
		}
		j.deed = release
		if err := failed[j.wanted.Name]; err != nil {
			j.kafkaFailed(err)
			j.later = true
		} else if j.actual != nil {
			j.done = append(j.done, "deleted")
		}
	}
	return nil
}

// movesOf are the changes of numbers of replicas. Each has the topic for itself: what else changes about it goes on at the same time.
func movesOf(jobs []*job) []ReplicasChange {
	var out []ReplicasChange
	for _, j := range jobs {
		if j.deed != compare || j.difference.Kafka.Replicas == 0 && !moving(j.resource) {
			continue
		}
		own := *j.actual
		own.Partitions = slices.Clone(own.Partitions)
		out = append(out, ReplicasChange{Topic: &own, Wanted: j.difference.Kafka.Replicas, Before: j.resource.Status.ReplicasChange})
	}
	return out
}

// move goes on with changes of numbers of replicas. What Kafka refuses about them is the trouble of these topics alone.
func (o *Operator) move(ctx context.Context, jobs []*job, changes []ReplicasChange) error {
	if len(changes) == 0 {
		return nil
	}
	progress, err := o.Replicas.Change(ctx, changes)
	if errors.Is(err, broker.ErrUnreachable) || errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		progress = make(map[string]ReplicasProgress, len(changes))
		for _, c := range changes {
			progress[c.Topic.Name] = ReplicasProgress{Status: c.Before, Err: err, Again: blockedLook}
		}
	}
	for _, j := range jobs {
		if j.deed != compare {
			continue
		}
		p, asked := progress[j.wanted.Name]
		if !asked {
			continue
		}
		j.mu.Lock()
		j.replicas, j.again = p.Status, p.Again
		if p.Status != nil && !moving(j.resource) {
			j.done = append(j.done, fmt.Sprintf("is to have %d replicas", p.Status.TargetReplicas))
		}
		if p.Err != nil {
			j.fail(p.Err)
		}
		j.mu.Unlock()
	}
	return nil
}
