package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
)

// serialBits is the size of a serial number. RFC 5280, section 4.1.2.2 allows up to 20 octets and wants it positive.
const serialBits = 128

// authoritySubject has O before CN, which Java prints as `CN=…,O=io.strimzi`. crypto/x509 encodes them in that order.
func authoritySubject(kind Kind, keyGeneration int) pkix.Name {
	return pkix.Name{
		Organization: []string{Organization},
		CommonName:   fmt.Sprintf("%s v%d", kind, keyGeneration),
	}
}

// selfSign makes the certificate of an authority. keyID is the identifier by which its leaves know the key; one follows from the key if it is
// empty.
func selfSign(key crypto.Signer, subject pkix.Name, keyID []byte, valid validity, rand io.Reader) ([]byte, error) {
	serial, err := serialNumber(rand)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		SubjectKeyId:          keyID,
		NotBefore:             valid.notBefore,
		NotAfter:              valid.notAfter,
		SignatureAlgorithm:    signatureAlgorithm(key.Public()),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("creating the certificate %s: %w", subject, err)
	}
	return encodeCertificate(der), nil
}

// signatureAlgorithm is SHA-512 with the signer's kind of key. Anything else (a user's Ed25519 authority) is left to
// crypto/x509, which knows the one algorithm that fits.
func signatureAlgorithm(signer crypto.PublicKey) x509.SignatureAlgorithm {
	switch signer.(type) {
	case *rsa.PublicKey:
		return x509.SHA512WithRSA
	case *ecdsa.PublicKey:
		return x509.ECDSAWithSHA512
	default:
		return x509.UnknownSignatureAlgorithm
	}
}

// serialNumber sets the highest bit, which makes the number positive, never zero and of one length for all.
func serialNumber(rand io.Reader) (*big.Int, error) {
	random := make([]byte, serialBits/8)
	if _, err := io.ReadFull(rand, random); err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	serial := new(big.Int).SetBytes(random)
	return serial.SetBit(serial, serialBits-1, 1), nil
}
