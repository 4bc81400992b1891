// Package reconciliation is what all have in common that reconcile resources: how reconciliations are counted, when a condition got its
// status, and which resources ask to be left alone. It imports none of the libraries for controllers, so that small programs can use it.
package reconciliation
