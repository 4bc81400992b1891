// Command dev runs a real Kubernetes cluster on one Linux machine, without a
// container engine, for this repository's development and tests.
package main
