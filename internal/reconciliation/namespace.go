package reconciliation

import (
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// NamespaceEnds tells that the API server refused something because its namespace is being deleted, and with it soon what asks for it: to try
// again at once would be of no use.
func NamespaceEnds(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}
