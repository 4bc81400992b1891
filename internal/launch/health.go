package launch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"castellan.io/castellan/internal/launch/report"
)

// Phase is where a JVM is in its life.
type Phase int

// The phases in their order.
const (
	Preparing Phase = iota
	Running
	Stopping
)

const (
	// answerWithin is how long a probe may take: the kubelet asks each second.
	answerWithin = time.Second
	// freshFor lets probes that come together share one answer.
	freshFor = 300 * time.Millisecond
	// deadAfter is how long a server that has served may be silent.
	deadAfter = time.Minute
)

// Observation is what is known of a JVM at a moment.
type Observation struct {
	Phase Phase
	// Served says whether the listener ever answered.
	Served bool
	// Failure is why it did not answer now, Silent for how long there has been no reaction at all; a refusal is one.
	Failure error
	Silent  time.Duration
}

// Healthy says whether the container may live on, and why. Before a server has served for the first time it may be
// recovering logs, which can take hours and is no reason to start again from the beginning. One that refuses to answer
// lives: what makes it refuse, such as a certificate that has expired, meets all nodes at once, and ending them all would
// cure none.
func Healthy(o Observation) (bool, string) {
	switch {
	case o.Phase == Preparing:
		return true, "preparing"
	case o.Phase == Stopping:
		return true, "stopping"
	case !o.Served:
		return true, "starting"
	case o.Failure != nil && o.Silent >= deadAfter:
		return false, fmt.Sprintf("silent for %s: %v", o.Silent.Truncate(time.Second), o.Failure)
	case o.Failure != nil:
		return true, fmt.Sprintf("not serving, silent for %s of %s: %v", o.Silent.Truncate(time.Second), deadAfter, o.Failure)
	}
	return true, "serving"
}

// Ready says whether the server serves, and why not.
func Ready(o Observation) (bool, string) {
	switch {
	case o.Phase == Preparing:
		return false, "preparing: the JVM is not started yet"
	case o.Phase == Stopping:
		return false, "stopping"
	case o.Failure != nil:
		return false, o.Failure.Error()
	}
	return true, "serving"
}

// Monitor asks a server when it is asked itself, never in between.
type Monitor struct {
	// Ask returns no error if the server answers before the context's deadline, and whether it reacted in any way.
	Ask func(context.Context) (reacts bool, err error)
	// Now is the clock.
	Now func() time.Time

	mutex       sync.Mutex
	phase       Phase
	served      bool
	asked       time.Time
	failure     error
	silent      bool
	silentSince time.Time
}

// Enter says that the JVM is in a new phase.
func (m *Monitor) Enter(phase Phase) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.phase = phase
}

// Observe asks the server unless it has just answered.
func (m *Monitor) Observe(ctx context.Context) Observation {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.phase == Running && (m.failure != nil || m.Now().Sub(m.asked) > freshFor) {
		m.ask(ctx)
	}
	observed := Observation{Phase: m.phase, Served: m.served, Failure: m.failure}
	if m.silent {
		observed.Silent = m.Now().Sub(m.silentSince)
	}
	return observed
}

func (m *Monitor) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	wasSilent := m.silent
	m.asked = m.Now()
	reacts, err := m.Ask(ctx)
	m.failure, m.silent = err, !reacts
	m.served = m.served || err == nil
	if m.silent && !wasSilent {
		m.silentSince = m.asked
	}
}

// Serve answers /healthy and /ready until the context ends, and report.Path with what the TLS listeners serve. It returns when the
// port is open.
func (m *Monitor) Serve(ctx context.Context, address string, listeners []Listener) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("opening the port for probes: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /healthy", m.answer(Healthy))
	mux.Handle("GET /ready", m.answer(Ready))
	mux.Handle("GET "+report.Path, tellServed(listeners))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: answerWithin}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (m *Monitor) answer(decide func(Observation) (bool, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		good, reason := decide(m.Observe(r.Context()))
		if !good {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = fmt.Fprintln(w, reason)
	})
}
