// Package user keeps KafkaUser resources, the Secrets with their credentials, and what Kafka holds about users in agreement.
//
// What Kafka holds is read as a whole once in a while and remembered, together with what the operator itself has changed since; so a
// user costs no request until something about it has to change. Of the Secrets only what decides is remembered, no key and no password.
package user
