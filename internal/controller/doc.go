// Package controller holds what the reconcilers of all kinds have in common: reading the resource, pausing it,
// giving errors their meaning, and writing the status once.
//
// A kind's own package supplies a Kind; nothing here knows Kafka.
package controller
