package pki

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"
)

// KeyStore is a PKCS#12 store of one private key with its certificate that Java 12, OpenSSL 1.1.1 and newer ones read. Store and key have
// the same password, which has to be of letters and digits.
func KeyStore(alias string, key crypto.Signer, certificate *x509.Certificate, password string, rand io.Reader) ([]byte, error) {
	store, err := pkcs12.Modern2023.WithRand(rand).Encode(key, certificate, nil, password)
	if err != nil {
		return nil, fmt.Errorf("encoding the key store of %s: %w", alias, err)
	}
	if store, err = named(store, alias, password); err != nil {
		return nil, fmt.Errorf("naming the key in the key store of %s: %w", alias, err)
	}
	return store, nil
}

// What of a store is needed to name its key (RFC 7292, section 4).
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MAC      pfxMAC
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	pfxMAC struct {
		Digest struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Salt       []byte
		Iterations int
	}
	safeBag struct {
		Type       asn1.ObjectIdentifier
		Value      asn1.RawValue
		Attributes []bagAttribute `asn1:"set"`
	}
	bagAttribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
)

// friendlyName is the attribute that Java reads as the alias of an entry.
var friendlyName = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 20}

// named gives the key of a store its alias, which the library that makes stores cannot. Keys are encrypted one by one, so the password is
// needed for nothing but the seal over the whole store.
func named(store []byte, alias, password string) ([]byte, error) {
	var outer pfx
	if err := unmarshalAll(store, &outer); err != nil {
		return nil, err
	}
	content, err := octets(outer.AuthSafe.Content)
	if err != nil {
		return nil, err
	}
	var safes []contentInfo
	if err := unmarshalAll(content, &safes); err != nil {
		return nil, err
	}
	if len(safes) != 2 {
		return nil, fmt.Errorf("%d parts instead of certificates and keys", len(safes))
	}
	if err := nameBag(&safes[1].Content, alias); err != nil {
		return nil, err
	}
	if content, err = asn1.Marshal(safes); err != nil {
		return nil, err
	}
	if outer.AuthSafe.Content, err = explicit(content); err != nil {
		return nil, err
	}
	outer.MAC.Digest.Digest = seal(content, outer.MAC, password)
	return asn1.Marshal(outer)
}

// nameBag adds the alias to the one bag in the content.
func nameBag(content *asn1.RawValue, alias string) error {
	inner, err := octets(*content)
	if err != nil {
		return err
	}
	var bags []safeBag
	if err := unmarshalAll(inner, &bags); err != nil {
		return err
	}
	if len(bags) != 1 {
		return fmt.Errorf("%d keys", len(bags))
	}
	name := asn1.RawValue{Tag: asn1.TagBMPString, Bytes: bmp(alias)}
	bags[0].Attributes = append(bags[0].Attributes, bagAttribute{friendlyName, []asn1.RawValue{name}})
	if inner, err = asn1.Marshal(bags); err != nil {
		return err
	}
	*content, err = explicit(inner)
	return err
}

// seal is the HMAC with SHA-256 of a content. The 32 bytes of its key are one round of the derivation (RFC 7292, appendix B.2).
func seal(content []byte, mac pfxMAC, password string) []byte {
	const block = sha256.BlockSize
	const forSeals = 3
	input := bytes.Repeat([]byte{forSeals}, block)
	input = append(input, repeated(mac.Salt, block)...)
	input = append(input, repeated(append(bmp(password), 0, 0), block)...)
	key := sha256.Sum256(input)
	for range mac.Iterations - 1 {
		key = sha256.Sum256(key[:])
	}
	sum := hmac.New(sha256.New, key[:])
	sum.Write(content)
	return sum.Sum(nil)
}

// repeated fills whole blocks with copies of the text.
func repeated(text []byte, block int) []byte {
	size := (len(text) + block - 1) / block * block
	return bytes.Repeat(text, size/len(text)+1)[:size]
}

func bmp(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

func octets(value asn1.RawValue) ([]byte, error) {
	var out []byte
	err := unmarshalAll(value.Bytes, &out)
	return out, err
}

// explicit is the content as octets under the tag that content has in a store.
func explicit(content []byte) (asn1.RawValue, error) {
	inner, err := asn1.Marshal(content)
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}, err
}

func unmarshalAll(data []byte, to any) error {
	rest, err := asn1.Unmarshal(data, to)
	if err == nil && len(rest) > 0 {
		return fmt.Errorf("%d bytes too many", len(rest))
	}
	return err
}
