package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
	"castellan.io/castellan/test/bench/stage"
)

// restarts are the figures of restarted nodes, and those of the operator of one cluster.
type restarts struct {
	deleted, rolled, perNode, begun, memory, changed *figure.Figure
	objects                                          int
}

func newRestarts() *restarts {
	return &restarts{
		deleted: &figure.Figure{Name: "a deleted node, to Ready and in sync", Unit: figure.Seconds, Target: figure.AtMost(10)},
		rolled:  &figure.Figure{Name: "a node of a roll, from deletion to Ready and in sync", Unit: figure.Seconds, Target: figure.AtMost(10)},
		begun:   &figure.Figure{Name: "a roll's beginning, from the change to the first deletion", Unit: figure.Seconds},
		perNode: &figure.Figure{Name: "a roll of three, from the change to the end, per node", Unit: figure.Seconds, Target: figure.AtMost(10), Peer: peerRoll},
		memory:  &figure.Figure{Name: "memory of the operator, one cluster", Unit: figure.Mebibytes, Target: figure.AtMost(64), Peer: peerMemory},
		changed: &figure.Figure{Name: "objects that a restart of the operator changes", Target: figure.AtMost(0)},
	}
}

func (r *restarts) figures() []*figure.Figure {
	r.changed.Name += fmt.Sprintf(", of %d", r.objects)
	return []*figure.Figure{r.deleted, r.rolled, r.perNode, r.begun, r.memory, r.changed}
}

// ours is what is done with our cluster when it is ready; nothing if no restarts are wanted.
func (r *restarts) ours(b *bench) func(context.Context, *running) error {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, c *running) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		memory, err := b.operator.memory(ctx)
		if err != nil {
			return err
		}
		r.memory.Add(memory)
		seen, err := b.watchReplicas(ctx, c.contender)
		if err != nil {
			return err
		}
		took, err := b.deleteOne(ctx, c, seen)
		if err != nil {
			return err
		}
		r.deleted.Ours = append(r.deleted.Ours, took)
		if err := b.roll(ctx, c, seen, r); err != nil {
			return err
		}
		return r.unchanged(ctx, b, c.namespace)
	}
}

// floor is what is done with the floor.
func (r *restarts) floor(b *bench) func(context.Context, *running) error {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, c *running) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		seen, err := b.watchReplicas(ctx, c.contender)
		if err != nil {
			return err
		}
		took, err := b.deleteOne(ctx, c, seen)
		if err != nil {
			return err
		}
		// One deletion is the floor of both: a roll is made of them.
		r.deleted.Floor = append(r.deleted.Floor, took)
		r.rolled.Floor = append(r.rolled.Floor, took)
		return nil
	}
}

func (r *restarts) unchanged(ctx context.Context, b *bench, namespace string) error {
	changed, objects, err := b.changedByRestart(ctx, namespace, 1)
	if err != nil {
		return err
	}
	r.objects = objects
	r.changed.Add(float64(changed))
	return nil
}

// deleteOne deletes the second pod and gives the seconds until its successor is ready and in sync.
func (b *bench) deleteOne(ctx context.Context, c *running, seen *replicas) (float64, error) {
	name := c.pods[1]
	old, _ := c.line.Newest(stage.Created, name)
	began := b.now()
	if err := b.client.Delete(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: name}}); err != nil {
		return 0, fmt.Errorf("delete pod %s: %w", name, err)
	}
	var ready, end time.Time
	err := b.every(ctx, look, "pod "+name+" is ready and in sync again", func() error {
		uid, at := c.line.Newest(stage.Ready, name)
		if uid == "" || uid == old {
			return errStill
		}
		ready = at
		synced, ok := seen.firstAfter(ready)
		if !ok {
			return errStill
		}
		end = synced
		return nil
	})
	if err != nil {
		return 0, err
	}
	b.say("%s: a deleted node is ready after %.1f s, in sync after %.1f s", c.label, ready.Sub(began).Seconds(), end.Sub(began).Seconds())
	return end.Sub(began).Seconds(), nil
}

// roll changes the configuration and measures the restarts that follow.
func (b *bench) roll(ctx context.Context, c *running, seen *replicas, into *restarts) error {
	old := map[string]string{}
	for _, name := range c.pods {
		old[name], _ = c.line.Newest(stage.Created, name)
	}
	changed := b.now()
	generation, err := b.change(ctx, c.namespace)
	if err != nil {
		return err
	}
	err = b.every(ctx, look, "the roll is over", func() error {
		if _, ok := c.line.Seen(stage.Sight{Stage: stage.ClusterReady, Name: "bench", Incarnation: strconv.FormatInt(generation, 10)}); !ok {
			return errStill
		}
		return nil
	})
	if err != nil {
		return err
	}
	var nodes []rolledNode
	err = b.every(ctx, look, "all nodes are in sync", func() error {
		nodes, err = rolledNodes(c, old, seen)
		return err
	})
	if err != nil {
		return err
	}
	into.addRoll(changed, nodes)
	for i, n := range nodes {
		b.say("%s: %s deleted at %.1f s, ready at %.1f s, in sync at %.1f s", c.label, c.pods[i], n.deleted.Sub(changed).Seconds(), n.ready.Sub(changed).Seconds(), n.synced.Sub(changed).Seconds())
	}
	b.say("%s: rolled, %.1f s a node", c.label, into.perNode.Ours[len(into.perNode.Ours)-1])
	return nil
}

func (b *bench) change(ctx context.Context, namespace string) (generation int64, err error) {
	var k v1.Kafka
	if err := b.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "bench"}, &k); err != nil {
		return 0, fmt.Errorf("read the Kafka resource: %w", err)
	}
	before := k.DeepCopy()
	k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("99")
	if err := b.client.Patch(ctx, &k, client.MergeFrom(before)); err != nil {
		return 0, fmt.Errorf("change the Kafka resource: %w", err)
	}
	return k.Generation, nil
}

// rolledNode is one restart of a roll.
type rolledNode struct{ deleted, ready, synced time.Time }

// rolledNodes reads the restarts off a timeline. It is an error while one of them is not complete.
func rolledNodes(c *running, old map[string]string, seen *replicas) ([]rolledNode, error) {
	var out []rolledNode
	for _, name := range c.pods {
		uid, ready := c.line.Newest(stage.Ready, name)
		deleted, ended := c.line.Seen(stage.Sight{Stage: stage.Ending, Name: name, Incarnation: old[name]})
		synced, ok := seen.firstAfter(ready)
		if uid == "" || uid == old[name] || !ended || !ok {
			return nil, fmt.Errorf("pod %s is not back yet", name)
		}
		out = append(out, rolledNode{deleted, ready, synced})
	}
	// The operator may see that a node is in sync, and go on, between two looks of ours.
	for i := range out {
		for _, other := range out {
			if other.deleted.After(out[i].deleted) && other.deleted.Before(out[i].synced) {
				out[i].synced = other.deleted
			}
		}
	}
	return out, nil
}

func (r *restarts) addRoll(changed time.Time, nodes []rolledNode) {
	var each []float64
	first, last := nodes[0].deleted, nodes[0].synced
	for _, n := range nodes {
		each = append(each, n.synced.Sub(n.deleted).Seconds())
		if n.deleted.Before(first) {
			first = n.deleted
		}
		if n.synced.After(last) {
			last = n.synced
		}
	}
	r.rolled.Ours = append(r.rolled.Ours, figure.Median(each))
	r.begun.Add(first.Sub(changed).Seconds())
	r.perNode.Add(last.Sub(changed).Seconds() / float64(len(nodes)))
}
