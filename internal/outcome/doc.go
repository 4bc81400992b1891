// Package outcome gives the errors of a reconciliation their four meanings.
//
// No error is done. Wait is progress that needs time. Invalid is input that a person must change.
// Anything else is a failure that is tried again with growing delay.
package outcome
