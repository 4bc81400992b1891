package idle

import (
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// status is what all kinds have in their status.
type status struct {
	Conditions         []v1.Condition `json:"conditions"`
	ObservedGeneration int64          `json:"observedGeneration"`
}

// seen is what a decision depends on.
type seen struct {
	status     status
	generation int64
	// paused resources ask to be left alone.
	paused bool
	// template resources only serve others to be made of: they have no status.
	template bool
}

// action is what to do about a status.
type action string

const (
	// keep: it says what it should.
	keep action = "keep"
	// write it now.
	write action = "write"
	// await: another operator wrote it and may be about to bring it up to date. When it has not for long, write it.
	await action = "await"
)

// decide says which status a resource should have, and what to do about the one it has.
//
// Where Castellan has taken over, another operator may still act on the resource: the topic operator of a cluster that was made
// before, for example. What another operator has said of the present generation therefore stands. If it were replaced, that
// operator would put it back, and both would go on for ever. Its word on an earlier generation gets the time in which a living
// operator renews it. A missing status is written at once: if another operator is there, its own follows and stands.
func (k Kind) decide(s seen) (status, action) {
	switch {
	case s.template:
		return s.status, keep
	case s.paused && s.status.has(isPause):
		// Every operator says the same of a paused resource.
		return s.status, keep
	case s.paused:
		return status{[]v1.Condition{{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}}, s.status.ObservedGeneration}, write
	}
	want := status{[]v1.Condition{k.verdict()}, s.generation}
	switch {
	case s.status.says(want):
		return s.status, keep
	case len(s.status.Conditions) == 0 || s.status.has(isOurs):
		return want, write
	case s.status.ObservedGeneration >= s.generation && !s.status.has(isPause):
		return s.status, keep
	}
	return want, await
}

func (s status) has(is func(v1.Condition) bool) bool { return slices.ContainsFunc(s.Conditions, is) }

func isPause(c v1.Condition) bool {
	return c.Type == v1.ConditionReconciliationPaused && strings.EqualFold(c.Status, v1.ConditionTrue)
}

// isOurs tells whether a condition is a verdict of this package. Another operator has other reasons.
func isOurs(c v1.Condition) bool {
	return c.Reason == v1.ReasonNotSupportedYet && c.Type != v1.ConditionWarning
}

// says compares statuses but for the time of conditions.
func (s status) says(want status) bool {
	return s.ObservedGeneration == want.ObservedGeneration && slices.EqualFunc(s.Conditions, want.Conditions, func(a, b v1.Condition) bool {
		a.LastTransitionTime, b.LastTransitionTime = "", ""
		return a == b
	})
}
