package main

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	clientmetrics "k8s.io/client-go/tools/metrics"

	"castellan.io/castellan/internal/reconciliation"
)

// newRegistry has what every program tells about itself, how many requests were sent to the API server, and the reconciliations.
func newRegistry() (*prometheus.Registry, error) {
	out := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rest_client_requests_total", Help: "Requests sent to the API server.",
	}, []string{"code", "method", "host"})
	err := errors.Join(
		out.Register(collectors.NewGoCollector()), out.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
		out.Register(requests), reconciliation.Register(out),
	)
	clientmetrics.Register(clientmetrics.RegisterOpts{RequestResult: counted{requests}})
	return out, err
}

// counted counts requests for the API server.
type counted struct{ requests *prometheus.CounterVec }

// Increment counts one that was answered.
func (c counted) Increment(_ context.Context, code, method, host string) {
	c.requests.WithLabelValues(code, method, host).Inc()
}
