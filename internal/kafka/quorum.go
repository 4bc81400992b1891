package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// checkQuorum lets the set of controllers of a cluster that exists change by one node at a time. Every node knows the controllers
// from its configuration alone, so that while nodes restart, some follow the old set and some the new one. Sets that
// differ by more than one node have majorities without a common member: two leaders could be elected, and
// acknowledged records lost. One that leaves has to run until all others have restarted.
func (r *resolution) checkQuorum() {
	wanted := controllerIDs(r.cluster.Nodes)
	if len(wanted) == 0 {
		return
	}
	for _, known := range r.knownQuorums() {
		if why := r.objectionToQuorum(known, wanted); why != "" {
			r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("the controllers of a cluster that exists cannot change from nodes %s to nodes %s: %s", join(known), join(wanted), why))
			return
		}
	}
}

func (r *resolution) objectionToQuorum(known, wanted []int32) string {
	if difference(known, wanted) > 1 {
		return "change spec.replicas and spec.roles of the KafkaNodePools with role controller so that one node joins or leaves, and go on when the cluster is ready"
	}
	for _, id := range known {
		switch {
		case slices.Contains(wanted, id):
		case slices.ContainsFunc(r.cluster.Nodes, func(n Node) bool { return n.ID == id }):
			return fmt.Sprintf("node %d stays, and its role controller cannot be taken away; give the role back in spec.roles", id)
		case !slices.ContainsFunc(r.in.Pools, func(p v1.KafkaNodePool) bool { return slices.Contains(r.in.Seen.Holders[id], p.Name) }):
			return fmt.Sprintf("the KafkaNodePool of node %d is gone before the others could restart without it; create it again, with the annotation %s: \"[%d]\", and set its spec.replicas down instead", id, v1.AnnotationNextNodeIDs, id)
		}
	}
	if name, unknown := r.withoutVoters(); unknown && difference(known, wanted) > 0 {
		return fmt.Sprintf("nobody knows which controllers pod %s was started with; set spec.replicas and spec.roles back, and change them when this operator has restarted all nodes", name)
	}
	return ""
}

// withoutVoters finds a pod that does not say which controllers it was started with: another operator made it.
func (r *resolution) withoutVoters() (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(r.in.Seen.Voters)) {
		if len(r.in.Seen.Voters[name]) == 0 {
			return name, true
		}
	}
	return "", false
}

func controllerIDs(nodes []Node) []int32 {
	var ids []int32
	for _, n := range nodes {
		if n.Controller {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// knownQuorums lists the sets of controllers that nodes may follow: those that running nodes were started with, and the one that was
// decided last, for nodes that are away.
func (r *resolution) knownQuorums() [][]int32 {
	var out [][]int32
	for _, name := range slices.Sorted(maps.Keys(r.in.Seen.Voters)) {
		if known := r.in.Seen.Voters[name]; len(known) > 0 {
			out = append(out, known)
		}
	}
	var decided []int32
	for i := range r.in.Pools {
		if status := r.in.Pools[i].Status; slices.Contains(status.Roles, v1.RoleController) {
			decided = append(decided, status.NodeIDs...)
		}
	}
	if len(decided) > 0 {
		slices.Sort(decided)
		out = append(out, decided)
	}
	return out
}

// difference counts the members that only one of two sets has.
func difference(a, b []int32) int {
	count := 0
	for _, id := range a {
		if !slices.Contains(b, id) {
			count++
		}
	}
	for _, id := range b {
		if !slices.Contains(a, id) {
			count++
		}
	}
	return count
}

// ParseVoters reads the annotation that lists the controllers a node was started with. What is no id is left out.
func ParseVoters(annotation string) []int32 {
	var ids []int32
	for _, text := range strings.Split(annotation, ",") {
		if id, err := strconv.ParseInt(text, 10, 32); err == nil {
			ids = append(ids, int32(id))
		}
	}
	return ids
}

func formatVoters(ids []int32) string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, strconv.Itoa(int(id)))
	}
	return strings.Join(texts, ",")
}
