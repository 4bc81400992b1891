package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"castellan.io/castellan/dev/cluster"
)

// passAll waits until all gates are open.
func passAll(ctx context.Context, gates []string) error {
	for _, gate := range gates {
		if err := pass(ctx, gate); err != nil {
			return err
		}
	}
	return nil
}

// pass waits until the gate is open; see cluster.Component for how it is written.
func pass(ctx context.Context, gate string) error {
	parsed, err := url.Parse(gate)
	if err != nil {
		return fmt.Errorf("reading the gate %s: %w", gate, err)
	}
	for !open(ctx, parsed) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// open tries the gate once.
func open(ctx context.Context, gate *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	switch gate.Scheme {
	case "tcp":
		return dial(ctx, "tcp", gate.Host)
	case "unix":
		return dial(ctx, "unix", gate.Path)
	default:
		return answers(ctx, gate)
	}
}

func dial(ctx context.Context, kind, address string) bool {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, kind, address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

func answers(ctx context.Context, gate *url.URL) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, gate.String(), nil)
	if err != nil {
		return false
	}
	transport := &http.Transport{TLSClientConfig: trust(), DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// trust is the cluster's authority and nobody else.
func trust() *tls.Config {
	pool := x509.NewCertPool()
	if text, err := os.ReadFile(cluster.CAFile); err == nil {
		pool.AppendCertsFromPEM(text)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
