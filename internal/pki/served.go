package pki

import "time"

// Served is what a running node was seen to serve and to trust.
type Served struct {
	// Serial is the serial number of its certificate in hexadecimal digits, NotAfter the certificate's end.
	Serial   string
	NotAfter time.Time
	// Trust is the SHA-256, in hexadecimal digits, of the bundle of the cluster's authority that it trusts.
	Trust string
}
