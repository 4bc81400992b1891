package controller

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sameStatus compares the statuses of two versions of a resource.
func sameStatus(before, after client.Object) bool {
	a, errA := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	b, errB := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	return errA == nil && errB == nil && equality.Semantic.DeepEqual(a["status"], b["status"])
}
