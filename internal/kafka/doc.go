// Package kafka turns a Kafka resource and its node pools into a checked Cluster, and a Cluster into a neutral plan.
//
// Resolve decides everything that needs a decision: versions, node ids, storage, options, addresses. What a person must change
// comes back as one error that names every field; what is unwise but works comes back as warnings. Plan only writes down
// what was decided. The package is pure: equal inputs give equal outputs.
//
// The nodes run unmodified Apache Kafka under Castellan's launcher, which copies itself into the instance before the main
// process starts, joins mounted keys and certificates into PEM files, formats the storage and answers health questions.
package kafka
