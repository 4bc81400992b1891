// Package broker is the seam to running Kafka clusters: what an operator asks of one, and does to it, over Kafka's
// administrative protocol.
//
// A Cluster lives for one reconciliation: Dial, ask, Close. Nothing runs in between, so operators of idle clusters send
// nothing. Every call ends within Limit, whatever state the cluster is in; package fake is the one in memory, and
// package brokertest the suite that both pass.
package broker
