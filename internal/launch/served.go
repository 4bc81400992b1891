package launch

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"

	"castellan.io/castellan/internal/launch/report"
)

// Served tells what a listener shows and whom it trusts, by a handshake of its own.
func Served(ctx context.Context, l Listener) report.Listener {
	seen, err := shakeHands(ctx, l)
	if err != nil {
		return report.Listener{Name: l.Name, Failure: err.Error()}
	}
	out := report.Listener{Name: l.Name, Serial: seen.shown.SerialNumber.Text(16), NotAfter: seen.shown.NotAfter}
	if !seen.asked {
		return out
	}
	hash, err := trusted(l.TrustStore, seen.authorities)
	if err != nil {
		out.Failure = err.Error()
	}
	out.Trust = hash
	return out
}

// greeting is what a server tells about itself in a handshake.
type greeting struct {
	shown *x509.Certificate
	// asked says whether the server asked for a certificate, authorities whose it would take: subjects in DER.
	asked       bool
	authorities [][]byte
}

// shakeHands needs no success: a server that refuses the node's certificate has shown its own before.
func shakeHands(ctx context.Context, l Listener) (greeting, error) {
	var seen greeting
	config, err := tlsConfig(l)
	if err != nil {
		return seen, err
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		seen.shown = state.PeerCertificates[0]
		return nil
	}
	mine := config.Certificates
	config.GetClientCertificate = func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		seen.asked, seen.authorities = true, request.AcceptableCAs
		if len(mine) == 0 {
			return &tls.Certificate{}, nil
		}
		return &mine[0], nil
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Address)
	if err != nil {
		return seen, err
	}
	defer connection.Close()
	err = tls.Client(connection, config).HandshakeContext(ctx)
	if seen.shown == nil {
		return seen, fmt.Errorf("TLS handshake: %w", err)
	}
	return seen, nil
}

// trusted is the hash of a file of certificates, if their subjects are just those authorities.
func trusted(file string, authorities [][]byte) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the trusted certificates: %w", err)
	}
	var subjects [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", fmt.Errorf("reading the trusted certificates: %w", err)
		}
		subjects = append(subjects, certificate.RawSubject)
	}
	if !sameMembers(subjects, authorities) {
		return "", errors.New("the listener does not go by the file of trusted certificates as it is now")
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

func sameMembers(a, b [][]byte) bool {
	within := func(these, those [][]byte) bool {
		return !slices.ContainsFunc(these, func(one []byte) bool {
			return !slices.ContainsFunc(those, func(other []byte) bool { return slices.Equal(one, other) })
		})
	}
	return within(a, b) && within(b, a)
}

// tellServed answers with what the node's TLS listeners serve at that moment.
func tellServed(listeners []Listener) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		out := []report.Listener{}
		for _, l := range listeners {
			out = append(out, Served(ctx, l))
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out)
	})
}
