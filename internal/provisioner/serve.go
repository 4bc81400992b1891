package provisioner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"castellan.io/castellan/internal/provisioner/directory"
)

const (
	headerTimeout   = 10 * time.Second
	shutdownTimeout = 5 * time.Second
)

// serves tells whether a listen address asks for a server at all.
func serves(address string) bool { return address != "" && address != "0" }

// serve answers health checks and metrics until the context ends.
func serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening for health checks and metrics: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(limited)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving health checks and metrics on %s: %w", address, err)
	}
	return nil
}

// newHandler has /healthz, which answers while the process lives, /readyz,
// which answers when it can make volumes, and /metrics.
func newHandler(gatherer prometheus.Gatherer, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("/metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	return mux
}

// checkReady tells what keeps an instance from making volumes.
func checkReady(synced func() bool, baseDirectories []string) error {
	if !synced() {
		return errors.New("the caches of claims, volumes and classes are not filled yet")
	}
	return checkBases(baseDirectories)
}

func checkBases(baseDirectories []string) error {
	var problems []error
	for _, base := range baseDirectories {
		problems = append(problems, directory.CheckBase(base))
	}
	return errors.Join(problems...)
}
