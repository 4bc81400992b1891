package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/test/bench/stage"
)

// TestRolledNodes has two pods restart one after the other: a ends at 1 and is ready at 5, b ends at 7 and is ready at 12.
func TestRolledNodes(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	c := &running{contender: &contender{pods: []string{"a", "b"}}, line: stage.NewTimeline()}
	old := map[string]string{"a": "a1", "b": "b1"}
	c.line.Note(second(1), []stage.Sight{{Stage: stage.Ending, Name: "a", Incarnation: "a1"}})
	c.line.Note(second(5), []stage.Sight{{Stage: stage.Ready, Name: "a", Incarnation: "a2"}})
	c.line.Note(second(7), []stage.Sight{{Stage: stage.Ending, Name: "b", Incarnation: "b1"}})

	if nodes, err := rolledNodes(c, old, &replicas{full: []time.Time{second(20)}}); err == nil {
		t.Errorf("b is not back, but the roll counts as %v", nodes)
	}
	c.line.Note(second(12), []stage.Sight{{Stage: stage.Ready, Name: "b", Incarnation: "b2"}})

	for name, tc := range map[string]struct {
		full []time.Time
		want []rolledNode
	}{
		"a node is done when it is ready and in sync": {
			[]time.Time{second(0), second(6), second(14)}, []rolledNode{{second(1), second(5), second(6)}, {second(7), second(12), second(14)}},
		},
		"a node is done at the latest when the next one is deleted, for then the operator saw it in sync": {
			[]time.Time{second(0), second(14)}, []rolledNode{{second(1), second(5), second(7)}, {second(7), second(12), second(14)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rolledNodes(c, old, &replicas{full: tc.full})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(rolledNode{})); diff != "" {
				t.Errorf("restarts (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := rolledNodes(c, old, &replicas{full: []time.Time{second(13)}}); err != nil {
		t.Errorf("one look after both is enough: %v", err)
	}
}
