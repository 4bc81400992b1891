// Package report is what a launcher tells the operator about its node, and how it is asked.
package report

import "time"

// Path is where the launcher's health port gives a list of Listener in JSON.
const Path = "/certificates"

// Listener is what a TLS listener of a node did in a handshake just now.
type Listener struct {
	// Name of the listener in Kafka's configuration.
	Name string `json:"name"`
	// Serial is the serial number of the certificate that the listener showed, in hexadecimal digits; NotAfter is its end.
	Serial   string    `json:"serial,omitempty"`
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Trust is the SHA-256, in hexadecimal digits, of the file of certificates whose holders the listener lets in. It is empty if the
	// listener asks nobody for a certificate, or does not go by the file as it is now.
	Trust string `json:"trust,omitempty"`
	// Failure says why there is nothing to tell.
	Failure string `json:"failure,omitempty"`
}
