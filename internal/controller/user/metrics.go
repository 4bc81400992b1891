package user

import (
	"time"

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

// count counts a job as a reconciliation.
func (o *Operator) count(j *job, took time.Duration) {
	if j.resource != nil && j.deed != nothing {
		o.Metrics.Count(j.err, took)
	}
}
