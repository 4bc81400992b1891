// Package topicimport makes KafkaTopic resources for topics that a Kafka cluster has and that have no resource yet: [Find] says which. A
// resource that it makes changes nothing in Kafka when a topic operator sees it.
package topicimport
