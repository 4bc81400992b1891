// Command coredns is CoreDNS with just the plugins a cluster's DNS needs, which
// builds in a fraction of the time of the full program.
package main
