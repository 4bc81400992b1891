package volume

import (
	"errors"
	"fmt"
	"strings"
)

// Refusal says that a field a person wrote cannot be served: which one, what
// is wrong with it and what would be right. Trying again does not help until
// somebody changes the field.
type Refusal struct {
	// Field is the field's path, with the kind it belongs to in front:
	// "StorageClass.parameters.directoryMode".
	Field string
	// Problem says what is wrong with the value.
	Problem string
	// Remedy says what would be right.
	Remedy string
}

// Refusals is the error of everything that is wrong with one request, so that
// a person can correct it in one go.
type Refusals []Refusal

// Error puts the refusals into one line.
func (refusals Refusals) Error() string {
	lines := make([]string, 0, len(refusals))
	for _, refusal := range refusals {
		lines = append(lines, fmt.Sprintf("%s: %s; %s", refusal.Field, refusal.Problem, refusal.Remedy))
	}
	return strings.Join(lines, ". ")
}

// IsRefused tells whether an error is one that only a person's change to the
// claim or its class can cure.
func IsRefused(err error) bool {
	var refusals Refusals
	return errors.As(err, &refusals)
}
