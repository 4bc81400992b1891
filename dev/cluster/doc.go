// Package cluster decides what a development cluster is made of: the nodes with
// their addresses and zones, the certificates, the configuration files and the
// programs with their arguments and the order in which they start. Everything
// here is data computed from a few facts; nothing is written or started.
//
// All addresses come from the benchmarking range 198.18.0.0/15 (RFC 2544), which
// no real network routes.
package cluster
