package kafka

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/plan"
)

// noPoolVanished refuses to go on when a pool whose nodes run is no longer listed although it exists: a label taken off by
// mistake, or a list from a server that lags behind, must not end brokers.
func (r *Reconciler) noPoolVanished(ctx context.Context, k *v1.Kafka, seen observed) error {
	for _, set := range slices.Sorted(maps.Keys(seen.nodes.Groups)) {
		name := seen.nodes.Groups[set].Group
		listed := slices.ContainsFunc(seen.pools, func(p v1.KafkaNodePool) bool { return p.Name == name })
		if listed || name == "" {
			continue
		}
		var pool v1.KafkaNodePool
		found, err := r.read(ctx, k.Namespace, name, &pool)
		if err != nil {
			return err
		}
		if found && pool.DeletionTimestamp == nil {
			return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
				"KafkaNodePool %s: metadata.labels: %s is %q, but its nodes run in Kafka %s: set it to %s again, or delete the pool",
				name, v1.LabelCluster, pool.Labels[v1.LabelCluster], k.Name, k.Name))
		}
	}
	return nil
}

// restoreIDs fills in the ids of pools whose status was lost, from the nodes or else the volumes that exist: new ids would
// leave the data behind.
func restoreIDs(pools []v1.KafkaNodePool, nodes plan.Observed) {
	for i := range pools {
		if len(pools[i].Status.NodeIDs) > 0 {
			continue
		}
		ids := runningOf(nodes, pools[i].Name)
		if len(ids) == 0 {
			ids = storedOf(nodes, pools[i].Name)
			ids = ids[:min(len(ids), int(pools[i].Spec.Replicas))]
		}
		pools[i].Status.NodeIDs = ids
	}
}

func runningOf(nodes plan.Observed, pool string) []int32 {
	ids := map[int32]bool{}
	for _, is := range nodes.Instances {
		if is.Group == pool {
			ids[is.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func storedOf(nodes plan.Observed, pool string) []int32 {
	ids := map[int32]bool{}
	for _, v := range nodes.Volumes {
		if v.Group == pool && v.ID >= 0 {
			ids[v.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// holders lists by id the pools that have a node or a volume of it.
func holders(nodes plan.Observed) map[int32][]string {
	out := map[int32][]string{}
	for _, is := range nodes.Instances {
		out[is.ID] = append(out[is.ID], is.Group)
	}
	for _, v := range nodes.Volumes {
		out[v.ID] = append(out[v.ID], v.Group)
	}
	return out
}

// clusterID is the id of the Kafka cluster whose nodes or data exist; empty when nothing says.
func clusterID(nodes plan.Observed) string {
	var known string
	for _, set := range slices.Sorted(maps.Keys(nodes.Groups)) {
		known = cmp.Or(known, nodes.Groups[set].Facts[v1.AnnotationClusterID])
	}
	for _, name := range slices.Sorted(maps.Keys(nodes.Volumes)) {
		known = cmp.Or(known, nodes.Volumes[name].Facts[v1.AnnotationClusterID])
	}
	return known
}
