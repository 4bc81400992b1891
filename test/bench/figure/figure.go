package figure

import (
	"encoding/json"
	"slices"
)

// Unit is what a figure's numbers are.
type Unit string

// The units of the figures.
const (
	Seconds      Unit = "s"
	Milliseconds Unit = "ms"
	Mebibytes    Unit = "MiB"
	Count        Unit = ""
)

// Target is the most that a figure should be; the zero value means that there is none.
type Target struct {
	// Most is in the figure's unit or, if OfFloor, a multiple of the floor.
	Most    float64 `json:"most"`
	OfFloor bool    `json:"ofFloor,omitempty"`
	Set     bool    `json:"-"`
}

// AtMost is a target in the figure's own unit.
func AtMost(most float64) Target { return Target{Most: most, Set: true} }

// TimesFloor is a target relative to the floor of the same run.
func TimesFloor(most float64) Target { return Target{Most: most, OfFloor: true, Set: true} }

// Figure is one thing that was measured, once in every run.
type Figure struct {
	Name string
	Unit Unit
	// Ours and Floor have one value a run; Floor is empty where there is nothing to compare with.
	Ours, Floor []float64
	Target      Target
	// Peer is what the best known operator takes, as noted in docs/benchmarks.md; empty if nothing is known.
	Peer string
}

// Add appends the values of a run. A figure without a floor gets none.
func (f *Figure) Add(ours float64, floor ...float64) {
	f.Ours = append(f.Ours, ours)
	f.Floor = append(f.Floor, floor...)
}

// Ratio is the median of ours over the median of the floor; false if there is no floor.
func (f *Figure) Ratio() (float64, bool) {
	floor := Median(f.Floor)
	if len(f.Ours) == 0 || floor == 0 {
		return 0, false
	}
	return Median(f.Ours) / floor, true
}

// Met tells whether the target is met; false for the second result if there is none, or nothing to hold against it.
func (f *Figure) Met() (met, known bool) {
	if !f.Target.Set || len(f.Ours) == 0 {
		return false, false
	}
	if !f.Target.OfFloor {
		return Median(f.Ours) <= f.Target.Most, true
	}
	ratio, ok := f.Ratio()
	return ok && ratio <= f.Target.Most, ok
}

// Median is the middle value, or the mean of the two in the middle; 0 of nothing.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// MarshalJSON gives the values of all runs and what follows from them. What is not known is absent.
func (f *Figure) MarshalJSON() ([]byte, error) {
	out := struct {
		Name   string    `json:"name"`
		Unit   Unit      `json:"unit,omitempty"`
		Median *float64  `json:"median,omitempty"`
		Runs   []float64 `json:"runs,omitempty"`
		Floor  *float64  `json:"floor,omitempty"`
		Floors []float64 `json:"floorRuns,omitempty"`
		Ratio  *float64  `json:"ratio,omitempty"`
		Target *Target   `json:"target,omitempty"`
		Met    *bool     `json:"met,omitempty"`
		Peer   string    `json:"bestKnownPeer,omitempty"`
	}{Name: f.Name, Unit: f.Unit, Runs: f.Ours, Floors: f.Floor, Peer: f.Peer}
	if len(f.Ours) > 0 {
		median := Median(f.Ours)
		out.Median = &median
	}
	if ratio, ok := f.Ratio(); ok {
		floor := Median(f.Floor)
		out.Floor, out.Ratio = &floor, &ratio
	}
	if f.Target.Set {
		out.Target = &f.Target
	}
	if met, known := f.Met(); known {
		out.Met = &met
	}
	return json.Marshal(out)
}
