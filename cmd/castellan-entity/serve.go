package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/logging"
)

// operator is one of topics or users.
type operator interface {
	Run(ctx context.Context) error
	// Alive tells whether work is done, Ready whether all that is needed is known.
	Alive() bool
	Ready() bool
}

// prepare sets up what lasts for the whole process.
func prepare(logLevel string) error {
	logger, err := logging.New(logLevel, os.Stdout)
	if err != nil {
		return err
	}
	log.SetLogger(logger)
	klog.SetLogger(logger)
	return nil
}

// connect finds the API server: that of KUBECONFIG, or of the pod.
func connect() (*apiserver.Client, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server: %w", err)
	}
	return apiserver.Connect(config)
}

// serve answers probes and tells metrics at the address while the operator and those beside it run, until the context ends or one of them fails.
func serve(ctx context.Context, address string, registry prometheus.Gatherer, o operator, beside ...func(context.Context) error) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("serve health and metrics: %w", err)
	}
	server := &http.Server{Handler: handler(registry, o), ReadHeaderTimeout: 10 * time.Second}
	all, running := errgroup.WithContext(logr.NewContext(ctx, log.Log))
	all.Go(func() error {
		<-running.Done()
		return server.Close()
	})
	all.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve health and metrics: %w", err)
		}
		return nil
	})
	collectGarbage(running)
	for _, run := range append(beside, o.Run) {
		all.Go(func() error { return run(running) })
	}
	return all.Wait()
}

func handler(registry prometheus.Gatherer, o operator) http.Handler {
	out := http.NewServeMux()
	out.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	out.Handle("/healthy", health(o.Alive))
	out.Handle("/ready", health(o.Ready))
	return out
}

// health answers a probe in the compatible API's words.
func health(fine func() bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !fine() {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"status": "not-ok"}`))
			return
		}
		_, _ = w.Write([]byte(`{"status": "ok"}`))
	})
}
