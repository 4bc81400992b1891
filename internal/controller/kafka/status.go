package kafka

import (
	"slices"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/reconciliation"
)

// New returns an empty resource.
func (r *Reconciler) New() *v1.Kafka { return &v1.Kafka{} }

// Status gives the shell access to the status.
func (r *Reconciler) Status(k *v1.Kafka) (conditions *[]v1.Condition, observedGeneration *int64) {
	return &k.Status.Conditions, &k.Status.ObservedGeneration
}

// Check tells of fields that mean nothing.
func (r *Reconciler) Check(k *v1.Kafka) []v1.Condition { return warnings(kafka.UnknownFields(k)) }

// Pause keeps what stays true while nothing is done.
func (r *Reconciler) Pause(k *v1.Kafka) {
	k.Status = v1.KafkaStatus{
		ObservedGeneration:            k.Status.ObservedGeneration,
		ClusterID:                     k.Status.ClusterID,
		ClusterSecurity:               k.Status.ClusterSecurity,
		OperatorLastSuccessfulVersion: k.Status.OperatorLastSuccessfulVersion,
		KafkaVersion:                  k.Status.KafkaVersion,
		KafkaMetadataVersion:          k.Status.KafkaMetadataVersion,
	}
}

// describe fills in what is known of a cluster whether or not it is ready.
func describe(k *v1.Kafka, cluster *kafka.Cluster, keys keys) {
	k.Status.ClusterID = cluster.ID
	k.Status.Listeners = cluster.ListenerStatuses(keys.cluster.Certificate)
	k.Status.KafkaNodePools = nil
	for _, p := range cluster.Pools {
		k.Status.KafkaNodePools = append(k.Status.KafkaNodePools, v1.UsedNodePool{Name: p.Name})
	}
}

func describePool(pool *v1.KafkaNodePool, cluster *kafka.Cluster, now time.Time) {
	i := slices.IndexFunc(cluster.Pools, func(p kafka.Pool) bool { return p.Name == pool.Name })
	if i < 0 {
		return
	}
	p := cluster.Pools[i]
	conditions := poolWarnings(cluster.Warnings, pool.Name)
	reconciliation.Stamp(pool.Status.Conditions, conditions, now)
	pool.Status = v1.KafkaNodePoolStatus{
		Conditions:         conditions,
		ObservedGeneration: pool.Generation,
		NodeIDs:            slices.Clone(p.IDs),
		ClusterID:          cluster.ID,
		Roles:              p.Roles(),
		Replicas:           int32(len(p.IDs)),
		LabelSelector:      p.Selector,
	}
}

func poolWarnings(all []kafka.Warning, pool string) []v1.Condition {
	return warnings(slices.DeleteFunc(slices.Clone(all), func(w kafka.Warning) bool { return w.Pool != pool }))
}

func warnings(all []kafka.Warning) []v1.Condition {
	var out []v1.Condition
	for _, w := range all {
		out = append(out, v1.Condition{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: w.Reason, Message: w.Message})
	}
	return out
}
