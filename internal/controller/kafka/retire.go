package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/roll"
	"castellan.io/castellan/internal/plan"
)

// retiringRule names the rule that keeps retiring brokers with replicas.
const retiringRule = "retiring_brokers_are_empty"

// retire lets controllers that the plan no longer has go once every other node knows the smaller quorum: until then
// the old majority needs them. Meanwhile they may have been given replicas, so those that are brokers too are
// asked about once more.
func (r *Reconciler) retire(ctx context.Context, k *v1.Kafka, want *plan.Plan, seen observed, step roll.Step) (roll.Step, error) {
	leaving := retiring(want, seen.nodes)
	if len(leaving) == 0 {
		return step, nil
	}
	if step.Action == roll.Done {
		busy, err := r.retiringInUse(ctx, k, seen, leaving)
		if err != nil {
			return roll.Step{}, fmt.Errorf("ask whether retiring nodes are in use: %w", err)
		}
		if len(busy) == 0 {
			return step, nil
		}
		step = roll.Step{
			Action: roll.Wait, Awaits: roll.Kafka, Node: busy[0], Rule: retiringRule,
			Because: "retiring nodes were given partition replicas, which have to move first: " + strings.Join(busy, ", "),
		}
	}
	keep(want, leaving)
	return step, nil
}

// retiring lists controllers that the plan no longer has, by name. One that is away at the moment is counted among them: it may
// be restarting.
func retiring(want *plan.Plan, nodes plan.Observed) []string {
	var out []string
	for i := range want.Groups {
		g := &want.Groups[i]
		for _, name := range nodes.Groups[g.Set].Instances {
			is, exists := nodes.Instances[name]
			planned := slices.ContainsFunc(g.Instances, func(in plan.Instance) bool { return in.Name == name })
			if !planned && (!exists || is.Roles[string(v1.RoleController)]) {
				out = append(out, name)
			}
		}
	}
	return out
}

// retiringNodes tells a roll about retiring controllers: one of them may lead.
func retiringNodes(names []string, nodes plan.Observed) []roll.Node {
	var out []roll.Node
	for _, name := range names {
		is, exists := nodes.Instances[name]
		if !exists {
			continue
		}
		out = append(out, roll.Node{
			Name: name, ID: is.ID, Controller: true, Broker: is.Roles[string(v1.RoleBroker)],
			Exists: true, Ready: is.Ready, Ending: is.Ending, Stuck: is.Stuck,
			Knows: kafka.ParseVoters(is.Facts[v1.AnnotationQuorumVoters]),
		})
	}
	return out
}

func keep(want *plan.Plan, names []string) {
	for i := range want.Groups {
		g := &want.Groups[i]
		for _, name := range names {
			if strings.HasPrefix(name, g.Set+"-") && !strings.Contains(name[len(g.Set)+1:], "-") {
				g.Retiring = append(g.Retiring, name)
			}
		}
	}
}

// retiringInUse names the retiring brokers that hold replicas.
func (r *Reconciler) retiringInUse(ctx context.Context, k *v1.Kafka, seen observed, names []string) ([]string, error) {
	brokers := map[int32]string{}
	for _, name := range names {
		if is := seen.nodes.Instances[name]; is.Roles[string(v1.RoleBroker)] {
			brokers[is.ID] = name
		}
	}
	if len(brokers) == 0 || kafka.SkipsInUseCheck(k) {
		return nil, nil
	}
	used, err := r.inUse(ctx, k, seen, sortedIDs(brokers))
	if err != nil {
		return nil, err
	}
	var busy []string
	for _, id := range sortedIDs(brokers) {
		if used[id] {
			busy = append(busy, brokers[id])
		}
	}
	return busy, nil
}

func sortedIDs(byID map[int32]string) []int32 {
	out := make([]int32, 0, len(byID))
	for id := range byID {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
