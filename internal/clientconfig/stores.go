package clientconfig

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// The options of TLS, as Kafka names them.
const (
	optionTrustFile     = "ssl.truststore.location"
	optionTrustPassword = "ssl.truststore.password"
	optionTrustType     = "ssl.truststore.type"
	optionTrustPEM      = "ssl.truststore.certificates"
	optionKeyFile       = "ssl.keystore.location"
	optionStorePassword = "ssl.keystore.password"
	optionKeyPassword   = "ssl.key.password"
	optionKeyType       = "ssl.keystore.type"
	optionKeyPEM        = "ssl.keystore.key"
	optionChainPEM      = "ssl.keystore.certificate.chain"
	optionTLS           = "ssl.protocol"
	optionTLSVersions   = "ssl.enabled.protocols"
)

// Stores are options about TLS, by Kafka's names: certificates and keys, or the files that hold them.
type Stores map[string]string

func storeOptions() []string {
	return []string{
		optionTrustFile, optionTrustPassword, optionTrustType, optionTrustPEM,
		optionKeyFile, optionStorePassword, optionKeyPassword, optionKeyType, optionKeyPEM, optionChainPEM,
		optionTLS, optionTLSVersions,
	}
}

// Config reads what the options name. It verifies the names of brokers.
func (s Stores) Config(readFile func(path string) ([]byte, error)) (*tls.Config, error) {
	return stores{s, readFile}.config()
}

// stores are options whose files can be read. What kind of store a file is shows its content: Java goes by that too.
type stores struct {
	options  map[string]string
	readFile func(string) ([]byte, error)
}

func (s stores) config() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if err := s.checkVersions(); err != nil {
		return nil, err
	}
	var err error
	if out.RootCAs, err = s.trusted(); err != nil {
		return nil, err
	}
	identity, err := s.identity()
	if err != nil {
		return nil, err
	}
	if identity != nil {
		out.Certificates = []tls.Certificate{*identity}
	}
	return out, nil
}

// checkVersions takes what both sides agree on anyway, TLS 1.2 or 1.3, and refuses what is older.
func (s stores) checkVersions() error {
	for _, name := range []string{optionTLS, optionTLSVersions} {
		for version := range strings.SplitSeq(s.options[name], ",") {
			switch strings.TrimSpace(version) {
			case "", "TLS", "TLSv1.2", "TLSv1.3":
			default:
				return fmt.Errorf("%s names %q: expected TLSv1.2 or TLSv1.3", name, version)
			}
		}
	}
	return nil
}

// trusted are the authorities; nil for those that the system trusts.
func (s stores) trusted() (*x509.CertPool, error) {
	out := x509.NewCertPool()
	if text := s.options[optionTrustPEM]; text != "" {
		if !out.AppendCertsFromPEM([]byte(text)) {
			return nil, fmt.Errorf("%s holds no certificate: expected PEM", optionTrustPEM)
		}
		return out, nil
	}
	data, kind, err := s.file(optionTrustFile, optionTrustType)
	if data == nil || err != nil {
		return nil, err
	}
	if kind == kindPEM {
		if !out.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s: %s holds no certificate", optionTrustFile, s.options[optionTrustFile])
		}
		return out, nil
	}
	certificates, err := pkcs12.DecodeTrustStore(data, s.options[optionTrustPassword])
	if err != nil {
		return nil, s.undecoded(optionTrustFile, optionTrustPassword, err)
	}
	for _, certificate := range certificates {
		out.AddCert(certificate)
	}
	return out, nil
}

// identity is the certificate of the client with its key; nil for none.
func (s stores) identity() (*tls.Certificate, error) {
	if key := s.options[optionKeyPEM]; key != "" {
		return s.pair(optionKeyPEM, []byte(s.options[optionChainPEM]), []byte(key))
	}
	data, kind, err := s.file(optionKeyFile, optionKeyType)
	if data == nil || err != nil {
		return nil, err
	}
	if kind == kindPEM {
		return s.pair(optionKeyFile, data, data)
	}
	store := s.options[optionStorePassword]
	if own := s.options[optionKeyPassword]; own != "" && own != store {
		return nil, fmt.Errorf("%s is not %s: expected the same, as PKCS#12 has one password", optionKeyPassword, optionStorePassword)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, store)
	if err != nil {
		return nil, s.undecoded(optionKeyFile, optionStorePassword, err)
	}
	private, is := key.(crypto.PrivateKey)
	if !is {
		return nil, fmt.Errorf("%s: %s holds no private key", optionKeyFile, s.options[optionKeyFile])
	}
	out := &tls.Certificate{PrivateKey: private, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, certificate := range chain {
		out.Certificate = append(out.Certificate, certificate.Raw)
	}
	return out, nil
}

func (s stores) pair(option string, chain, key []byte) (*tls.Certificate, error) {
	if block := keyBlock(key); block == nil || strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		if block == nil {
			return nil, fmt.Errorf("%s holds no private key: expected PEM", option)
		}
		return nil, fmt.Errorf("the key in %s is encrypted, which is not supported: decrypt a copy with openssl pkey, or use PKCS#12", option)
	}
	out, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s holds no certificate with its key: %w", option, err)
	}
	return &out, nil
}

func keyBlock(data []byte) *pem.Block {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return block
		}
	}
	return nil
}

// undecoded says why a store cannot be read, as far as that is known.
func (s stores) undecoded(option, password string, err error) error {
	if errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption) {
		return fmt.Errorf("%s: %s is not the password of %s", option, password, s.options[option])
	}
	return fmt.Errorf("%s: cannot read %s as PKCS#12: %w", option, s.options[option], err)
}

// kind is what a store is.
type kind string

const (
	kindPEM    kind = "PEM"
	kindPKCS12 kind = "PKCS12"
	kindJKS    kind = "JKS"
)

// file reads the store that an option names; nothing if it names none.
func (s stores) file(option, typeOption string) ([]byte, kind, error) {
	path := s.options[option]
	if path == "" {
		return nil, "", nil
	}
	data, err := s.readFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", option, err)
	}
	found := kindOf(data)
	if found == kindJKS {
		return nil, "", fmt.Errorf("%s: %s is a JKS store, which is not supported: keytool -importkeystore -deststoretype PKCS12 makes a PKCS#12 one of it", option, path)
	}
	// Java takes JKS, which is the default, for either of its two kinds.
	if named := s.options[typeOption]; (named == string(kindPEM)) != (found == kindPEM) && named != "" {
		return nil, "", fmt.Errorf("%s is %q: %s is %s", typeOption, named, path, found)
	}
	return data, found, nil
}

func kindOf(data []byte) kind {
	switch {
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return kindPEM
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}), bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return kindJKS
	}
	return kindPKCS12
}

// TrustAnyName makes a configuration verify the chain of a broker's certificate and not its name. Which authorities are trusted may be
// decided later.
func TrustAnyName(c *tls.Config) {
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the broker shows no certificate")
		}
		options := x509.VerifyOptions{Roots: c.RootCAs, Intermediates: x509.NewCertPool()}
		for _, certificate := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}
