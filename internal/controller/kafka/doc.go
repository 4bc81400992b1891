// Package kafka reconciles Kafka resources and their node pools: observe, resolve, plan, apply, and one
// disruptive step at a time.
//
// reconciler.go is the table of contents; all reads are in observe.go, all writes in apply.go, the status in status.go.
package kafka
