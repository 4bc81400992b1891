// Package lifecycle brings the cluster of a checkout up and down, says how it is,
// and lets programs in: it is the one place that puts the plan of package
// cluster into effect on the machine.
//
// Everything of a cluster is in one folder below /var/lib/castellan-dev, named
// after the checkout. A cluster whose supervisor was killed keeps its data
// there: the next Up starts it again like a machine that lost power. Down
// deletes the folder.
package lifecycle
