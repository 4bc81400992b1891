package maintenance_test

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/maintenance"
)

// answers is testdata/quartz.txt: what Quartz's CronExpression.isSatisfiedBy says, `invalid` or a digit for each
// moment.
type answers struct {
	moments []time.Time
	lines   [][2]string
}

func readAnswers(t *testing.T) answers {
	t.Helper()
	file, err := os.Open("testdata/quartz.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var read answers
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		text := scanner.Text()
		if strings.HasPrefix(text, "#") {
			continue
		}
		if expression, answer, ok := strings.Cut(text, "\t"); ok {
			read.lines = append(read.lines, [2]string{expression, answer})
			continue
		}
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		read.moments = append(read.moments, moment)
	}
	if len(read.moments) < 100 || len(read.lines) < 100 {
		t.Fatalf("%d moments and %d expressions: the file is not what it was", len(read.moments), len(read.lines))
	}
	return read
}

func TestAnswersAsQuartzDoes(t *testing.T) {
	read := readAnswers(t)
	for _, line := range read.lines {
		t.Run(line[0], func(t *testing.T) {
			if diff := cmp.Diff(line[1], ask(line[0], read.moments)); diff != "" {
				t.Errorf("(-Quartz +Open):\n%s", diff)
			}
		})
	}
}

func ask(expression string, moments []time.Time) string {
	var answer strings.Builder
	for _, moment := range moments {
		open, errs := maintenance.Open([]string{expression}, moment)
		switch {
		case len(errs) > 0:
			return "invalid"
		case open:
			answer.WriteByte('1')
		default:
			answer.WriteByte('0')
		}
	}
	return answer.String()
}

func TestOpen(t *testing.T) {
	monday := time.Date(2026, 3, 2, 23, 30, 15, 999, time.UTC)
	tests := map[string]struct {
		windows []string
		now     time.Time
		open    bool
		errs    []string
	}{
		"no windows mean always": {
			now: monday, open: true,
		},
		"one matching window is enough": {
			windows: []string{"* * 3 * * ?", "* * 22-2 * * ?"}, now: monday, open: true,
		},
		"none matching is closed": {
			windows: []string{"* * 3 * * ?", "* * 4 * * ?"}, now: monday,
		},
		"an unreadable window is closed and reported": {
			windows: []string{"every night"}, now: monday,
			errs: []string{`maintenance time window "every night": 2 fields instead of 6 or 7`},
		},
		"an unreadable window does not close a readable one": {
			windows: []string{"* * 25 * * ?", "* * 23 * * ?"}, now: monday, open: true,
			errs: []string{`maintenance time window "* * 25 * * ?": hour: "25" is not a number from 0 to 23`},
		},
		"the zone of the clock does not matter": {
			windows: []string{"* * 23 ? * MON"}, now: monday.In(time.FixedZone("UTC+9", 9*3600)), open: true,
		},
		"a five-field cron expression is refused": {
			windows: []string{"* 23 * * *"}, now: monday,
			errs: []string{`maintenance time window "* 23 * * *": 5 fields instead of 6 or 7`},
		},
		"both day fields given are refused": {
			windows: []string{"* * 23 1 * MON"}, now: monday,
			errs: []string{`maintenance time window "* * 23 1 * MON": exactly one of day of month and day of week must be "?"`},
		},
		"a list with an empty item is refused": {
			windows: []string{"* * 22,,23 * * ?"}, now: monday,
			errs: []string{`maintenance time window "* * 22,,23 * * ?": hour: "" is not a number from 0 to 23`},
		},
		"a step of nothing is refused": {
			windows: []string{"* * 0/0 * * ?"}, now: monday,
			errs: []string{`maintenance time window "* * 0/0 * * ?": hour: "0" is not a step from 1 to 23`},
		},
		"a step after names is refused": {
			windows: []string{"* * * ? * MON-FRI/2"}, now: monday,
			errs: []string{`maintenance time window "* * * ? * MON-FRI/2": day of week: "MON-FRI/2": a step goes with numbers, not with names`},
		},
		"a list may name a day and the last working day": {
			windows: []string{"* * * 2,LW * ?"}, now: monday, open: true,
		},
		"the last working day may stand in a list": {
			windows: []string{"* * * 5,LW * ?"}, now: time.Date(2026, 5, 29, 0, 0, 0, 0, time.UTC), open: true,
		},
		"a working day near a day before the month is none": {
			// Day 0 of June 2026 is Sunday 31 May, whose nearest working day would be 1 June.
			windows: []string{"* * * L-30W * ?"}, now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		},
		"years do not run over their end": {
			windows: []string{"* * * * * ? 2030-2026"}, now: monday,
			errs: []string{`maintenance time window "* * * * * ? 2030-2026": year: the range 2030-2026 runs backwards`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			open, errs := maintenance.Open(test.windows, test.now)
			if open != test.open {
				t.Errorf("open = %v, want %v", open, test.open)
			}
			var texts []string
			for _, err := range errs {
				texts = append(texts, err.Error())
			}
			if diff := cmp.Diff(test.errs, texts); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	for _, seed := range []string{"* * 22-2 * * ?", "* * * L-3W * ?", "* * * ? * 6#3 2026/2", "W L # ? - /"} {
		f.Add(seed, int64(1_800_000_000))
	}
	f.Fuzz(func(t *testing.T, window string, seconds int64) {
		open, errs := maintenance.Open([]string{window}, time.Unix(seconds, 0))
		if open && len(errs) > 0 {
			t.Errorf("%q is open although it cannot be read: %v", window, errs)
		}
	})
}
