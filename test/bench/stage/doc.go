// Package stage reads from Kubernetes objects how far a Kafka cluster has come, and keeps when each step was first seen.
//
// Objects tell their own times in whole seconds; a timeline has the observer's clock, which is as fine as the watch is quick.
package stage
