package roll

import (
	"fmt"
	"slices"
	"strings"
)

// rule looks at the state and either decides or passes.
type rule struct {
	name   string
	decide func(State) (Step, bool)
}

// rules in the order in which they are asked; the first that decides wins.
func rules() []rule {
	return []rule{
		// An instance that is being made or ended is a disruption already: nothing else may happen meanwhile.
		{"instances_settled", instancesSettled},
		// A node that cannot start as it is costs nothing to restart, and only its newest plan can help it.
		{"replace_what_cannot_start", replaceWhatCannotStart},
		// A node that cannot start although it is current needs a person.
		{"current_nodes_can_start", currentNodesCanStart},
		// A node that is not ready is awaited, unless it is outdated and its restart may be the cure.
		{"heal_or_await_unready", healOrAwaitUnready},
		// All are ready: the next outdated one goes if the quorum and the partitions allow it.
		{"restart_when_safe", restartWhenSafe},
	}
}

// Next decides what to do. It never asks for more than one node.
func Next(s State) Step {
	for _, r := range rules() {
		if step, decided := r.decide(s); decided {
			step.Rule = r.name
			return step
		}
	}
	return Step{Action: Done}
}

// NeedsFacts tells whether Next's answer may depend on what Kafka says about quorum and partitions.
func NeedsFacts(s State) bool {
	return slices.ContainsFunc(s.Nodes, outdated)
}

func outdated(n Node) bool { return len(n.Reasons) > 0 }

func instancesSettled(s State) (Step, bool) {
	for _, n := range s.Nodes {
		if !n.Exists {
			return await(n, "is being created"), true
		}
		if n.Ending {
			return await(n, "is stopping"), true
		}
	}
	return Step{}, false
}

func await(n Node, what string) Step {
	return Step{Action: Wait, Awaits: Platform, Node: n.Name, Because: fmt.Sprintf("node %s %s", n.Name, what)}
}

func restart(n Node) Step {
	return Step{Action: Restart, Node: n.Name, Reasons: n.Reasons}
}

func replaceWhatCannotStart(s State) (Step, bool) {
	for _, n := range s.Nodes {
		if n.Stuck != "" && !n.Ready && outdated(n) {
			return restart(n), true
		}
	}
	return Step{}, false
}

func currentNodesCanStart(s State) (Step, bool) {
	for _, n := range s.Nodes {
		if n.Stuck != "" && !n.Ready {
			return Step{
				Action: Blocked, Node: n.Name,
				Because: fmt.Sprintf("node %s cannot start (%s), and restarting it would change nothing", n.Name, n.Stuck),
			}, true
		}
	}
	return Step{}, false
}

// healOrAwaitUnready restarts an unready outdated node only when no ready node depends on it. Where no node is ready
// there is nothing left to protect: the cluster serves nobody, its data stays on its volumes, and waiting for a
// quorum that the outdated configuration prevents would wait for ever.
func healOrAwaitUnready(s State) (Step, bool) {
	unready := slices.DeleteFunc(slices.Clone(s.Nodes), func(n Node) bool { return n.Ready })
	if len(unready) == 0 {
		return Step{}, false
	}
	for _, n := range order(s, unready) {
		if !outdated(n) {
			continue
		}
		if len(unready) == len(s.Nodes) {
			return restart(n), true
		}
		if why := unsafe(s, n); why != "" {
			return Step{Action: Wait, Awaits: Kafka, Node: n.Name, Because: why}, true
		}
		return restart(n), true
	}
	names := make([]string, 0, len(unready))
	for _, n := range unready {
		names = append(names, n.Name)
	}
	return Step{Action: Wait, Awaits: Platform, Node: names[0], Because: "not ready yet: " + strings.Join(names, ", ")}, true
}

func restartWhenSafe(s State) (Step, bool) {
	candidates := order(s, slices.DeleteFunc(slices.Clone(s.Nodes), func(n Node) bool { return !outdated(n) }))
	if len(candidates) == 0 {
		return Step{}, false
	}
	next := candidates[0]
	if why := unsafe(s, next); why != "" {
		return Step{Action: Wait, Awaits: Kafka, Node: next.Name, Because: why}, true
	}
	return restart(next), true
}

// order puts controllers before brokers, as brokers follow the quorum's metadata, and the active controller
// after the others, so that it moves once.
func order(s State, nodes []Node) []Node {
	out := slices.Clone(nodes)
	slices.SortStableFunc(out, func(a, b Node) int { return rank(s, a) - rank(s, b) })
	return out
}

func rank(s State, n Node) int {
	switch {
	case !n.Controller:
		return 2
	case s.Quorum.Known && s.Quorum.Leader == n.ID:
		return 1
	}
	return 0
}

// unsafe says why the node must not go down now; empty when it may.
func unsafe(s State, n Node) string {
	if n.Controller {
		if why := quorumNeeds(s.Quorum, n, s.FetchTimeoutMillis); why != "" {
			return why
		}
	}
	if n.Broker {
		return partitionsNeed(s.Partitions, n)
	}
	return ""
}

// quorumNeeds keeps a majority of caught-up voters without the node. One that is neither ready nor caught up is not missed.
func quorumNeeds(q Quorum, n Node, fetchTimeoutMillis int64) string {
	if !q.Known {
		return fmt.Sprintf("node %s stays: the state of the controller quorum is not known", n.Name)
	}
	if q.Leader < 0 {
		return fmt.Sprintf("node %s stays: the controller quorum has no leader", n.Name)
	}
	if !slices.ContainsFunc(q.Voters, func(v Voter) bool { return v.ID == n.ID }) || len(q.Voters) == 1 {
		return ""
	}
	others, itself := 0, false
	for _, v := range q.Voters {
		if !caughtUp(q, v, fetchTimeoutMillis) {
			continue
		}
		if v.ID == n.ID {
			itself = true
			continue
		}
		others++
	}
	if !n.Ready && !itself {
		return ""
	}
	if need := votersNeeded(len(q.Voters)); others < need {
		return fmt.Sprintf("node %s stays: %d of the other controllers are caught up, %d must be", n.Name, others, need)
	}
	return ""
}

// votersNeeded is how many caught-up voters must remain besides the one that restarts.
func votersNeeded(total int) int {
	if total == 2 {
		return 1
	}
	return (total + 2) / 2
}

func caughtUp(q Quorum, v Voter, fetchTimeoutMillis int64) bool {
	if v.ID == q.Leader {
		return true
	}
	if v.LastCaughtUp < 0 {
		return false
	}
	for _, leader := range q.Voters {
		if leader.ID == q.Leader {
			return leader.LastCaughtUp >= 0 && leader.LastCaughtUp-v.LastCaughtUp < fetchTimeoutMillis
		}
	}
	return false
}

// partitionsNeed keeps every partition writable. A partition with no replica to spare is not counted: no restart
// at all would be possible otherwise.
func partitionsNeed(p Partitions, n Node) string {
	if !p.Known {
		return fmt.Sprintf("node %s stays: the state of the partitions is not known", n.Name)
	}
	var needing []string
	for i := range p.List {
		if partitionNeeds(&p.List[i], n) {
			needing = append(needing, fmt.Sprintf("%s-%d", p.List[i].Topic, p.List[i].Number))
		}
	}
	if len(needing) == 0 {
		return ""
	}
	shown := needing[:min(len(needing), shownPartitions)]
	return fmt.Sprintf("node %s stays: %d partitions would have too few in-sync replicas, among them %s",
		n.Name, len(needing), strings.Join(shown, ", "))
}

// shownPartitions bounds the length of a message.
const shownPartitions = 3

// partitionNeeds tells whether the partition would lack in-sync replicas without the node. A node that is not ready
// and not in sync is not missed; a ready one is about to come in sync where too few are.
func partitionNeeds(p *Partition, n Node) bool {
	if !slices.Contains(p.Replicas, n.ID) || len(p.Replicas) <= p.MinISR {
		return false
	}
	inSync := slices.Contains(p.ISR, n.ID)
	if len(p.ISR) < p.MinISR {
		return n.Ready || inSync
	}
	return len(p.ISR) == p.MinISR && inSync
}
