// Package forward reaches ports of pods through the API server, as kubectl port-forward does: from wherever the API server can be
// reached, past network policies and names that only resolve inside Kubernetes.
package forward
