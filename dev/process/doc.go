// Package process tells processes apart beyond their ids, reads the machine's
// process table, and ends processes of which the identity is known. Nothing is
// ever ended by name.
package process
