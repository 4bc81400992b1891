package launch

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// broker answers requests as Kafka does, with an error code of the test's choice, and counts connections.
type broker struct {
	code        int16
	connections atomic.Int32
}

func (b *broker) serve(t *testing.T, listener net.Listener) string {
	t.Helper()
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			b.connections.Add(1)
			go b.answer(connection)
		}
	}()
	return listener.Addr().String()
}

func (b *broker) answer(connection net.Conn) {
	defer connection.Close()
	for {
		var size [4]byte
		if _, err := io.ReadFull(connection, size[:]); err != nil {
			return
		}
		request := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(connection, request); err != nil || request[1] != apiVersionsKey {
			return
		}
		response := append([]byte{0, 0, 0, 10}, request[4:8]...)
		response = binary.BigEndian.AppendUint16(response, uint16(b.code))
		_, _ = connection.Write(append(response, 0, 0, 0, 0))
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func within(t *testing.T, timeout time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	return ctx
}

func TestAConnectionIsKeptForAWhile(t *testing.T) {
	now := time.Unix(1000, 0)
	server := &broker{}
	probe := &Probe{Listener: Listener{Address: server.serve(t, listen(t))}, Now: func() time.Time { return now }}
	for _, after := range []time.Duration{0, time.Second, time.Second, keepConnection} {
		now = now.Add(after)
		if _, err := probe.Ask(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.connections.Load(); got != 2 {
		t.Errorf("%d connections, want one for the first minute and one after it", got)
	}
}

func TestAClosedConnectionIsReplaced(t *testing.T) {
	server := &broker{}
	probe := &Probe{Listener: Listener{Address: server.serve(t, listen(t))}, Now: time.Now}
	for range 2 {
		if _, err := probe.Ask(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		_ = probe.connection.Close()
	}
}

func TestProbeFailures(t *testing.T) {
	refusing := listen(t)
	_ = refusing.Close()
	cases := map[string]struct {
		address string
		says    string
	}{
		"a closed port":              {refusing.Addr().String(), "connection refused"},
		"an error code":              {(&broker{code: 35}).serve(t, listen(t)), "error code 35"},
		"something else than Kafka":  {talker(t, "HTTP/1.1 400 Bad Request\r\n"), "not a Kafka server"},
		"another one's answer":       {talker(t, "\x00\x00\x00\x06\x00\x00\x00\x63\x00\x00"), "the response to request 99"},
		"a server that says nothing": {talker(t, ""), "i/o timeout"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			probe := &Probe{Listener: Listener{Name: "REPLICATION-9091", Address: c.address}, Now: time.Now}
			_, err := probe.Ask(within(t, 200*time.Millisecond))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "REPLICATION-9091") {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

// talker says one thing to everybody and then keeps the connection open.
func talker(t *testing.T, text string) string {
	t.Helper()
	listener := listen(t)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = fmt.Fprint(connection, text)
			t.Cleanup(func() { connection.Close() })
		}
	}()
	return listener.Addr().String()
}

// TestProbeOverTLS has servers that verify the node's certificate, as Kafka does, and a probe that takes them for what they are.
func TestProbeOverTLS(t *testing.T) {
	const name = "c-p-3.c.ns.svc"
	current, currentKey := identity(t, name)
	expired, expiredKey := identityUntil(t, name, time.Now().Add(-time.Minute))
	cases := map[string]struct {
		server *tls.Config
		chain  string
		says   string
	}{
		"a node with its certificate serves":                         {asksFor(current, current, currentKey), keyPair(t, current, currentKey), ""},
		"a node whose authority nobody trusts any more serves":       {asksFor(current, expired, expiredKey), keyPair(t, current, currentKey), ""},
		"a node whose own certificate has expired refuses and lives": {asksFor(expired, expired, expiredKey), keyPair(t, expired, expiredKey), "expired"},
		"a node that is shown no certificate refuses and lives":      {asksFor(current, current, currentKey), "", "remote error: tls"},
	}
	for name, c := range cases {
		for version, number := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
			t.Run(name+", TLS "+version, func(t *testing.T) {
				config := c.server.Clone()
				config.MinVersion, config.MaxVersion = number, number
				address := (&broker{}).serve(t, tls.NewListener(listen(t), config))
				probe := &Probe{Listener: Listener{TLS: true, Address: address, ServerName: name, Chain: c.chain}, Now: time.Now}
				reacts, err := probe.Ask(within(t, time.Minute))
				if !reacts || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("reacts %v, error %v, want %q", reacts, err, c.says)
				}
			})
		}
	}
}

// asksFor is a server that wants clients to show the trusted certificate, and itself shows another.
func asksFor(trusted, shown []byte, key *ecdsa.PrivateKey) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(encode("CERTIFICATE", trusted))
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{shown}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12,
	}
}

func TestSilenceIsNoReaction(t *testing.T) {
	refusing := listen(t)
	_ = refusing.Close()
	cases := map[string]Listener{
		"a closed port": {Address: refusing.Addr().String()},
		"a listener that accepts and says nothing":  {Address: talker(t, "")},
		"a TLS listener that accepts and is silent": {Address: talker(t, ""), TLS: true},
		"a key store that is missing says nothing":  {Address: talker(t, ""), TLS: true, Chain: "/nonexistent.crt"},
	}
	for name, listener := range cases {
		t.Run(name, func(t *testing.T) {
			probe := &Probe{Listener: listener, Now: time.Now}
			if reacts, err := probe.Ask(within(t, 200*time.Millisecond)); reacts || err == nil {
				t.Errorf("reacts %v, error %v", reacts, err)
			}
		})
	}
}

// TestAFarewellIsNoReaction ends a listener that had served: what it sent before it went is not a sign of life.
func TestAFarewellIsNoReaction(t *testing.T) {
	listener := listen(t)
	served := make(chan net.Conn, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = connection.Write([]byte("\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00"))
		served <- connection
	}()
	probe := &Probe{Listener: Listener{Address: listener.Addr().String()}, Now: time.Now}
	if reacts, err := probe.Ask(within(t, time.Minute)); !reacts || err != nil {
		t.Fatalf("reacts %v, error %v", reacts, err)
	}
	connection := <-served
	_, _ = connection.Write([]byte("bye"))
	_, _ = connection.Close(), listener.Close()
	if reacts, err := probe.Ask(within(t, time.Minute)); reacts || err == nil {
		t.Errorf("reacts %v, error %v", reacts, err)
	}
}
