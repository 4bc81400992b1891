package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"castellan.io/castellan/internal/pki"
)

func TestBelongs(t *testing.T) {
	wanted := request()
	wanted.Key = pki.RSA2048
	leaf, other := issue(t, authority(t), wanted), issue(t, authority(t), wanted)
	elliptic := issue(t, authority(t), request())
	encode := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	tests := map[string]struct {
		key, certificate []byte
		want             bool
		err              string
	}{
		"an RSA key and its certificate":        {key: leaf.Key, certificate: leaf.Certificate, want: true},
		"an RSA key of another certificate":     {key: other.Key, certificate: leaf.Certificate},
		"an elliptic key and its certificate":   {key: elliptic.Key, certificate: elliptic.Certificate, want: true},
		"an elliptic key of an RSA certificate": {key: elliptic.Key, certificate: leaf.Certificate},
		"an RSA key of an elliptic certificate": {key: leaf.Key, certificate: elliptic.Certificate},
		"an RSA key in the older form":          {key: encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(parsedRSA(t, leaf.Key))), certificate: leaf.Certificate, want: true},
		"no key":                                {key: []byte("TOP-SECRET"), certificate: leaf.Certificate, err: "no private key in PEM found"},
		"a damaged key":                         {key: encode("PRIVATE KEY", []byte("TOP-SECRET")), certificate: leaf.Certificate, err: `the content of the "PRIVATE KEY" block is not a private key of a known kind`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := pki.Belongs(test.key, certificate(t, test.certificate))
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func parsedRSA(t *testing.T, key []byte) *rsa.PrivateKey {
	t.Helper()
	parsed, err := pki.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(*rsa.PrivateKey)
}

// TestBelongsLooksAtEveryNumber changes each number of a key in turn: none of them may be wrong.
func TestBelongsLooksAtEveryNumber(t *testing.T) {
	wanted := request()
	wanted.Key = pki.RSA2048
	leaf := issue(t, authority(t), wanted)
	block, _ := pem.Decode(leaf.Key)
	var outer struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	unmarshal(t, block.Bytes, &outer)
	for number := 1; number < 9; number++ {
		var numbers []*big.Int
		unmarshal(t, outer.Key, &numbers)
		numbers[number].Add(numbers[number], big.NewInt(2))
		changed := outer
		changed.Key = marshal(t, numbers)
		is, err := pki.Belongs(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: marshal(t, changed)}), certificate(t, leaf.Certificate))
		if is {
			t.Errorf("with another number %d it belongs all the same (%v)", number, err)
		}
	}
}

func unmarshal(t *testing.T, data []byte, to any) {
	t.Helper()
	if _, err := asn1.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := asn1.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func BenchmarkBelongs(b *testing.B) {
	issuer, err := pki.NewAuthority(pki.ClientsAuthority, quick, now, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for _, algorithm := range []pki.KeyAlgorithm{pki.RSA2048, pki.RSA4096, pki.ECDSAP256} {
		wanted := request()
		wanted.Key = algorithm
		leaf, err := pki.IssueLeaf(issuer, wanted, now, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		certificates, err := pki.ParseCertificates(leaf.Certificate)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(algorithm.String(), func(b *testing.B) {
			for b.Loop() {
				if is, err := pki.Belongs(leaf.Key, certificates[0]); err != nil || !is {
					b.Fatal(is, err)
				}
			}
		})
	}
}
