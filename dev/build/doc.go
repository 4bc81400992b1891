// Package build builds the programs of a development cluster with the Go tool
// chain and keeps them in the user's cache, one folder for each version and
// build description, so that a second checkout or run builds nothing. A build
// happens in a temporary folder that is renamed when it is complete: one that
// was interrupted leaves nothing that looks like a result.
package build
