// Package storage brings a Kafka node's log directories into the state that Kafka wants to find when it starts.
//
// It does what `kafka-storage.sh format --ignore-formatted` does without a second JVM, and what has to happen when the
// metadata log changed its volume. Survey reads, Decide is pure and says what to do and why, Apply does it.
// A formatted directory is never formatted again, and every step can be cut off at any point and be repeated.
package storage
