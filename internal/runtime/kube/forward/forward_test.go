package forward_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"castellan.io/castellan/internal/runtime/kube/forward"
)

// patience is for what happens at once.
const patience = 10 * time.Second

// apiServer forwards ports as an API server that does not know WebSockets: what comes through a stream goes to the address behind.
type apiServer struct {
	behind string
	asked  atomic.Int32
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/v1/namespaces/kafka/pods/broker-0/portforward" {
		http.Error(w, fmt.Sprintf("pods %q not found", r.URL.Path), http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "no WebSockets here", http.StatusBadRequest)
		return
	}
	a.asked.Add(1)
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	streams := make(chan httpstream.Stream)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		go func() { streams <- s }()
		return nil
	})
	if connection == nil {
		return
	}
	defer connection.Close()
	for {
		select {
		case <-connection.CloseChan():
			return
		case s := <-streams:
			go a.serve(r.Context(), s)
		}
	}
}

func (a *apiServer) serve(ctx context.Context, s httpstream.Stream) {
	if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError || s.Headers().Get(corev1.PortHeader) != "9091" {
		_ = s.Close()
		return
	}
	to, err := new(net.Dialer).DialContext(ctx, "tcp", a.behind)
	if err != nil {
		_ = s.Reset()
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, s) }()
	_, _ = io.Copy(s, to)
	_ = s.Close()
}

// echo answers each connection with what it says.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestPortsOfPodsAreReachedThroughTheAPIServer(t *testing.T) {
	api := &apiServer{behind: echo(t)}
	server := httptest.NewServer(api)
	t.Cleanup(server.CloseClientConnections)
	tunnels := forward.New(&rest.Config{Host: server.URL}, "kafka")
	t.Cleanup(tunnels.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, address := range []string{"broker-0.my-cluster-kafka-brokers.kafka.svc:9091", "broker-0:9091"} {
		connection, err := tunnels.Connect(ctx, "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(patience))
		want := fmt.Sprintf("hello %d", i)
		if _, err := io.WriteString(connection, want); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(connection, got); err != nil || string(got) != want {
			t.Errorf("%s answers %q: %v", address, got, err)
		}
	}
	if asked := api.asked.Load(); asked != 1 {
		t.Errorf("the port was forwarded %d times", asked)
	}
}

func TestAPodThatIsNotThereIsNamed(t *testing.T) {
	server := httptest.NewServer(&apiServer{})
	t.Cleanup(server.Close)
	tunnels := forward.New(&rest.Config{Host: server.URL}, "kafka")
	t.Cleanup(tunnels.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := tunnels.Connect(ctx, "tcp", "broker-7.my-cluster-kafka-brokers.kafka.svc:9091")
	if err == nil || !strings.Contains(err.Error(), "reach port 9091 of pod broker-7 in namespace kafka") || !strings.Contains(err.Error(), "not found") {
		t.Errorf("error: %v", err)
	}
}
