// Package entityoperator turns what a Kafka resource says about its entity operator into a checked model, and that into a neutral plan.
//
// The entity operator is one pod with a process for each operator that the resource asks for. Today that is the topic operator; what
// sets an operator apart from others is in one value of type operator, so that the next one is another such value.
//
// The package is pure: equal inputs give equal outputs.
package entityoperator
