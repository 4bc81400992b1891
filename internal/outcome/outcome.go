package outcome

import (
	"errors"
	"time"
)

// Waiting says that nothing is wrong and nothing can be done until something happens.
type Waiting struct {
	// Reason is the condition's reason, Message its text.
	Reason, Message string
	// After is when to look again if nothing happens before; 0 waits for an event alone.
	After time.Duration
}

// Error makes Waiting travel as an error.
func (w *Waiting) Error() string { return w.Message }

// Wait returns a Waiting error.
func Wait(reason, message string, after time.Duration) error {
	return &Waiting{Reason: reason, Message: message, After: after}
}

// Refused says that the user's input cannot work. Nothing was changed because of it.
type Refused struct {
	// Reason is the condition's reason.
	Reason string
	// Err names the field, what is wrong with it, and what would be right.
	Err error
}

// Error makes Refused travel as an error.
func (r *Refused) Error() string { return r.Err.Error() }

// Unwrap gives the cause.
func (r *Refused) Unwrap() error { return r.Err }

// Invalid returns a Refused error.
func Invalid(reason string, err error) error {
	return &Refused{Reason: reason, Err: err}
}

// IsWaiting tells whether err, or an error that it wraps, is a Waiting.
func IsWaiting(err error) bool {
	var w *Waiting
	return errors.As(err, &w)
}

// IsInvalid tells whether err, or an error that it wraps, is a Refused.
func IsInvalid(err error) bool {
	var r *Refused
	return errors.As(err, &r)
}
