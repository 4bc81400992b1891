package pki

// PKCS8 rewrites a private key in PEM as PKCS#8, the one form that Kafka reads (KIP-651).
func PKCS8(key []byte) ([]byte, error) {
	parsed, err := ParseKey(key)
	if err != nil {
		return nil, err
	}
	return EncodeKey(parsed)
}
