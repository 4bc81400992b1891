package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"castellan.io/castellan/test/bench/figure"
	"castellan.io/castellan/test/bench/stage"
)

// running is a contender whose cluster has become ready.
type running struct {
	*contender
	// line goes on as long as the cluster is there, start is as it was when the cluster was ready.
	line, start *stage.Timeline
	// began is just before the first object was applied, done when the goal was seen.
	began, done time.Time
}

// starts are the figures of one kind of storage.
type starts struct {
	storage string
	total   *figure.Figure
	steps   []*figure.Figure
}

// shownStages are those in the breakdown; the last pod counts.
func shownStages() []stage.Stage {
	return []stage.Stage{
		stage.Announced, stage.SecretWritten, stage.PodSetWritten, stage.Created, stage.Scheduled,
		stage.PrepareStarted, stage.Started, stage.Ready, stage.ClusterReady,
	}
}

func newStarts(storage string) *starts {
	s := &starts{storage: storage, total: &figure.Figure{
		Name: "three nodes, " + storage + ", from apply to Ready", Unit: figure.Seconds, Target: figure.TimesFloor(1.25), Peer: peerStart,
	}}
	for _, step := range shownStages() {
		s.steps = append(s.steps, &figure.Figure{Name: string(step), Unit: figure.Seconds})
	}
	return s
}

func (s *starts) stages() figure.Stages {
	return figure.Stages{Of: "three nodes, " + s.storage, Steps: s.steps}
}

func (s *starts) add(ours, floor *running) {
	s.total.Add(ours.done.Sub(ours.began).Seconds(), floor.done.Sub(floor.began).Seconds())
	for i, step := range shownStages() {
		if at, count := ours.start.Last(step); count > 0 {
			s.steps[i].Ours = append(s.steps[i].Ours, at.Sub(ours.began).Seconds())
		}
		// The floor's secret was there before.
		if at, count := floor.start.Last(step); count > 0 && at.After(floor.began) {
			s.steps[i].Floor = append(s.steps[i].Floor, at.Sub(floor.began).Seconds())
		}
	}
}

// pair starts ours and the floor one after the other. With restarts, both are used for those before they go.
func (b *bench) pair(ctx context.Context, persistent bool, into *starts, then *restarts) error {
	ours, err := b.ours(persistent)
	if err != nil {
		return err
	}
	floor, err := b.floor(persistent)
	if err != nil {
		return err
	}
	first, err := b.trial(ctx, ours, then.ours(b))
	if err != nil {
		return err
	}
	second, err := b.trial(ctx, floor, then.floor(b))
	if err != nil {
		return err
	}
	into.add(first, second)
	return nil
}

// trial starts a contender, does with it what is to be done, and removes it whatever happens.
func (b *bench) trial(ctx context.Context, c *contender, then func(context.Context, *running) error) (out *running, err error) {
	if err := b.prepare(ctx, c); err != nil {
		return nil, err
	}
	defer func() {
		// An interrupted benchmark cleans up too.
		err = errors.Join(err, b.removeNamespace(context.WithoutCancel(ctx), c.namespace))
	}()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	out = &running{contender: c, line: stage.NewTimeline()}
	if err := b.follow(watching, c.namespace, out.line); err != nil {
		return nil, err
	}
	out.began = b.now()
	if err := b.apply(ctx, c.namespace, c.applied); err != nil {
		return nil, err
	}
	err = b.every(ctx, look, c.label+" is ready", func() error {
		at, count := out.line.Last(c.goal)
		if count < c.count {
			return fmt.Errorf("%d of %d at %q", count, c.count, c.goal)
		}
		out.done = at
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.start = out.line.Copy()
	b.say("%s: ready after %.1f s", c.label, out.done.Sub(out.began).Seconds())
	if then == nil {
		return out, nil
	}
	return out, then(ctx, out)
}
