package launch

import (
	"context"
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func within(t *testing.T, timeout time.Duration) context.Context {
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
		if err := probe.Ask(within(t, time.Minute)); err != nil {
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
		if err := probe.Ask(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		_ = probe.connection.Close()
	}
}

func TestProbeFailures(t *testing.T) {
	refusing := listen(t)
	refusing.Close()
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
			err := probe.Ask(within(t, 200*time.Millisecond))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "REPLICATION-9091") {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

// talker says one thing to everybody and then keeps the connection open.
func talker(t *testing.T, text string) string {
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

func TestProbeChecksTheNodesCertificate(t *testing.T) {
	certificate, key := identity(t, "c-p-3.c.ns.svc")
	other, _ := identity(t, "c-p-3.c.ns.svc")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(encode("CERTIFICATE", certificate))
	server := &broker{}
	address := server.serve(t, tls.NewListener(listen(t), &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: tls.VersionTLS12,
	}))
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	store := put(t, string(encode("PRIVATE KEY", encoded))+string(encode("CERTIFICATE", certificate)), directory, "node.pem")
	trust := put(t, string(encode("CERTIFICATE", certificate)), directory, "trust.crt")
	foreign := put(t, string(encode("CERTIFICATE", other)), directory, "foreign.crt")
	cases := map[string]struct {
		listener Listener
		says     string
	}{
		"its own":                     {Listener{ServerName: "c-p-3.c.ns.svc", KeyStore: store, TrustStore: trust}, ""},
		"another name":                {Listener{ServerName: "c-p-4.c.ns.svc", KeyStore: store, TrustStore: trust}, "c-p-4.c.ns.svc"},
		"another authority":           {Listener{ServerName: "c-p-3.c.ns.svc", KeyStore: store, TrustStore: foreign}, "x509"},
		"none of its own to show":     {Listener{ServerName: "c-p-3.c.ns.svc", TrustStore: trust}, "tls"},
		"no trusted certificate file": {Listener{ServerName: "c-p-3.c.ns.svc", KeyStore: store, TrustStore: "/nonexistent"}, "/nonexistent"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.listener.TLS, c.listener.Address = true, address
			probe := &Probe{Listener: c.listener, Now: time.Now}
			err := probe.Ask(within(t, time.Minute))
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}
