// Package reach finds ways to a Kafka cluster that an operator runs in Kubernetes, for programs that people run: to a listener, as any
// client, or through the API server, as the operator.
package reach
