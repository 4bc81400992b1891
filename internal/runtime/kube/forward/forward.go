package forward

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Tunnels are ways to ports of the pods of one namespace. Each port is forwarded once, from a port of this machine's loopback
// interface that the system chooses, until Close.
type Tunnels struct {
	config    *rest.Config
	namespace string
	stop      chan struct{}

	mu   sync.Mutex
	open map[string]*tunnel
}

// tunnel is the way to one port. Who comes first opens it, the others wait.
type tunnel struct {
	once  sync.Once
	local string
	err   error
}

var errClosed = errors.New("the tunnels are closed")

// New prepares; nothing is sent yet.
func New(config *rest.Config, namespace string) *Tunnels {
	return &Tunnels{config: config, namespace: namespace, stop: make(chan struct{}), open: map[string]*tunnel{}}
}

// Close ends all tunnels.
func (t *Tunnels) Close() { close(t.stop) }

// Connect opens a connection to an address pod:port, or pod.anything:port, as the names of pods behind headless Services are.
func (t *Tunnels) Connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	pod, _, _ := strings.Cut(host, ".")
	way := t.tunnel(pod + ":" + port)
	way.once.Do(func() {
		way.local, way.err = t.dig(ctx, pod, port, func() { t.forget(pod+":"+port, way) })
	})
	if way.err != nil {
		t.forget(pod+":"+port, way)
		return nil, fmt.Errorf("reach port %s of pod %s in namespace %s through the API server: %w", port, pod, t.namespace, way.err)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, way.local)
}

func (t *Tunnels) tunnel(key string) *tunnel {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[key] == nil {
		t.open[key] = &tunnel{}
	}
	return t.open[key]
}

// forget lets the next one dig again.
func (t *Tunnels) forget(key string, way *tunnel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[key] == way {
		delete(t.open, key)
	}
}

// dig forwards a port and returns the address of its near end. ended is called when the tunnel is no more.
func (t *Tunnels) dig(ctx context.Context, pod, port string, ended func()) (string, error) {
	dialer, err := t.dialer(pod)
	if err != nil {
		return "", err
	}
	ready, failed := make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesForStreaming(dialer, []string{"127.0.0.1"}, []string{"0:" + port}, t.stop, ready, io.Discard, io.Discard)
	if err != nil {
		return "", err
	}
	go func() {
		failed <- cmp.Or(forwarder.ForwardPorts(), errClosed)
		ended()
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case err := <-failed:
		return "", err
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return "", err
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ports[0].Local))), nil
}

// dialer asks for WebSockets, and where the API server or a proxy does not know them, for SPDY: what kubectl does.
func (t *Tunnels) dialer(pod string) (httpstream.Dialer, error) {
	base, _, err := rest.DefaultServerUrlFor(t.config)
	if err != nil {
		return nil, err
	}
	at := base.JoinPath("api/v1/namespaces", url.PathEscape(t.namespace), "pods", url.PathEscape(pod), "portforward")
	transport, upgrader, err := spdy.RoundTripperFor(t.config)
	if err != nil {
		return nil, err
	}
	older := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at)
	newer, err := portforward.NewSPDYOverWebsocketDialerForStreaming(at, t.config)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialerForStreaming(newer, older, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
