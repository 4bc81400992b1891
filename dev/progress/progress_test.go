package progress

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	for name, test := range map[string]struct {
		detail string
		took   time.Duration
		want   string
	}{
		"a short step has tenths of seconds": {detail: "done", took: 1230 * time.Millisecond, want: "building: done (1.2s)"},
		"a long step has whole seconds":      {detail: "2 of 3", took: 75400 * time.Millisecond, want: "building: 2 of 3 (1m15s)"},
		"a step without detail":              {took: time.Second, want: "building (1s)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line("building", test.detail, test.took); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEndPassesTheOutcomeOnAndSaysIt(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		terminal bool
		outcome  error
		want     string
	}{
		"a success in plain lines":   {want: "building: done (0s)\n"},
		"a failure in plain lines":   {outcome: broken, want: "building: failed (0s)\n"},
		"on a terminal it stays put": {terminal: true, want: "\r\x1b[Kbuilding: done (0s)\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			reporter := Reporter{Out: &out, Terminal: test.terminal, Now: func() time.Time { return time.Unix(0, 0) }}
			if err := reporter.Start("building").End(test.outcome); !errors.Is(err, test.outcome) {
				t.Errorf("End returned %v", err)
			}
			if out.String() != test.want {
				t.Errorf("wrote %q, want %q", out.String(), test.want)
			}
		})
	}
}
