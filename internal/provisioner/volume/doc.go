// Package volume decides everything about a PersistentVolume that lives in a
// directory of one node: what a StorageClass asks for, which claims can be
// served, what the PersistentVolume and its directory look like, which
// directory a released volume gives back, and how far a volume grows.
//
// All of it is data in, data out; package directory does what was decided.
package volume
