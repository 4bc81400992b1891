package nodeid

import (
	"fmt"
	"maps"
	"slices"
)

// Pool is what decides about a pool's ids.
type Pool struct {
	// Name of the pool.
	Name string
	// Current ids of the pool's nodes, in any order.
	Current []int32
	// Replicas is how many nodes the pool should have.
	Replicas int32
	// Elsewhere lists ids that nodes or volumes of other pools still have: a new node must not take their place.
	Elsewhere []int32
	// Next lists ids to prefer for new nodes, Remove ids of nodes to prefer when some must go.
	Next, Remove Ranges
}

// Assignment is the outcome for one pool. All lists ascend.
type Assignment struct {
	// IDs that the pool should have; Added are new among them.
	IDs, Added []int32
	// Removed ids are current and not wanted any more.
	Removed []int32
}

// Assign decides the ids of all pools of a cluster, in the order of the pools.
// An id that leaves a pool is not handed out again in the same step: its node still runs.
// The error names an id that two pools claim.
func Assign(pools []Pool) ([]Assignment, error) {
	used, err := claimed(pools)
	if err != nil {
		return nil, err
	}
	result := make([]Assignment, 0, len(pools))
	for _, pool := range pools {
		result = append(result, assign(pool, used))
	}
	return result, nil
}

func claimed(pools []Pool) (map[int32]bool, error) {
	owner := map[int32]string{}
	used := map[int32]bool{}
	for _, pool := range pools {
		for _, id := range pool.Current {
			if other, taken := owner[id]; taken {
				return nil, fmt.Errorf("node id %d is claimed by KafkaNodePool %s and KafkaNodePool %s (status.nodeIds); it must belong to one of them", id, other, pool.Name)
			}
			owner[id], used[id] = pool.Name, true
		}
	}
	return used, nil
}

func assign(pool Pool, used map[int32]bool) Assignment {
	ids := slices.Clone(pool.Current)
	slices.Sort(ids)
	var added, removed []int32
	for int32(len(ids)) < pool.Replicas {
		id := next(pool.Next, with(used, pool.Elsewhere))
		used[id] = true
		added = append(added, id)
		ids = append(ids, id)
	}
	for int32(len(ids)) > max(pool.Replicas, 0) {
		id := surplus(pool.Remove, ids)
		removed = append(removed, id)
		ids = slices.DeleteFunc(ids, func(other int32) bool { return other == id })
	}
	slices.Sort(ids)
	slices.Sort(added)
	slices.Sort(removed)
	return Assignment{IDs: ids, Added: added, Removed: removed}
}

func with(used map[int32]bool, more []int32) map[int32]bool {
	if len(more) == 0 {
		return used
	}
	out := maps.Clone(used)
	for _, id := range more {
		out[id] = true
	}
	return out
}

func next(preferred Ranges, used map[int32]bool) int32 {
	if id, ok := preferred.firstFree(used); ok {
		return id
	}
	id := int32(0)
	for used[id] {
		id++
	}
	return id
}

// surplus picks the node to go from ids, which ascend.
func surplus(preferred Ranges, ids []int32) int32 {
	if id, ok := preferred.firstOf(ids); ok {
		return id
	}
	return ids[len(ids)-1]
}
