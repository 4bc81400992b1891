package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"castellan.io/castellan/test/bench/figure"
)

// lifeOf are the figures of resources that are created, changed and deleted.
type lifeOf struct{ created, changed, deleted, memory *figure.Figure }

// newLifeOf has the figures of what. change and end tell what happens in the last two steps, operator is who follows.
func newLifeOf(what, change, end, operator string) *lifeOf {
	return &lifeOf{
		created: &figure.Figure{Name: what + ", from the first apply to all Ready", Unit: figure.Seconds},
		changed: &figure.Figure{Name: what + ", " + change + ", to all Ready", Unit: figure.Seconds},
		deleted: &figure.Figure{Name: what + ", deleted, " + end, Unit: figure.Seconds},
		memory:  &figure.Figure{Name: what + ", most memory of the " + operator, Unit: figure.Mebibytes, Target: figure.AtMost(64)},
	}
}

func (l *lifeOf) figures() []*figure.Figure {
	return []*figure.Figure{l.created, l.changed, l.deleted, l.memory}
}

// step is something that is done about many resources and measured.
type step struct {
	figure *figure.Figure
	// each is done about every resource.
	each func(context.Context, string) error
	// beside is done once meanwhile, after is waited for then. Either may be nil.
	beside, after func(context.Context) error
}

// live does the steps of resources that an operator looks after.
func (b *bench) live(ctx context.Context, steps []step, names []string) error {
	for _, s := range steps {
		took, applied, err := b.timed(ctx, s, names)
		if err != nil {
			return err
		}
		b.say("%s: %.2f s, of which applying was %.2f s; %.1f a second", s.figure.Name, took, applied, float64(len(names))/took)
		s.figure.Ours = append(s.figure.Ours, took)
	}
	return nil
}

// bare does the steps of resources that nobody looks after.
func (b *bench) bare(ctx context.Context, steps []step, names []string) error {
	for _, s := range steps {
		took, _, err := b.timed(ctx, s, names)
		if err != nil {
			return err
		}
		b.say("the floor of it: %.2f s", took)
		s.figure.Floor = append(s.figure.Floor, took)
	}
	return nil
}

// timed does a step and tells how long all of it took, and what was applied.
func (b *bench) timed(ctx context.Context, s step, names []string) (seconds, applied float64, err error) {
	began := b.now()
	both, limited := errgroup.WithContext(ctx)
	both.Go(func() error { return each(limited, names, s.each) })
	if s.beside != nil {
		both.Go(func() error { return s.beside(limited) })
	}
	if err := both.Wait(); err != nil {
		return 0, 0, err
	}
	applied = b.now().Sub(began).Seconds()
	if s.after != nil {
		err = s.after(ctx)
	}
	return b.now().Sub(began).Seconds(), applied, err
}
