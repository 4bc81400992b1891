package maintenance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unit describes the numbers a field is made of.
type unit struct {
	name     string
	min, max int
	// names stand for min, min+1, … .
	names []string
	// cyclic units let a range run over the end; years do not come again.
	cyclic bool
}

// Constants of the dialect; Go has no constant structs.
var (
	second   = unit{name: "second", min: 0, max: 59, cyclic: true}
	minute   = unit{name: "minute", min: 0, max: 59, cyclic: true}
	hour     = unit{name: "hour", min: 0, max: 23, cyclic: true}
	monthDay = unit{name: "day of month", min: 1, max: 31, cyclic: true}
	month    = unit{name: "month", min: 1, max: 12, cyclic: true, names: []string{
		"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
	}}
	weekday = unit{name: "day of week", min: 1, max: 7, cyclic: true, names: []string{
		"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT",
	}}
	year = unit{name: "year", min: 1970, max: 2199}
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// list reads items separated by commas.
func (u unit) list(text string) (set, error) {
	values := set{}
	for item := range strings.SplitSeq(text, ",") {
		if err := u.item(item, values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// item reads `*`, `a`, `a-b`, each with or without a step `/n`, and adds the numbers to values. `a/n` runs from a to
// the end, `/n` is short for `*/n`. Quartz silently ignores a step after names; that is refused here, because neither
// reading of `MON-FRI/2` is what everybody means by it.
func (u unit) item(text string, values set) error {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		if strings.ContainsAny(span, letters) {
			return fmt.Errorf("%s: %q: a step goes with numbers, not with names", u.name, text)
		}
		var err error
		if step, err = u.step(stepText); err != nil {
			return err
		}
	}
	from, to, err := u.span(span, stepped)
	if err != nil {
		return err
	}
	cycle := u.max - u.min + 1
	for i := from; i <= to; i += step {
		values[u.min+(i-u.min)%cycle] = true
	}
	return nil
}

// span gives the first and the last number; the last exceeds max where the range runs over the end.
func (u unit) span(text string, stepped bool) (int, int, error) {
	if text == "*" || text == "" && stepped {
		return u.min, u.max, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	from, err := u.number(first)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		to, err := u.number(last)
		if err != nil {
			return 0, 0, err
		}
		return u.wrap(from, to)
	case stepped:
		return from, u.max, nil
	default:
		return from, from, nil
	}
}

func (u unit) wrap(from, to int) (int, int, error) {
	if to >= from {
		return from, to, nil
	}
	if !u.cyclic {
		return 0, 0, fmt.Errorf("%s: the range %d-%d runs backwards", u.name, from, to)
	}
	return from, to + u.max - u.min + 1, nil
}

func (u unit) number(text string) (int, error) {
	if i := slices.Index(u.names, text); i >= 0 {
		return u.min + i, nil
	}
	number, err := digits(text)
	if err != nil || number < u.min || number > u.max {
		return 0, fmt.Errorf("%s: %q is not a number from %d to %d", u.name, text, u.min, u.max)
	}
	return number, nil
}

func (u unit) step(text string) (int, error) {
	step, err := digits(text)
	if err != nil || step < 1 || step > u.max {
		return 0, fmt.Errorf("%s: %q is not a step from 1 to %d", u.name, text, u.max)
	}
	return step, nil
}

// digits is strconv.Atoi without signs.
func digits(text string) (int, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	return int(number), err
}
