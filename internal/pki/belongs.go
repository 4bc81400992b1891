package pki

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
)

// Belongs tells whether a private key in PEM is that of the certificate. An error says why the key cannot be read, as ParseKey does.
//
// Reading an RSA key of 2048 bits takes a third of a millisecond, most of it to prepare signatures. Whoever looks at ten thousand of them wants
// to know only whether the numbers fit, which is twenty times as quick. Where they do not, ParseKey finds what is wrong.
func Belongs(key []byte, certificate *x509.Certificate) (bool, error) {
	if public, ok := certificate.PublicKey.(*rsa.PublicKey); ok && fits(key, public) {
		return true, nil
	}
	parsed, err := ParseKey(key)
	if err != nil {
		return false, err
	}
	return samePublicKey(certificate, parsed), nil
}

// rsaNumbers are the numbers of a private key as it is written (RFC 8017, appendix A.1.2).
type rsaNumbers struct {
	Version                                     int
	N, E, D, P, Q, RestP, RestQ, InverseQModulo *big.Int
}

// fits tells whether a key, PKCS#8 in PEM, undoes what is done with the public key, by each of the two ways that its numbers allow. It takes
// for granted that the factors are prime.
func fits(key []byte, public *rsa.PublicKey) bool {
	numbers, ok := readRSA(key)
	if !ok || numbers.N.Cmp(public.N) != 0 || !numbers.E.IsInt64() || numbers.E.Int64() != int64(public.E) {
		return false
	}
	one := big.NewInt(1)
	if numbers.P.Cmp(one) <= 0 || numbers.Q.Cmp(one) <= 0 || new(big.Int).Mul(numbers.P, numbers.Q).Cmp(numbers.N) != 0 {
		return false
	}
	inverse := func(a, b, modulus *big.Int) bool {
		product := new(big.Int).Mul(a, b)
		return product.Mod(product, modulus).Cmp(one) == 0
	}
	half := func(prime, rest *big.Int) bool {
		order := new(big.Int).Sub(prime, one)
		return inverse(numbers.D, numbers.E, order) && new(big.Int).Mod(numbers.D, order).Cmp(rest) == 0
	}
	return half(numbers.P, numbers.RestP) && half(numbers.Q, numbers.RestQ) && inverse(numbers.Q, numbers.InverseQModulo, numbers.P)
}

func readRSA(key []byte) (rsaNumbers, bool) {
	block, _ := pem.Decode(key)
	if block == nil || block.Type != keyBlock {
		return rsaNumbers{}, false
	}
	var outer struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	var numbers rsaNumbers
	if err := unmarshalAll(block.Bytes, &outer); err != nil || !outer.Algorithm.Algorithm.Equal(rsaEncryption) {
		return numbers, false
	}
	err := unmarshalAll(outer.Key, &numbers)
	return numbers, err == nil && numbers.Version == 0 // two factors
}

// rsaEncryption is an RSA key for any use (RFC 8017, appendix A.1).
var rsaEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
