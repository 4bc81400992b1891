package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"

	"castellan.io/castellan/dev/cluster"
)

// lifetime outlasts any development cluster.
const lifetime = 10 * 365 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	random      io.Reader
	now         time.Time
}

// Issue makes a new authority and all the certificates, valid from an hour
// before now for ten years.
func Issue(certificates []cluster.Certificate, random io.Reader, now time.Time) (cluster.Identities, error) {
	signer, pair, err := newAuthority(random, now)
	if err != nil {
		return cluster.Identities{}, fmt.Errorf("making the cluster's authority: %w", err)
	}
	identities := cluster.Identities{CA: pair, Issued: map[string]cluster.Pair{}}
	for _, wanted := range certificates {
		if identities.Issued[wanted.Name], err = signer.issue(wanted); err != nil {
			return cluster.Identities{}, fmt.Errorf("issuing the certificate %s: %w", wanted.Name, err)
		}
	}
	if identities.ServiceAccount, err = signingPair(random); err != nil {
		return cluster.Identities{}, fmt.Errorf("making the key of service accounts: %w", err)
	}
	return identities, nil
}

func newAuthority(random io.Reader, now time.Time) (authority, cluster.Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return authority{}, cluster.Pair{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "castellan-dev"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(lifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return authority{}, cluster.Pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, cluster.Pair{}, err
	}
	pair, err := encode(der, key)
	return authority{certificate: certificate, key: key, random: random, now: now}, pair, err
}

func (a authority) issue(wanted cluster.Certificate) (cluster.Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), a.random)
	if err != nil {
		return cluster.Pair{}, err
	}
	serial, err := rand.Int(a.random, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return cluster.Pair{}, err
	}
	der, err := x509.CreateCertificate(a.random, a.template(wanted, serial), a.certificate, key.Public(), a.key)
	if err != nil {
		return cluster.Pair{}, err
	}
	return encode(der, key)
}

// template is the certificate to sign.
func (a authority) template(wanted cluster.Certificate, serial *big.Int) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: wanted.User},
		NotBefore:    a.certificate.NotBefore,
		NotAfter:     a.certificate.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if wanted.Group != "" {
		template.Subject.Organization = []string{wanted.Group}
	}
	if len(wanted.Hosts) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, host := range wanted.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
			continue
		}
		template.DNSNames = append(template.DNSNames, host)
	}
	return template
}

// signingPair is an RSA pair, because some token verifiers know no other. The
// public key takes the certificate's place.
func signingPair(random io.Reader) (cluster.Pair, error) {
	key, err := rsa.GenerateKey(random, 2048)
	if err != nil {
		return cluster.Pair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return cluster.Pair{}, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return cluster.Pair{}, err
	}
	return cluster.Pair{Certificate: text("PUBLIC KEY", public), Key: text("PRIVATE KEY", private)}, nil
}

func encode(certificate []byte, key crypto.Signer) (cluster.Pair, error) {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return cluster.Pair{}, err
	}
	return cluster.Pair{Certificate: text("CERTIFICATE", certificate), Key: text("PRIVATE KEY", private)}, nil
}

func text(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
