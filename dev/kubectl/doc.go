// Package kubectl runs kubectl. Its entry point is Client.
//
// The development tool works with clusters through kubectl alone: what it does,
// a person can repeat by hand.
package kubectl
