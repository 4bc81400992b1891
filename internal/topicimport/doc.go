// Package topicimport makes KafkaTopic resources for topics that a Kafka cluster has and that have no resource yet: [Find] says which,
// [Print] writes them for people, [Apply] creates them. A resource that it makes changes nothing in Kafka when a topic operator sees it.
//
// [Reach] finds the way to a cluster that an operator runs in Kubernetes.
package topicimport
