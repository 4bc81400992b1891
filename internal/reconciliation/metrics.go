package reconciliation

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"castellan.io/castellan/internal/outcome"
)

// Collectors of the compatible API's metrics. Dashboards know these names.
var (
	reconciliations = newCounter("strimzi_reconciliations_total", "Reconciliations done.")
	successful      = newCounter("strimzi_reconciliations_successful_total", "Reconciliations without an error.")
	failed          = newCounter("strimzi_reconciliations_failed_total", "Reconciliations that ended with an error.")
	durations       = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "strimzi_reconciliations_duration_seconds",
		Help:    "How long reconciliations took.",
		Buckets: []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30},
	}, []string{"kind", "namespace", "selector"})
)

func newCounter(name, help string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"kind", "namespace", "selector"})
}

// Register makes the collectors visible; called once when a program starts.
func Register(registry prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{reconciliations, successful, failed, durations} {
		if err := registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// Count counts one reconciliation of a resource. The selector is the labels that resources must have, as text; empty if none.
func Count(kind, namespace, selector string, err error, took time.Duration) {
	reconciliations.WithLabelValues(kind, namespace, selector).Inc()
	durations.WithLabelValues(kind, namespace, selector).Observe(took.Seconds())
	if err == nil || outcome.IsWaiting(err) {
		successful.WithLabelValues(kind, namespace, selector).Inc()
		return
	}
	failed.WithLabelValues(kind, namespace, selector).Inc()
}
