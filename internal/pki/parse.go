package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
	rsaKeyBlock      = "RSA PRIVATE KEY"
	ecKeyBlock       = "EC PRIVATE KEY"
)

// ParseCertificates reads one or more certificates in PEM, in the order they stand. Text between them is skipped;
// a PEM block of another type is an error that names the type and never shows the content.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateBlock {
			return nil, fmt.Errorf("PEM block %d is a %q, not a %s", len(certificates)+1, block.Type, certificateBlock)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return nil, errors.New("no certificate in PEM found")
	}
	return certificates, nil
}

// ParseKey reads a private key in PEM: PKCS#8, or the older PKCS#1 and SEC 1 forms that users bring along. Errors
// tell only the kind of trouble: the parsers' own texts are left out so that no byte of a key can end up in a log.
func ParseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no private key in PEM found")
	}
	key, err := parseKeyBlock(block)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	return signer, nil
}

func parseKeyBlock(block *pem.Block) (any, error) {
	var key any
	var err error
	switch block.Type {
	case keyBlock:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case rsaKeyBlock:
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case ecKeyBlock:
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("the PEM block is a %q, not an unencrypted private key", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("the content of the %q block is not a private key of a known kind", block.Type)
	}
	return key, nil
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der})
}

// EncodeKey writes a private key as PKCS#8 in PEM.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("the key has no PKCS#8 form")
	}
	return pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), nil
}

// samePublicKey tells whether the private key belongs to the certificate.
func samePublicKey(certificate *x509.Certificate, key crypto.Signer) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}

// joinPEM puts PEM texts one after the other, each on a line of its own: a missing line end would glue the END of
// one to the BEGIN of the next, and readers would lose both.
func joinPEM(texts ...[]byte) []byte {
	var joined bytes.Buffer
	for _, text := range texts {
		trimmed := bytes.TrimSpace(text)
		if len(trimmed) == 0 {
			continue
		}
		joined.Write(trimmed)
		joined.WriteByte('\n')
	}
	return joined.Bytes()
}
