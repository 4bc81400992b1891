// Command bench measures what the operator adds to the time that Kubernetes and Kafka take by themselves, and what
// it costs to have it. It needs a cluster with the operator and runs where the cluster's names resolve:
//
//	go build -o bin/bench ./test/bench && bin/dev shell -- bin/bench
//
// What the figures mean is in docs/benchmarks.md. Nothing here fails because something is slow.
package main
