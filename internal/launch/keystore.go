package launch

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteKeyStores joins every NAME.crt and NAME.key in certificates into NAME.pem in private, the form in which Kafka takes
// a key store in one file (KIP-651). No certificates at all is a cluster without TLS.
func WriteKeyStores(certificates, private string) error {
	chains, err := filepath.Glob(filepath.Join(certificates, "*.crt"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(private, 0o700); err != nil {
		return err
	}
	for _, chain := range chains {
		if err := writeKeyStore(chain, private); err != nil {
			return fmt.Errorf("making the key store of %s: %w", chain, err)
		}
	}
	return nil
}

func writeKeyStore(chainPath, private string) error {
	base := strings.TrimSuffix(chainPath, ".crt")
	chain, err := os.ReadFile(chainPath)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(base + ".key")
	if err != nil {
		return err
	}
	store, err := JoinKeyStore(key, chain)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(private, filepath.Base(base)+".pem"), store, 0o600)
}

// JoinKeyStore puts the private key, as PKCS#8, before the certificate chain. Errors never show content.
func JoinKeyStore(key, chain []byte) ([]byte, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	if certificate, _ := pem.Decode(chain); certificate == nil || certificate.Type != "CERTIFICATE" {
		return nil, errors.New("the certificate chain is not PEM")
	}
	block, err := asPKCS8(block)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(block), chain...), nil
}

// asPKCS8 converts the older forms, which Kafka does not read. An encrypted key stays as it is: Kafka has its password.
func asPKCS8(block *pem.Block) (*pem.Block, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return &pem.Block{Type: block.Type, Bytes: block.Bytes}, nil
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("the key is a %q, not a private key", block.Type)
	}
	if err != nil {
		return nil, errors.New("the private key cannot be read")
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("the private key cannot be converted")
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: encoded}, nil
}

// writeFile replaces a file whole, also one that a container before this one left behind.
func writeFile(path string, content []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
