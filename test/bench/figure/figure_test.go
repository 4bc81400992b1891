package figure_test

import (
	"bytes"
	"testing"

	"castellan.io/castellan/test/bench/figure"
	"castellan.io/castellan/test/golden"
)

func TestMedian(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   float64
	}{
		"nothing has no middle":                       {nil, 0},
		"one value is its own median":                 {[]float64{7}, 7},
		"the order of runs does not matter":           {[]float64{9, 1, 5}, 5},
		"an outlier does not move it":                 {[]float64{10, 11, 900}, 11},
		"of an even number it is between the two":     {[]float64{4, 1, 2, 3}, 2.5},
		"values that are equal do not confuse anyone": {[]float64{2, 2, 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := figure.Median(c.values); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	for name, c := range map[string]struct {
		figure     figure.Figure
		met, known bool
	}{
		"without a target there is no verdict":             {figure.Figure{Ours: []float64{1}}, false, false},
		"without a measurement there is no verdict":        {figure.Figure{Target: figure.AtMost(5)}, false, false},
		"a target may be reached exactly":                  {figure.Figure{Ours: []float64{5}, Target: figure.AtMost(5)}, true, true},
		"more than the target misses it":                   {figure.Figure{Ours: []float64{5.1}, Target: figure.AtMost(5)}, false, true},
		"zero is a target":                                 {figure.Figure{Ours: []float64{1}, Target: figure.AtMost(0)}, false, true},
		"a multiple of the floor needs a floor":            {figure.Figure{Ours: []float64{1}, Target: figure.TimesFloor(2)}, false, false},
		"the floor decides about a multiple of it":         {figure.Figure{Ours: []float64{12}, Floor: []float64{10}, Target: figure.TimesFloor(1.25)}, true, true},
		"more than the multiple of the floor misses it":    {figure.Figure{Ours: []float64{13}, Floor: []float64{10}, Target: figure.TimesFloor(1.25)}, false, true},
		"medians are compared, not the worst of both runs": {figure.Figure{Ours: []float64{99, 12, 12}, Floor: []float64{10, 10, 1}, Target: figure.TimesFloor(1.25)}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			met, known := c.figure.Met()
			if met != c.met || known != c.known {
				t.Errorf("met %v, known %v; want %v, %v", met, known, c.met, c.known)
			}
		})
	}
}

func TestReport(t *testing.T) {
	report := &figure.Report{
		Runs: 3,
		Figures: []*figure.Figure{
			{
				Name: "three nodes, from apply to Ready", Unit: figure.Seconds,
				Ours: []float64{14.2, 13.9, 15.1}, Floor: []float64{13, 12.5, 13.4}, Target: figure.TimesFloor(1.25), Peer: "31 s",
			},
			{Name: "memory of the operator", Unit: figure.Mebibytes, Ours: []float64{70, 71.25, 72}, Target: figure.AtMost(64)},
			{Name: "objects changed", Ours: []float64{0, 0, 0}, Target: figure.AtMost(0)},
			{Name: "not measured", Unit: figure.Milliseconds},
		},
		Stages: []figure.Stages{{Of: "three nodes", Steps: []*figure.Figure{
			{Name: "secrets written", Unit: figure.Seconds, Ours: []float64{1}},
			{Name: "pods ready", Unit: figure.Seconds, Ours: []float64{13, 12, 14}, Floor: []float64{13, 12.5, 13.4}},
		}}},
		Notes: []string{"another cluster ran at the same time"},
	}
	var table, json bytes.Buffer
	if err := report.Table(&table); err != nil {
		t.Fatal(err)
	}
	if err := report.JSON(&json); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/report.txt", table.String())
	golden.Equal(t, "testdata/report.json", json.String())
}
