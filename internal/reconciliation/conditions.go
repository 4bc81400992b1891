package reconciliation

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
)

// timeFormat is ISO 8601 in UTC with nanoseconds, as the compatible API writes times.
const timeFormat = "2006-01-02T15:04:05.000000000Z"

// Stamp gives conditions that say something new the time; the others keep theirs.
func Stamp(was, is []v1.Condition, now time.Time) {
	for i := range is {
		is[i].LastTransitionTime = transitionTime(was, is[i], now)
	}
}

func transitionTime(was []v1.Condition, c v1.Condition, now time.Time) string {
	for _, old := range was {
		at := old.LastTransitionTime
		old.LastTransitionTime, c.LastTransitionTime = "", ""
		if old == c {
			return at
		}
	}
	return now.UTC().Format(timeFormat)
}

// Paused tells whether a resource asks to be left alone.
func Paused(o metav1.Object) bool {
	return strings.EqualFold(o.GetAnnotations()[v1.AnnotationPauseReconciliation], "true")
}
