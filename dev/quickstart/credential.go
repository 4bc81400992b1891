package quickstart

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

const (
	// validity of the client's certificate; a proof takes minutes.
	validity = time.Hour
	// skew between the clocks of this machine and the brokers'.
	skew = 5 * time.Minute
)

// pair is a certificate and its PKCS#8 key, both PEM.
type pair struct{ certificate, key []byte }

// issue makes a client certificate for the user, signed by the authority.
func issue(authority pair, user string, now time.Time, random io.Reader) (pair, error) {
	issuer, signer, err := parse(authority)
	if err != nil {
		return pair{}, fmt.Errorf("reading the clients CA: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return pair{}, fmt.Errorf("making a key: %w", err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return pair{}, fmt.Errorf("making a serial number: %w", err)
	}
	template := &x509.Certificate{
		// A serial number is positive and has at most 20 bytes (RFC 5280, 4.1.2.2).
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: user},
		NotBefore:    now.Add(-skew),
		NotAfter:     now.Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	certificate, err := x509.CreateCertificate(random, template, issuer, key.Public(), signer)
	if err != nil {
		return pair{}, fmt.Errorf("signing the certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, fmt.Errorf("writing the key: %w", err)
	}
	return pair{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

// parse reads an authority. Keys made by other tools may be in PKCS#1.
func parse(authority pair) (*x509.Certificate, crypto.Signer, error) {
	certificate, _ := pem.Decode(authority.certificate)
	private, _ := pem.Decode(authority.key)
	if certificate == nil || private == nil {
		return nil, nil, errors.New("certificate or key is not PEM")
	}
	issuer, err := x509.ParseCertificate(certificate.Bytes)
	if err != nil {
		return nil, nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(private.Bytes); err == nil {
		return issuer, key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		return nil, nil, errors.New("the key is neither PKCS#8 nor PKCS#1")
	}
	signer, canSign := key.(crypto.Signer)
	if !canSign {
		return nil, nil, errors.New("the key cannot sign")
	}
	return issuer, signer, nil
}
