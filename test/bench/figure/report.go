package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Report is everything that one call of the benchmark found.
type Report struct {
	// Runs is how often each figure was measured.
	Runs    int       `json:"runs"`
	Figures []*Figure `json:"figures"`
	// Stages tell where the time of a figure goes: the moments, counted from its beginning, at which steps were over.
	Stages []Stages `json:"stages,omitempty"`
	// Notes are what a reader must know to judge the figures.
	Notes []string `json:"notes,omitempty"`
}

// Stages are the moments of one figure in the order in which they come.
type Stages struct {
	Of    string    `json:"of"`
	Steps []*Figure `json:"steps"`
}

// JSON writes the report for programs.
func (r *Report) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// Table writes the report for people.
func (r *Report) Table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "FIGURE (medians, runs: %d)\tOURS\tFLOOR\tRATIO\tTARGET\t\tBEST KNOWN PEER\n", r.Runs)
	for _, f := range r.Figures {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.value(f.Ours), f.value(f.Floor), f.ratio(), f.target(), f.verdict(), f.Peer)
	}
	for _, s := range r.Stages {
		fmt.Fprintf(table, "\n%s: reached after\tOURS\tFLOOR\n", strings.ToUpper(s.Of))
		for _, f := range s.Steps {
			fmt.Fprintf(table, "%s\t%s\t%s\n", f.Name, f.value(f.Ours), f.value(f.Floor))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "\nNote: %s.", n)
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(out)
	}
	return nil
}

const nothing = "-"

func (f *Figure) value(runs []float64) string {
	if len(runs) == 0 {
		return nothing
	}
	return f.text(Median(runs))
}

func (f *Figure) text(value float64) string {
	number := fmt.Sprintf("%.1f", value)
	if f.Unit == Count {
		number = strings.TrimSuffix(number, ".0")
	}
	return strings.TrimSpace(number + " " + string(f.Unit))
}

func (f *Figure) ratio() string {
	if ratio, ok := f.Ratio(); ok {
		return fmt.Sprintf("%.2f", ratio)
	}
	return nothing
}

func (f *Figure) target() string {
	switch {
	case !f.Target.Set:
		return nothing
	case f.Target.OfFloor:
		return fmt.Sprintf("≤ %.2f × floor", f.Target.Most)
	}
	return "≤ " + f.text(f.Target.Most)
}

func (f *Figure) verdict() string {
	met, known := f.Met()
	switch {
	case !known:
		return ""
	case met:
		return "met"
	}
	return "MISSED"
}
