// Package configmodel knows the server options of the Kafka versions: what each may hold and when a change takes effect.
//
// A Model answers two questions about one Kafka version. Validate tells whether Kafka would parse a set of options,
// before a broker that cannot start has to tell it. Scope tells whether a changed option needs a restart or can be
// altered on running brokers (dynamic broker configuration, KIP-226).
//
// The facts are not written by hand: extract/extract.sh reads them out of Kafka's own jars into data/, together with
// Kafka's verdicts on many values, which the tests compare with those of this package. Rules that Kafka keeps in code
// which cannot be expressed here exactly, and rules between options, are left to Kafka: what the model refuses,
// Kafka refuses; what the model lets pass, Kafka may still refuse.
package configmodel

//go:generate extract/extract.sh
