// Package placement plans how a topic gets another replication factor by Kafka's own reassignment of partitions. Pure.
//
// Plan says which list of replicas each partition gets, with the reason; Batch says which of these moves start now.
// Nothing is remembered between two questions: what was started shows in the partitions, and is left alone.
package placement
