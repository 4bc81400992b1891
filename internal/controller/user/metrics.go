package user

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"castellan.io/castellan/internal/controller/batch"
)

// kind is what metrics, and labels of Secrets, call the resources.
const kind = "KafkaUser"

// NewMetrics makes the collectors. selector is the labels that resources must have, as text.
func NewMetrics(namespace, selector string, now func() time.Time) *batch.Metrics {
	out := batch.NewMetrics(kind, namespace, selector, nil, now)
	out.Counter("strimzi_reconciliations_already_enqueued_total", "Reconciliations left out because one of the same user waited: none, they are one.")
	return out
}

// newPeriodical counts the looks at all users.
func newPeriodical(m *batch.Metrics) prometheus.Counter {
	return m.Counter("strimzi_reconciliations_periodical_total", "Looks at all users only because time has passed.")
}

// count counts a job as a reconciliation.
func (o *Operator) count(j *job, took time.Duration) {
	if j.resource != nil && j.deed != nothing {
		o.Metrics.Count(j.err, took)
	}
}
