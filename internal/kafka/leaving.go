package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
)

// Leaving returns the brokers, ascending, that would go or lose the broker role. The caller asks the brokers which of them hold
// replicas and tells Resolve. Nothing is returned when the check is switched off by annotation.
func Leaving(k *v1.Kafka, pools []v1.KafkaNodePool) []int32 {
	if SkipsInUseCheck(k) {
		return nil
	}
	assigned, _, err := assign(k.Name, wishes(pools), nil)
	if err != nil {
		return nil // Resolve reports it.
	}
	return leaving(assigned)
}

// SkipsInUseCheck tells whether the resource asks to remove brokers whether or not they hold replicas.
func SkipsInUseCheck(k *v1.Kafka) bool {
	return enabled(k.Annotations, v1.AnnotationSkipScaleDownCheck)
}

func leaving(pools []Pool) []int32 {
	var ids []int32
	for _, p := range pools {
		ids = append(ids, p.leaving...)
	}
	slices.Sort(ids)
	return ids
}

// keepBrokersInUse assigns node ids, and takes back what would remove brokers that hold replicas.
func (r *resolution) keepBrokersInUse() ([]Pool, error) {
	list := wishes(r.in.Pools)
	pools, notes, err := assign(r.in.Kafka.Name, list, r.in.Seen.Holders)
	if err != nil {
		return nil, outcome.Invalid(v1.ReasonInvalidConfiguration, err)
	}
	r.cluster.Notes = append(r.cluster.Notes, notes...)
	if enabled(r.in.Kafka.Annotations, v1.AnnotationSkipScaleDownCheck) || len(leaving(pools)) == 0 {
		return pools, nil
	}
	if r.in.Seen.InUse == nil {
		return nil, errors.New("brokers are about to go, and nobody asked which of them hold replicas")
	}
	r.takeBack(pools, list)
	pools, _, err = assign(r.in.Kafka.Name, list, r.in.Seen.Holders)
	if err != nil {
		return nil, outcome.Invalid(v1.ReasonInvalidConfiguration, err)
	}
	if used := r.used(leaving(pools)); len(used) > 0 {
		return nil, invalid(v1.ReasonInvalidResource, "brokers %s still hold replicas and cannot be removed; move the replicas to other brokers first", join(used))
	}
	return pools, nil
}

// takeBack changes the wishes so that no broker in use leaves.
func (r *resolution) takeBack(pools []Pool, list []wish) {
	removed, demoted := removedBrokers(pools), demotedBrokers(pools)
	if used := r.used(removed); len(used) > 0 {
		r.cluster.BlockedBrokers = removed
		r.takeBackScaleDown(list, used)
	}
	if used := r.used(demoted); len(used) > 0 {
		r.takeBackRoleChange(list, used)
	}
}

func (r *resolution) takeBackScaleDown(list []wish, used []int32) {
	for i := range list {
		w := &list[i]
		current := int32(len(w.pool.Status.NodeIDs))
		if !wasBroker(w.pool) || w.replicas >= current {
			continue
		}
		r.cluster.warn(v1.WarningScaleDownPrevented, w.pool.Name, fmt.Sprintf("Reverting scale-down of KafkaNodePool %s: it keeps %d replicas because brokers %s still hold partition replicas. Move these to other brokers, then the pool shrinks to %d.", w.pool.Name, current, join(used), w.replicas))
		w.replicas = current
	}
}

func (r *resolution) takeBackRoleChange(list []wish, used []int32) {
	for i := range list {
		w := &list[i]
		if !wasBroker(w.pool) || w.broker {
			continue
		}
		r.cluster.warn(v1.WarningScaleDownPrevented, w.pool.Name, fmt.Sprintf("Reverting role change of KafkaNodePool %s: it keeps the role broker because brokers %s still hold partition replicas. Move these to other brokers, then the role goes.", w.pool.Name, join(used)))
		w.broker = true
	}
}

func removedBrokers(pools []Pool) []int32 {
	var ids []int32
	for _, p := range pools {
		if wasBroker(p.spec) {
			ids = append(ids, p.Removed...)
		}
	}
	slices.Sort(ids)
	return ids
}

// demotedBrokers stay as nodes without the broker role.
func demotedBrokers(pools []Pool) []int32 {
	var ids []int32
	for _, p := range pools {
		for _, id := range p.leaving {
			if !slices.Contains(p.Removed, id) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func (r *resolution) used(ids []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return !r.in.Seen.InUse[id] })
}

func join(ids []int32) string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, strconv.Itoa(int(id)))
	}
	return strings.Join(texts, ", ")
}
