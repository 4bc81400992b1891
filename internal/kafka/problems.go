package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"castellan.io/castellan/internal/outcome"
)

// problems collects what a person must change, in the order in which it is found.
type problems struct {
	reasons []string
	byKind  map[string][]string
}

func (p *problems) add(reason string, messages ...string) {
	if len(messages) == 0 {
		return
	}
	if p.byKind == nil {
		p.byKind = map[string][]string{}
	}
	if len(p.byKind[reason]) == 0 {
		p.reasons = append(p.reasons, reason)
	}
	p.byKind[reason] = append(p.byKind[reason], messages...)
}

// err joins all problems of the kind that was found first: a condition has one reason.
func (p *problems) err() error {
	if len(p.reasons) == 0 {
		return nil
	}
	first := p.reasons[0]
	return outcome.Invalid(first, errors.New(strings.Join(p.byKind[first], "; ")))
}

func invalid(reason, format string, values ...any) error {
	return outcome.Invalid(reason, fmt.Errorf(format, values...))
}

// addOnce adds the messages that are not there yet: a template of the cluster is checked once for each pool that uses it.
func (p *problems) addOnce(reason string, messages []string) {
	for _, message := range messages {
		if !slices.Contains(p.byKind[reason], message) {
			p.add(reason, message)
		}
	}
}
