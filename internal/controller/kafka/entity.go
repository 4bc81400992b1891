package kafka

import (
	"context"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
)

// entity brings the entity operator to what the resource says, or to its end, and waits until it runs. Its turn comes when Kafka
// serves: until then, what runs goes on. What is wrong with it does not keep Kafka from being looked after.
func (r *Reconciler) entity(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, keys keys, seen observed) error {
	operator, err := entityoperator.Resolve(entityoperator.Input{
		Kafka: k, Owner: cluster.Owner, ClientsCA: cluster.ClientsCA.Lifetime, Settings: r.Entity, ConfigMaps: seen.references.configMaps,
	})
	if err != nil {
		return err
	}
	certificates, err := keys.entity(k)
	if err != nil {
		return err
	}
	want := operator.Plan(certificates)
	if err := r.apply(ctx, want); err != nil {
		return err
	}
	if want.Workload == nil {
		return operator.Withheld
	}
	waiting, err := r.starting(ctx, want)
	if err != nil {
		return err
	}
	if waiting != "" {
		// The platform's event about the workload ends the wait.
		return outcome.Wait("EntityOperator", waiting, 0)
	}
	return operator.Refused
}
