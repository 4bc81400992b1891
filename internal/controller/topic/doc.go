// Package topic keeps KafkaTopics and the topics of one Kafka cluster in agreement.
//
// Unlike other controllers it works on many resources at a time, because Kafka answers about a thousand topics as quickly as about one:
// workers take what has come to the queue as a batch ([Operator.reconcile] is the table of contents of a pass), ask Kafka about all of
// it, change what differs, and write each resource's status. What goes wrong about one topic stays with it. Nothing is
// remembered that a restart could not find again: what both sides last agreed on is an annotation of the resource.
package topic
