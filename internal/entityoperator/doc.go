// Package entityoperator turns what a Kafka resource says about its entity operator into a checked model, and that into a neutral plan.
//
// The entity operator is one pod with a process for each operator that the resource asks for: that of topics, and that of users. What sets
// one apart from the other is in a value of type operator.
//
// The package is pure: equal inputs give equal outputs.
package entityoperator
