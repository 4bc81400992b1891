package topic

import (
	"errors"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller/batch"
)

// kind is what metrics call the resources.
const kind = "KafkaTopic"

// NewMetrics makes the collectors. selector is the labels that resources must have, as text; additional also measures each kind of request.
func NewMetrics(namespace, selector string, additional bool, now func() time.Time) *batch.Metrics {
	var requests []string
	if additional {
		requests = []string{
			"add_finalizer", "remove_finalizer", "create_topics", "update_status", "list_reassignments", "alter_configs", "create_partitions",
			"describe_topics", "describe_configs", "delete_topics", "cruisecontrol_topic_config", "cruisecontrol_user_tasks",
		}
	}
	return batch.NewMetrics(kind, namespace, selector, requests, now)
}

// count counts a job as a reconciliation, unless it only waits.
func (o *Operator) count(j *job, took time.Duration) {
	if j.resource == nil || j.deed == nothing {
		return
	}
	err := j.err
	if len(j.difference.Refused) > 0 {
		err = errors.Join(err, &problem{v1.ReasonNotSupported, j.difference.Refused[0].Message})
	}
	o.Metrics.Count(err, took)
}
