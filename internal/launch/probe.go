package launch

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Probe asks one of the node's own listeners for the versions of its API (ApiVersions, KIP-35), which Kafka answers
// before anything else and without authorization.
//
// That is readiness in the full sense. A KRaft broker opens its ports last: BrokerServer.startup of Kafka 4.3 waits for
// "the controller to acknowledge that we are caught up" and for "the broker to be unfenced" before it calls
// SocketServer.enableRequestProcessing, and Acceptor opens its socket only then (SocketServer: the opening is deferred
// "so that systems which assume that the socket being open indicates readiness are not confused"). A controller opens
// its port when its Raft client runs.
//
// The connection is kept for a minute and asked again on: a TLS handshake every second costs a broker more than the
// answer. A new one from time to time shows that the listener still accepts.
type Probe struct {
	Listener Listener
	// Now is the clock.
	Now func() time.Time

	connection net.Conn
	dialed     time.Time
	requests   int32
	heard      bool
}

const keepConnection = time.Minute

// Ask returns no error if the listener answered before the context's deadline. Reacts is true even for a failure if the
// server sent anything: one that refuses the node's certificate, as it has to when that has expired, lives all the same.
// It is not for use by two at a time.
func (p *Probe) Ask(ctx context.Context) (reacts bool, err error) {
	p.heard = false
	if err := p.ask(ctx); err != nil {
		p.close()
		return p.heard, fmt.Errorf("listener %s: %w", p.Listener.Name, err)
	}
	return true, nil
}

func (p *Probe) ask(ctx context.Context) error {
	if p.connection != nil && p.Now().Sub(p.dialed) < keepConnection {
		// A server may have closed an idle connection; one that is out of time says nothing new on a second one.
		if err := p.request(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	p.close()
	p.heard = false // a farewell on the connection before says nothing about a listener that does not accept
	if err := p.dial(ctx); err != nil {
		return err
	}
	return p.request(ctx)
}

func (p *Probe) close() {
	if p.connection != nil {
		_ = p.connection.Close()
	}
	p.connection = nil
}

func (p *Probe) dial(ctx context.Context) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.Listener.Address)
	if err != nil {
		return err
	}
	connection = ear{connection, &p.heard}
	if p.Listener.TLS {
		connection, err = handshake(ctx, connection, p.Listener)
	}
	if err != nil {
		return err
	}
	p.connection, p.dialed = connection, p.Now()
	return nil
}

func handshake(ctx context.Context, plain net.Conn, listener Listener) (net.Conn, error) {
	config, err := tlsConfig(listener)
	if err != nil {
		_ = plain.Close()
		return nil, err
	}
	connection := tls.Client(plain, config)
	if err := connection.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return connection, nil
}

// tlsConfig does not verify the server. It is the JVM that this process started, reached inside the pod, so that there is
// nobody else to take it for. And whether the certificate authority still stands by it is not the node's health: the
// trusted certificates change in all pods within the same minute, so that one wrong file would end all nodes together.
// The node's own certificate is shown, as it is now, because Kafka asks its peers for one.
func tlsConfig(listener Listener) (*tls.Config, error) {
	config := &tls.Config{
		ServerName: listener.ServerName, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // the server is this process's own child: see above
	}
	if listener.Chain == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(listener.Chain, strings.TrimSuffix(listener.Chain, ".crt")+".key")
	if err != nil {
		return nil, fmt.Errorf("reading the node's certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// ear notes whether anything came in.
type ear struct {
	net.Conn
	heard *bool
}

// Read reads, and notes that there was something.
func (e ear) Read(into []byte) (int, error) {
	n, err := e.Conn.Read(into)
	*e.heard = *e.heard || n > 0
	return n, err
}

// The wire format of a request (Kafka protocol guide): a size, then a header version 1 (API key, API version,
// correlation id, client id), here with an empty body: ApiVersions version 0. The response: a size, the
// correlation id, an error code, and what does not matter here.
const (
	apiVersionsKey  = 18
	clientID        = "castellan-launch"
	largestResponse = 1 << 20
)

func apiVersionsRequest(correlation int32) []byte {
	request := make([]byte, 4, 32)
	request = binary.BigEndian.AppendUint16(request, apiVersionsKey)
	request = binary.BigEndian.AppendUint16(request, 0)
	request = binary.BigEndian.AppendUint32(request, uint32(correlation))
	request = binary.BigEndian.AppendUint16(request, uint16(len(clientID)))
	request = append(request, clientID...)
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	return request
}

func (p *Probe) request(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		_ = p.connection.SetDeadline(deadline)
	}
	p.requests++
	if _, err := p.connection.Write(apiVersionsRequest(p.requests)); err != nil {
		return fmt.Errorf("asking for API versions: %w", err)
	}
	if err := readAPIVersions(p.connection, p.requests); err != nil {
		return fmt.Errorf("asking for API versions: %w", err)
	}
	return nil
}

func readAPIVersions(connection io.Reader, correlation int32) error {
	var head [10]byte
	if _, err := io.ReadFull(connection, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size < 6 || size > largestResponse {
		return fmt.Errorf("a response of %d bytes: not a Kafka server", size)
	}
	if _, err := io.CopyN(io.Discard, connection, int64(size)-6); err != nil {
		return err
	}
	if got := int32(binary.BigEndian.Uint32(head[4:])); got != correlation {
		return fmt.Errorf("the response to request %d, not %d", got, correlation)
	}
	if code := int16(binary.BigEndian.Uint16(head[8:])); code != 0 {
		return fmt.Errorf("error code %d", code)
	}
	return nil
}
