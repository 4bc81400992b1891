package maintenance

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// expression is a parsed cron expression. Exactly one of days and weekdays is set.
type expression struct {
	seconds, minutes, hours, months, years set
	days, weekdays                         []rule
}

// set holds the numbers a field accepts.
type set map[int]bool

// rule tells whether a day is meant.
type rule func(day time.Time) bool

func parse(text string) (expression, error) {
	fields := strings.Fields(strings.ToUpper(text))
	if len(fields) == 6 {
		fields = append(fields, "*")
	}
	if len(fields) != 7 {
		return expression{}, fmt.Errorf("%d fields instead of 6 or 7", len(fields))
	}
	var parsed expression
	numbers := []struct {
		unit  unit
		text  string
		field *set
	}{
		{second, fields[0], &parsed.seconds},
		{minute, fields[1], &parsed.minutes},
		{hour, fields[2], &parsed.hours},
		{month, fields[4], &parsed.months},
		{year, fields[6], &parsed.years},
	}
	for _, number := range numbers {
		values, err := number.unit.list(number.text)
		if err != nil {
			return expression{}, err
		}
		*number.field = values
	}
	var err error
	parsed.days, parsed.weekdays, err = parseDays(fields[3], fields[5])
	return parsed, err
}

// parseDays reads the two fields that name days. The dialect wants one of them to be `?`.
func parseDays(days, weekdays string) ([]rule, []rule, error) {
	if (days == "?") == (weekdays == "?") {
		return nil, nil, errors.New(`exactly one of day of month and day of week must be "?"`)
	}
	if weekdays == "?" {
		rules, err := parseMonthDays(days)
		return rules, nil, err
	}
	rules, err := parseWeekdays(weekdays)
	return nil, rules, err
}

func (e expression) matches(now time.Time) bool {
	return e.seconds[now.Second()] && e.minutes[now.Minute()] && e.hours[now.Hour()] &&
		e.months[int(now.Month())] && e.years[now.Year()] &&
		(anyMatches(e.days, now) || anyMatches(e.weekdays, now))
}

func anyMatches(rules []rule, now time.Time) bool {
	for _, matches := range rules {
		if matches(now) {
			return true
		}
	}
	return false
}
