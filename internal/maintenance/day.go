package maintenance

import (
	"fmt"
	"strings"
	"time"
)

// parseMonthDays reads the day of month: numbers, `L` (the last day), `L-n` (n days before it), and either of them or
// a number followed by `W` (the working day nearest to it in the same month).
func parseMonthDays(text string) ([]rule, error) {
	var rules []rule
	numbers := set{}
	for item := range strings.SplitSeq(text, ",") {
		matches, special, err := monthDayRule(item)
		if err != nil {
			return nil, err
		}
		if special {
			rules = append(rules, matches)
			continue
		}
		if err := monthDay.item(item, numbers); err != nil {
			return nil, err
		}
	}
	return append(rules, func(day time.Time) bool { return numbers[day.Day()] }), nil
}

func monthDayRule(item string) (rule, bool, error) {
	base, working := strings.CutSuffix(item, "W")
	before, fromEnd := strings.CutPrefix(base, "L")
	if !working && !fromEnd {
		return nil, false, nil
	}
	target, err := monthDayTarget(base, before, fromEnd)
	if err != nil {
		return nil, false, err
	}
	if working {
		return func(day time.Time) bool { return day.Day() == workingDay(target(day), day) }, true, nil
	}
	return func(day time.Time) bool { return day.Day() == target(day) }, true, nil
}

// monthDayTarget gives the day of the month of a given time that `L`, `L-n` or the number before `W` means.
func monthDayTarget(base, before string, fromEnd bool) (func(time.Time) int, error) {
	if !fromEnd {
		number, err := monthDay.number(base)
		return func(day time.Time) int { return min(number, lastDay(day)) }, err
	}
	if before == "" {
		return lastDay, nil
	}
	offset, dashed := strings.CutPrefix(before, "-")
	number, err := digits(offset)
	if !dashed || err != nil || number >= monthDay.max {
		return nil, fmt.Errorf("%s: %q is not L, L-n, LW or L-nW with n below %d", monthDay.name, "L"+before, monthDay.max)
	}
	return func(day time.Time) int { return lastDay(day) - number }, nil
}

// workingDay is the day from Monday to Friday nearest to the target without leaving the month. A target before the
// month (`L-30W` in a short one) stays there and matches no day.
func workingDay(target int, in time.Time) int {
	if target < 1 {
		return target
	}
	switch date(in, target).Weekday() {
	case time.Saturday:
		if target == 1 {
			return 3
		}
		return target - 1
	case time.Sunday:
		if target == lastDay(in) {
			return target - 2
		}
		return target + 1
	default:
		return target
	}
}

func lastDay(in time.Time) int {
	return time.Date(in.Year(), in.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func date(in time.Time, day int) time.Time {
	return time.Date(in.Year(), in.Month(), day, 0, 0, 0, 0, time.UTC)
}

// parseWeekdays reads the day of week: numbers and names, `L` (Saturday), `6L` (the last Friday of the month) and
// `6#3` (its third Friday). The last two stand alone: the dialect does not define them within a list.
func parseWeekdays(text string) ([]rule, error) {
	if text == "L" {
		text = "SAT"
	}
	if name, last := strings.CutSuffix(text, "L"); last {
		return oneWeekday(name, isLast)
	}
	if name, nth, ok := strings.Cut(text, "#"); ok {
		number, err := digits(nth)
		if err != nil || number < 1 || number > 5 {
			return nil, fmt.Errorf("%s: %q is not a number from 1 to 5", weekday.name, nth)
		}
		return oneWeekday(name, func(day time.Time) bool { return (day.Day()+6)/7 == number })
	}
	numbers, err := weekday.list(text)
	return []rule{func(day time.Time) bool { return numbers[quartzWeekday(day)] }}, err
}

func oneWeekday(name string, which rule) ([]rule, error) {
	number, err := weekday.number(name)
	if err != nil {
		return nil, err
	}
	return []rule{func(day time.Time) bool { return quartzWeekday(day) == number && which(day) }}, nil
}

func isLast(day time.Time) bool { return day.Day()+7 > lastDay(day) }

// quartzWeekday counts from Sunday, which is 1.
func quartzWeekday(day time.Time) int { return int(day.Weekday()) + 1 }
