// Package podsecurity judges pods as Kubernetes' Pod Security admission does. Its entry point is Refusals.
package podsecurity
