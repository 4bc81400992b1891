package pki

import (
	"fmt"
	"io"
)

// TrustStorePasswordLength is the length of the password of a trust store.
const TrustStorePasswordLength = 12

const (
	letters      = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alphanumeric = letters + "0123456789"
)

// NewPassword draws a password of letters and digits that starts with a letter, so that no shell, properties file
// or JAAS text needs to quote it. Every password of that form is equally likely. 12 characters carry 71 bits.
func NewPassword(length int, rand io.Reader) (string, error) {
	password := make([]byte, 0, length)
	alphabet := letters
	for len(password) < length {
		character, err := draw(alphabet, rand)
		if err != nil {
			return "", fmt.Errorf("drawing a password: %w", err)
		}
		password = append(password, character)
		alphabet = alphanumeric
	}
	return string(password), nil
}

// draw throws away bytes beyond the largest multiple of the alphabet's size: a plain remainder would favour the
// first characters.
func draw(alphabet string, rand io.Reader) (byte, error) {
	limit := 256 - 256%len(alphabet)
	var random [1]byte
	for {
		if _, err := io.ReadFull(rand, random[:]); err != nil {
			return 0, err
		}
		if int(random[0]) < limit {
			return alphabet[int(random[0])%len(alphabet)], nil
		}
	}
}
