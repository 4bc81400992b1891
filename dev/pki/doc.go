// Package pki issues the certificates of a development cluster: an authority of
// its own, a key pair that signs service account tokens, and what
// cluster.Certificates lists. Time and randomness are handed in.
package pki
