package batch

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"castellan.io/castellan/internal/reconciliation"
)

// Metrics counts what an operator does, under the names of the compatible API. A nil Metrics counts nothing.
type Metrics struct {
	kind, namespace, selector string
	now                       func() time.Time
	collectors                []prometheus.Collector
	maxQueue, maxBatch        *maximum
	// requests measures kinds of requests; nil unless that was asked for.
	requests map[string]prometheus.Observer
}

// Counted is how much an operator has and does at the moment it is asked.
type Counted interface {
	// Resources and Paused are numbers of resources: all, and those that ask to be left alone.
	Resources() int
	Paused() int
	// Requests is how many requests were sent to Kafka so far.
	Requests() int64
}

// NewMetrics makes the collectors. kind is what they call the resources, selector is the labels that resources must have, as text;
// requests are the kinds of requests to measure.
func NewMetrics(kind, namespace, selector string, requests []string, now func() time.Time) *Metrics {
	m := &Metrics{kind: kind, namespace: namespace, selector: selector, now: now}
	m.maxQueue = m.maximum("strimzi_reconciliations_max_queue_size", "Most resources that waited at the same time.")
	m.maxBatch = m.maximum("strimzi_reconciliations_max_batch_size", "Most resources that were worked on together.")
	m.Counter("strimzi_reconciliations_locked_total", "Reconciliations put off because one of the same resource went on: none, they wait.")
	if len(requests) == 0 {
		return m
	}
	m.requests = map[string]prometheus.Observer{}
	for _, name := range requests {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "strimzi_" + name + "_duration_seconds", Help: "How long requests of this kind took.", ConstLabels: m.labels(),
		})
		m.requests[name], m.collectors = h, append(m.collectors, h)
	}
	return m
}

// Counter makes one more counter of the operator's.
func (m *Metrics) Counter(name, help string) prometheus.Counter {
	if m == nil {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	out := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: m.labels()})
	m.collectors = append(m.collectors, out)
	return out
}

func (m *Metrics) labels() prometheus.Labels {
	return prometheus.Labels{"kind": m.kind, "namespace": m.namespace, "selector": m.selector}
}

// maximum is a gauge of the largest value so far.
type maximum struct {
	mu    sync.Mutex
	value float64
	gauge prometheus.Gauge
}

func (m *Metrics) maximum(name, help string) *maximum {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: m.labels()})
	m.collectors = append(m.collectors, gauge)
	return &maximum{gauge: gauge}
}

func (m *maximum) see(value int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value = max(m.value, float64(value))
	m.gauge.Set(m.value)
}

// Register makes the collectors visible, with those that tell how much the operator has.
func (m *Metrics) Register(registry prometheus.Registerer, of Counted) error {
	gauges := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "strimzi_resources", Help: "Resources that the operator looks after.", ConstLabels: m.labels()},
			func() float64 { return float64(of.Resources()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "strimzi_resources_paused", Help: "Resources that ask to be left alone.", ConstLabels: m.labels()},
			func() float64 { return float64(of.Paused()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "castellan_kafka_requests_total", Help: "Requests sent to Kafka."},
			func() float64 { return float64(of.Requests()) }),
	}
	for _, c := range append(gauges, m.collectors...) {
		if err := registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *Metrics) batch(size, queue int) {
	if m == nil {
		return
	}
	m.maxBatch.see(size)
	m.maxQueue.see(queue)
}

// Request measures a request of the kind until the function that it returns is called.
func (m *Metrics) Request(name string) (done func()) {
	if m == nil || m.requests == nil {
		return func() {}
	}
	began := m.now()
	return func() { m.requests[name].Observe(m.now().Sub(began).Seconds()) }
}

// Count counts a reconciliation.
func (m *Metrics) Count(err error, took time.Duration) {
	if m != nil {
		reconciliation.Count(m.kind, m.namespace, m.selector, err, took)
	}
}
