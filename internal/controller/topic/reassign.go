package topic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topic/placement"
)

// movingAtOnce is how many partitions of the cluster have replicas on their way at most because of changed numbers of replicas.
const movingAtOnce = 50

// When to look again at replicas that are on their way, and at what cannot be now.
const (
	movingLook  = 2 * time.Second
	blockedLook = 30 * time.Second
)

// Reassigner changes numbers of replicas by Kafka's own reassignment of partitions. It remembers nothing: what was started shows in Kafka.
type Reassigner struct {
	kafka *broker.Topics
	rate  int64
	mu    sync.Mutex
}

// NewReassigner bounds what brokers send and take because of it to so many bytes per second each, if rate is not 0.
func NewReassigner(kafka *broker.Topics, rate int64) *Reassigner {
	return &Reassigner{kafka: kafka, rate: rate}
}

// Change starts what may move now, and tells how far each topic is.
func (r *Reassigner) Change(ctx context.Context, changes []ReplicasChange) (map[string]ReplicasProgress, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	moving, err := r.kafka.Reassignments(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]ReplicasProgress{}
	var wanted []ReplicasChange
	for _, c := range changes {
		mark(c.Topic, moving[c.Topic.Name])
		if c.Wanted > 0 {
			wanted = append(wanted, c)
			continue
		}
		out[c.Topic.Name] = r.progress(c, c.Before.TargetReplicas)
	}
	if err := r.start(ctx, wanted, moving, out); err != nil {
		return nil, err
	}
	if len(moving) == 0 && len(wanted) == 0 {
		err = r.unthrottle(ctx)
	}
	return out, err
}

// Run has nothing to do: Kafka answers at once.
func (r *Reassigner) Run(context.Context, func(string), func(string, int32) bool) {}

// mark notes in a topic which of its replicas come and go.
func mark(t *topic.Actual, moving map[int32]broker.Moving) {
	for i := range t.Partitions {
		m := moving[int32(i)]
		t.Partitions[i].Adding, t.Partitions[i].Removing = m.Adding, m.Removing
	}
}

// progress tells how far a topic is on its way to a number of replicas; there is no status when it has arrived.
func (r *Reassigner) progress(c ReplicasChange, target int32) ReplicasProgress {
	arrived, under := 0, 0
	for _, p := range c.Topic.Partitions {
		switch {
		case len(p.Adding)+len(p.Removing) > 0:
			under++
		case len(p.Replicas) == int(target):
			arrived++
		}
	}
	if arrived == len(c.Topic.Partitions) || c.Wanted == 0 && under == 0 {
		return ReplicasProgress{Again: time.Second}
	}
	status := &v1.ReplicasChangeStatus{TargetReplicas: target, State: v1.ReplicasChangePending}
	if under > 0 {
		status.State = v1.ReplicasChangeOngoing
	}
	status.Message = fmt.Sprintf("%d of %d partitions have %d replicas, %d are on their way", arrived, len(c.Topic.Partitions), target, under)
	return ReplicasProgress{Status: status, Again: movingLook}
}

// start begins as many moves as may be under way.
func (r *Reassigner) start(ctx context.Context, changes []ReplicasChange, moving map[string]map[int32]broker.Moving, out map[string]ReplicasProgress) error {
	if len(changes) == 0 {
		return nil
	}
	brokers, err := r.brokers(ctx)
	if err != nil {
		return err
	}
	under := 0
	for _, partitions := range moving {
		under += len(partitions)
	}
	starting := map[string][]placement.Move{}
	for _, c := range changes {
		moves, err := placement.Plan(brokers, partitions(c.Topic), c.Wanted)
		if err != nil {
			out[c.Topic.Name] = impossible(c, err)
			continue
		}
		if c.Before == nil {
			out[c.Topic.Name] = announced(c)
			continue
		}
		now := placement.Batch(moves, under, movingAtOnce)
		if len(now) > 0 {
			starting[c.Topic.Name] = now
			under += len(now)
			expect(c.Topic, now)
			weigh(brokers, now)
		}
		out[c.Topic.Name] = r.progress(c, c.Wanted)
	}
	return r.reassign(ctx, brokers, starting, changes, out)
}

// announced is a change that was noticed just now. It begins with the next look: replicas that somebody else moves can look like a wish
// in the moment in which they arrive, as Kafka tells in two answers where replicas are and which of them are on their way.
func announced(c ReplicasChange) ReplicasProgress {
	return ReplicasProgress{Again: movingLook, Status: &v1.ReplicasChangeStatus{
		TargetReplicas: c.Wanted, State: v1.ReplicasChangePending, Message: "about to begin",
	}}
}

// impossible is a change that brokers cannot carry out; the topic works as it is.
func impossible(c ReplicasChange, err error) ReplicasProgress {
	return ReplicasProgress{Again: blockedLook, Status: &v1.ReplicasChangeStatus{
		TargetReplicas: c.Wanted, State: v1.ReplicasChangePending, Message: "Replicas change failed, " + err.Error(),
	}}
}

// expect notes in a topic what is about to be started, so that its progress tells of it.
func expect(t *topic.Actual, moves []placement.Move) {
	for _, m := range moves {
		p := &t.Partitions[m.Partition]
		p.Adding, p.Removing = without(m.Replicas, p.Replicas), without(p.Replicas, m.Replicas)
	}
}

func without(list, others []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(list), func(id int32) bool { return slices.Contains(others, id) })
}

// weigh counts the replicas that brokers are about to get, for the topics planned next.
func weigh(brokers []placement.Broker, moves []placement.Move) {
	for _, m := range moves {
		for i := range brokers {
			if slices.Contains(m.Replicas, brokers[i].ID) {
				brokers[i].Replicas++
			}
		}
	}
}

func (r *Reassigner) reassign(ctx context.Context, brokers []placement.Broker, starting map[string][]placement.Move, changes []ReplicasChange, out map[string]ReplicasProgress) error {
	if len(starting) == 0 {
		return nil
	}
	if err := r.throttle(ctx, brokers, slices.Sorted(maps.Keys(starting))); err != nil {
		return err
	}
	failed, err := r.kafka.Reassign(ctx, starting)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := failed[c.Topic.Name]; err != nil {
			out[c.Topic.Name] = impossible(c, err)
		}
	}
	return nil
}

// throttle bounds the brokers, and names the topics to which that applies. The topics' options go with the next comparison after the change.
func (r *Reassigner) throttle(ctx context.Context, brokers []placement.Broker, topics []string) error {
	if r.rate == 0 {
		return nil
	}
	if err := r.kafka.Throttle(ctx, ids(brokers), r.rate); err != nil {
		return err
	}
	all := topic.ThrottleAll
	changes := map[string][]topic.Option{}
	for _, name := range topics {
		for _, option := range topic.Throttles() {
			changes[name] = append(changes[name], topic.Option{Name: option, Value: &all})
		}
	}
	failed, err := r.kafka.Configure(ctx, changes)
	return errors.Join(append(slices.Collect(maps.Values(failed)), err)...)
}

func (r *Reassigner) unthrottle(ctx context.Context) error {
	if r.rate == 0 {
		return nil
	}
	brokers, err := r.kafka.Brokers(ctx)
	if err != nil {
		return err
	}
	return r.kafka.Unthrottle(ctx, ids(brokers), r.rate)
}

func ids(brokers []placement.Broker) []int32 {
	out := make([]int32, 0, len(brokers))
	for _, b := range brokers {
		if b.Usable {
			out = append(out, b.ID)
		}
	}
	return out
}

// brokers are the brokers with how many replicas each has.
func (r *Reassigner) brokers(ctx context.Context) ([]placement.Broker, error) {
	brokers, err := r.kafka.Brokers(ctx)
	if err != nil {
		return nil, err
	}
	topics, err := r.kafka.List(ctx)
	if err != nil {
		return nil, err
	}
	held := map[int32]int{}
	for _, t := range topics {
		for _, p := range t.Partitions {
			for _, id := range p.Replicas {
				held[id]++
			}
		}
	}
	for i := range brokers {
		brokers[i].Replicas = held[brokers[i].ID]
	}
	return brokers, nil
}

func partitions(t *topic.Actual) []placement.Partition {
	out := make([]placement.Partition, 0, len(t.Partitions))
	for i, p := range t.Partitions {
		out = append(out, placement.Partition{Number: int32(i), Replicas: p.Replicas, ISR: p.ISR, Adding: p.Adding, Removing: p.Removing})
	}
	return out
}

var _ Replicas = (*Reassigner)(nil)
