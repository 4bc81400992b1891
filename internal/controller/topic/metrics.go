package topic

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
)

// kind is what metrics call the resources.
const kind = "KafkaTopic"

// Metrics counts what the operator does, under the names of the compatible API. A nil Metrics counts nothing.
type Metrics struct {
	namespace, selector string
	now                 func() time.Time
	collectors          []prometheus.Collector
	maxQueue, maxBatch  *maximum
	// requests measures kinds of requests; nil unless that was asked for.
	requests map[string]prometheus.Observer
}

// NewMetrics makes the collectors. selector is the labels that resources must have, as text; additional also measures each kind of request.
func NewMetrics(namespace, selector string, additional bool, now func() time.Time) *Metrics {
	m := &Metrics{namespace: namespace, selector: selector, now: now}
	m.maxQueue = m.maximum("strimzi_reconciliations_max_queue_size", "Most topics that waited at the same time.")
	m.maxBatch = m.maximum("strimzi_reconciliations_max_batch_size", "Most topics that were worked on together.")
	locked := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "strimzi_reconciliations_locked_total", Help: "Reconciliations put off because one of the same topic went on: none, they wait.", ConstLabels: m.labels(),
	})
	m.collectors = append(m.collectors, locked)
	if additional {
		m.requests = map[string]prometheus.Observer{}
		for _, name := range []string{
			"add_finalizer", "remove_finalizer", "create_topics", "update_status", "list_reassignments", "alter_configs", "create_partitions",
			"describe_topics", "describe_configs", "delete_topics", "cruisecontrol_topic_config", "cruisecontrol_user_tasks",
		} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{
				Name: "strimzi_" + name + "_duration_seconds", Help: "How long requests of this kind took.", ConstLabels: m.labels(),
			})
			m.requests[name], m.collectors = h, append(m.collectors, h)
		}
	}
	return m
}

func (m *Metrics) labels() prometheus.Labels {
	return prometheus.Labels{"kind": kind, "namespace": m.namespace, "selector": m.selector}
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

// Register makes the collectors visible, with those that tell how many resources the operator has.
func (m *Metrics) Register(registry prometheus.Registerer, o *Operator) error {
	gauges := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "strimzi_resources", Help: "Resources that the operator looks after.", ConstLabels: m.labels()},
			func() float64 { return float64(o.resources.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "strimzi_resources_paused", Help: "Resources that ask to be left alone.", ConstLabels: m.labels()},
			func() float64 { return float64(o.resources.pausedCount()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "castellan_kafka_requests_total", Help: "Requests sent to Kafka."},
			func() float64 { return float64(o.Kafka.Requests()) }),
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

// request measures until the function that it returns is called.
func (m *Metrics) request(name string) (done func()) {
	if m == nil || m.requests == nil {
		return func() {}
	}
	began := m.now()
	return func() { m.requests[name].Observe(m.now().Sub(began).Seconds()) }
}

// count counts a job as a reconciliation, unless it only waits.
func (m *Metrics) count(j *job, took time.Duration) {
	if m == nil || j.resource == nil || j.deed == nothing {
		return
	}
	err := j.err
	if len(j.difference.Refused) > 0 {
		err = errors.Join(err, &problem{v1.ReasonNotSupported, j.difference.Refused[0].Message})
	}
	controller.Count(kind, m.namespace, m.selector, err, took)
}
