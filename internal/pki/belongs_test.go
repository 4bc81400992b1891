package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
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

// numbers of an RSA key in the order in which they are written.
const (
	numberN = iota + 1
	numberE
	numberD
	numberP
	numberQ
	numberRestP
	numberRestQ
	numberInverse
)

// TestBelongsLooksAtEveryNumber forges keys: none of the numbers may be wrong, and those that fit each other have to fit the certificate.
func TestBelongsLooksAtEveryNumber(t *testing.T) {
	wanted := request()
	wanted.Key = pki.RSA2048
	leaf, other := issue(t, authority(t), wanted), issue(t, authority(t), wanted)
	two := big.NewInt(2)
	forgeries := map[string]func(numbers []*big.Int){
		"a private exponent that fits its rests": func(n []*big.Int) {
			for _, which := range []int{numberD, numberRestP, numberRestQ} {
				n[which].Add(n[which], two)
			}
		},
		"the private half of another key": func(n []*big.Int) { copy(n[numberD:], rsaNumbers(t, other.Key)[numberD:]) },
		"another pair of exponents": func(n []*big.Int) {
			orders := []*big.Int{less(n[numberP]), less(n[numberQ])}
			order := new(big.Int).Mul(orders[0], orders[1])
			n[numberE] = big.NewInt(257)
			for n[numberD].ModInverse(n[numberE], order) == nil {
				n[numberE].Add(n[numberE], two)
				n[numberD] = new(big.Int)
			}
			n[numberRestP].Mod(n[numberD], orders[0])
			n[numberRestQ].Mod(n[numberD], orders[1])
		},
	}
	for number := numberN; number <= numberInverse; number++ {
		forgeries[fmt.Sprint("number ", number)] = func(n []*big.Int) { n[number].Add(n[number], two) }
	}
	for name, forge := range forgeries {
		t.Run(name, func(t *testing.T) {
			numbers := rsaNumbers(t, leaf.Key)
			forge(numbers)
			if is, err := pki.Belongs(rsaPEM(t, leaf.Key, numbers), certificate(t, leaf.Certificate)); is {
				t.Errorf("it belongs all the same (%v)", err)
			}
		})
	}
	if is, err := pki.Belongs(rsaPEM(t, leaf.Key, rsaNumbers(t, leaf.Key)), certificate(t, leaf.Certificate)); !is {
		t.Errorf("without a forgery it does not belong (%v)", err)
	}
}

func less(n *big.Int) *big.Int { return new(big.Int).Sub(n, big.NewInt(1)) }

type keyInfo struct {
	Version   int
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
}

func rsaNumbers(t *testing.T, key []byte) []*big.Int {
	t.Helper()
	block, _ := pem.Decode(key)
	var info keyInfo
	var numbers []*big.Int
	unmarshal(t, block.Bytes, &info)
	unmarshal(t, info.Key, &numbers)
	return numbers
}

// rsaPEM is a key like another one, with other numbers.
func rsaPEM(t *testing.T, like []byte, numbers []*big.Int) []byte {
	t.Helper()
	block, _ := pem.Decode(like)
	var info keyInfo
	unmarshal(t, block.Bytes, &info)
	info.Key = marshal(t, numbers)
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: marshal(t, info)})
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
