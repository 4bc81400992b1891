// Package podset decides what a StrimziPodSet needs: which pods to create, which to end, and its status. Pure.
package podset
