// Package podset keeps the pods of StrimziPodSets in existence.
package podset
