package main

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
)

func TestPopulation(t *testing.T) {
	u := func(name string, generation, observed int64, condition string) *v1.KafkaUser {
		out := &v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: generation}}
		out.Status = v1.KafkaUserStatus{ObservedGeneration: observed, Conditions: []v1.Condition{{Type: condition, Status: v1.ConditionTrue}}}
		return out
	}
	ready := u("a", 1, 1, v1.ConditionReady)
	for name, c := range map[string]struct {
		told       []any
		deleted    any
		count      int
		generation int64
		missing    int
	}{
		"nobody has come":                            {count: 2, generation: 1, missing: 2},
		"one is ready":                               {told: []any{ready}, count: 2, generation: 1, missing: 1},
		"one is told about twice":                    {told: []any{ready, ready}, count: 2, generation: 1, missing: 1},
		"all are ready":                              {told: []any{ready, u("b", 1, 1, v1.ConditionReady)}, count: 2, generation: 1},
		"one that is not ready is missing":           {told: []any{u("a", 1, 1, v1.ConditionNotReady)}, count: 1, generation: 1, missing: 1},
		"Ready of an old generation is none":         {told: []any{u("a", 2, 1, v1.ConditionReady)}, count: 1, generation: 1, missing: 1},
		"the change has not come":                    {told: []any{ready}, count: 1, generation: 2, missing: 1},
		"one that is still there is not gone":        {told: []any{ready}, missing: 1},
		"one is gone":                                {told: []any{ready}, deleted: ready},
		"one is gone, and the watch was interrupted": {told: []any{ready}, deleted: toolscache.DeletedFinalStateUnknown{Obj: ready}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &population{kind: userKind(), seen: map[string]sight{}, moved: make(chan struct{}, 1)}
			for _, o := range c.told {
				p.take(o, false)
			}
			if c.deleted != nil {
				p.take(c.deleted, true)
			}
			if got := p.missing(c.count, c.generation); got != c.missing {
				t.Errorf("%d are missing, want %d", got, c.missing)
			}
		})
	}
}
