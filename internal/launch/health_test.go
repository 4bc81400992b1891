package launch

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestHealthDecisions(t *testing.T) {
	silent := errors.New("refused")
	cases := map[string]struct {
		seen           Observation
		healthy, ready bool
	}{
		"preparing is alive":               {Observation{Phase: Preparing}, true, false},
		"recovering for hours is alive":    {Observation{Phase: Running, Failure: silent, Silent: 5 * time.Hour}, true, false},
		"serving is ready":                 {Observation{Phase: Running, Served: true}, true, true},
		"a short silence is not yet death": {Observation{Phase: Running, Served: true, Failure: silent, Silent: 59 * time.Second}, true, false},
		"a minute's silence is death":      {Observation{Phase: Running, Served: true, Failure: silent, Silent: time.Minute}, false, false},
		"refusing for hours is alive":      {Observation{Phase: Running, Served: true, Failure: silent}, true, false},
		"stopping is alive and not ready":  {Observation{Phase: Stopping, Served: true, Failure: silent, Silent: time.Hour}, true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			healthy, why := Healthy(c.seen)
			ready, whyNot := Ready(c.seen)
			if healthy != c.healthy || ready != c.ready || why == "" || whyNot == "" {
				t.Errorf("healthy %v (%s), ready %v (%s)", healthy, why, ready, whyNot)
			}
		})
	}
}

func TestMonitorCountsSilenceFromItsBeginning(t *testing.T) {
	now := time.Unix(1000, 0)
	var answer error
	asked := 0
	monitor := &Monitor{Now: func() time.Time { return now }, Ask: func(context.Context) (bool, error) {
		asked++
		return answer == nil, answer
	}}
	step := func(after time.Duration, failure error) Observation {
		now, answer = now.Add(after), failure
		return monitor.Observe(t.Context())
	}
	refused := errors.New("refused")
	if seen := step(0, refused); asked != 0 || seen.Phase != Preparing {
		t.Errorf("asked %d times while preparing", asked)
	}
	monitor.Enter(Running)
	if seen := step(time.Second, refused); seen.Served || seen.Failure == nil {
		t.Errorf("before the first answer: %+v", seen)
	}
	if seen := step(time.Hour, nil); !seen.Served || seen.Failure != nil || seen.Silent != 0 {
		t.Errorf("at the first answer: %+v", seen)
	}
	if step(freshFor/2, refused); asked != 2 {
		t.Errorf("asked %d times, want a fresh answer to be shared", asked)
	}
	if seen := step(10*time.Minute, refused); seen.Silent != 0 {
		t.Errorf("silent for %s although nobody asked in between", seen.Silent)
	}
	if seen := step(40*time.Second, refused); seen.Silent != 40*time.Second || !seen.Served {
		t.Errorf("after 40 s of silence: %+v", seen)
	}
	if seen := step(40*time.Second, nil); seen.Failure != nil || seen.Silent != 0 {
		t.Errorf("after the answer came back: %+v", seen)
	}
}

func TestARefusalEndsASilence(t *testing.T) {
	now := time.Unix(1000, 0)
	monitor := &Monitor{Now: func() time.Time { return now }}
	monitor.Enter(Running)
	refused := errors.New("refused")
	step := func(reacts bool, failure error) Observation {
		now = now.Add(40 * time.Second)
		monitor.Ask = func(context.Context) (bool, error) { return reacts, failure }
		return monitor.Observe(t.Context())
	}
	step(true, nil)
	step(false, refused)
	if seen := step(false, refused); seen.Silent != 40*time.Second {
		t.Errorf("after 40 s of silence: %+v", seen)
	}
	if seen := step(true, refused); seen.Silent != 0 || seen.Failure == nil || !seen.Served {
		t.Errorf("at a refusal: %+v", seen)
	}
	if seen := step(false, refused); seen.Silent != 0 {
		t.Errorf("silent for %s although it refused just before", seen.Silent)
	}
}
