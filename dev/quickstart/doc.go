// Package quickstart shows on a real cluster that Kafka works: it applies
// examples/quickstart, then writes and reads records over mutual TLS while
// brokers are taken away, and counts. Its entry point is Proof.Run.
package quickstart
