package controller

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

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

// sameStatus compares the statuses of two versions of a resource.
func sameStatus(before, after client.Object) bool {
	a, errA := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	b, errB := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	return errA == nil && errB == nil && equality.Semantic.DeepEqual(a["status"], b["status"])
}
