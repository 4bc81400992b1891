// Package kubetest gives tests a real API server with the API's definitions. No controller, scheduler or kubelet runs beside it:
// a test does their part.
package kubetest
