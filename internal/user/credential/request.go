package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Request is a user's own request for a certificate (PKCS#10), of which nothing but the key is taken over.
type Request struct {
	public crypto.PublicKey
	// digest is compared with that of a certificate's key.
	digest Digest
}

// minimumRSA is the size of the smallest RSA key that is signed, in bits.
const minimumRSA = 2048

// ReadRequest reads the annotation castellan.io/certificate-request of a user. Its errors say what is wrong and what would be right.
func ReadRequest(text, username string) (*Request, error) {
	parsed, err := parseRequest(text)
	if err != nil {
		return nil, err
	}
	if name := parsed.Subject.CommonName; name != "" && name != username {
		return nil, fmt.Errorf("the common name is %q: it must be %q, or the subject empty", name, username)
	}
	if err := checkKey(parsed.PublicKey); err != nil {
		return nil, err
	}
	if err := parsed.CheckSignature(); err != nil {
		return nil, errors.New("its signature is not of its key, or of an outdated kind: make the request anew")
	}
	// As it is written here, which is how it will be in the certificate.
	der, err := x509.MarshalPKIXPublicKey(parsed.PublicKey)
	if err != nil {
		return nil, errors.New("its key cannot be written in a certificate: make the request anew")
	}
	return &Request{public: parsed.PublicKey, digest: digestOf(der)}, nil
}

func parseRequest(text string) (*x509.CertificateRequest, error) {
	const right = "it must be one PKCS#10 request in PEM, CERTIFICATE REQUEST"
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM found: " + right)
	}
	if block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
		return nil, fmt.Errorf("a PEM block of type %q: %s", block.Type, right)
	}
	if strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("there is something behind the first PEM block: " + right)
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, errors.New("it cannot be read: " + right)
	}
	return parsed, nil
}

func checkKey(public crypto.PublicKey) error {
	const right = "it must be RSA with at least 2048 bits, ECDSA P-256, ECDSA P-384 or Ed25519"
	switch public := public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minimumRSA {
			return fmt.Errorf("the key is RSA with %d bits: %s", bits, right)
		}
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() && public.Curve != elliptic.P384() {
			return fmt.Errorf("the key is ECDSA %s: %s", public.Curve.Params().Name, right)
		}
	case ed25519.PublicKey:
	default:
		return errors.New("the key is of an unknown kind: " + right)
	}
	return nil
}
