// Package storage answers questions about the storage that a node pool asks for: its volumes, whether it is well-formed, and
// whether it may take the place of what the pool has.
package storage
