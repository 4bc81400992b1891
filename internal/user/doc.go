// Package user decides what a KafkaUser asks for and how Kafka has to change for it: access control lists, quotas and SCRAM
// credentials. It is pure: what Kafka holds comes in as data, and the changes go out as data.
//
// A user has one username and two names in Kafka, that of a client certificate (CN=username) and the plain one. Which of them counts follows
// from its authentication; whatever the other one holds is removed.
package user
