// Package e2e holds the end-to-end tests: real Kubernetes, real brokers, the operator as it is deployed.
//
// They need the build tag e2e and run where the cluster's names resolve:
//
//	bin/dev shell -- bin/e2e.test -test.v
package e2e
