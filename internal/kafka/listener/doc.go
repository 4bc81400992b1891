// Package listener answers questions about the listeners of a Kafka cluster: what they are called in which place, whether they
// are well-formed, and under which address each broker is known to clients.
package listener
