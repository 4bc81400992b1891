package maintenance

import (
	"fmt"
	"time"
)

// Open tells whether now lies in any of the windows. No windows at all means always. An expression that cannot be
// read counts as closed and is reported, one error for each.
func Open(windows []string, now time.Time) (bool, []error) {
	if len(windows) == 0 {
		return true, nil
	}
	var errs []error
	open := false
	for _, window := range windows {
		expression, err := parse(window)
		if err != nil {
			errs = append(errs, fmt.Errorf("maintenance time window %q: %w", window, err))
			continue
		}
		open = open || expression.matches(now.UTC())
	}
	return open, errs
}
