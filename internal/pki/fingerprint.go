package pki

import (
	"crypto/sha1" //nolint:gosec // names a certificate in an annotation; nothing is protected by it
	"encoding/hex"
	"fmt"
)

const shortFingerprint = 8

// Fingerprint is the SHA-1 of the first certificate in the PEM text: 40 lower-case hex digits. Pods carry it in an
// annotation, so that a new certificate shows as a changed pod; the compatible API fixes the algorithm.
func Fingerprint(certificate []byte) (string, error) {
	certificates, err := ParseCertificates(certificate)
	if err != nil {
		return "", fmt.Errorf("fingerprinting a certificate: %w", err)
	}
	sum := sha1.Sum(certificates[0].Raw) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:]), nil
}

// ShortFingerprint is the first 8 hex digits of Fingerprint.
func ShortFingerprint(certificate []byte) (string, error) {
	full, err := Fingerprint(certificate)
	if err != nil {
		return "", err
	}
	return full[:shortFingerprint], nil
}
