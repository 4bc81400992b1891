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
	return append(rulesWithoutFacts(),
		// A node that is not ready is restarted when that may be the cure and nothing depends on it.
		rule{"heal_what_is_unready", healWhatIsUnready},
		// A node that cannot start although it is current needs a person, as no restart of this node or another is left.
		rule{"current_nodes_can_start", currentNodesCanStart},
		// One node that is not ready is a disruption: nothing else may happen meanwhile.
		rule{"all_are_ready", allAreReady},
		// The next outdated one goes if the quorum and the partitions allow it.
		rule{"restart_when_safe", restartWhenSafe},
	)
}

// rulesWithoutFacts need nothing that Kafka says.
func rulesWithoutFacts() []rule {
	return []rule{
		// A node that cannot start as it is costs nothing to restart, and only its newest plan can help it.
		// This is first, so that a cluster broken by its configuration can be mended even while another node hangs.
		{"replace_what_cannot_start", replaceWhatCannotStart},
		// An instance that is being made or ended is a disruption already: nothing else may happen meanwhile.
		{"instances_settled", instancesSettled},
	}
}

// Next decides what to do. It never asks for more than one node.
func Next(s State) Step {
	if step, decided := first(rules(), s); decided {
		return step
	}
	return Step{Action: Done}
}

// NeedsFacts tells whether Next's answer may depend on what Kafka says about quorum and partitions.
func NeedsFacts(s State) bool {
	_, decided := first(rulesWithoutFacts(), s)
	return !decided && slices.ContainsFunc(s.Nodes, outdated)
}

func first(rules []rule, s State) (Step, bool) {
	for _, r := range rules {
		if step, decided := r.decide(s); decided {
			step.Rule = r.name
			return step, true
		}
	}
	return Step{}, false
}

func outdated(n Node) bool { return len(n.Reasons) > 0 }

func unready(n Node) bool { return !n.Ready }

func cannotStart(n Node) bool { return n.Stuck != "" && !n.Ready }

// which returns the nodes that pass, in the order in which they may restart.
func which(s State, pass func(Node) bool) []Node {
	return order(s, slices.DeleteFunc(slices.Clone(s.Nodes), func(n Node) bool { return !pass(n) }))
}

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
	for _, n := range which(s, cannotStart) {
		// One that is stopping was told so already.
		if outdated(n) && n.Exists && !n.Ending {
			return restart(n), true
		}
	}
	return Step{}, false
}

// healWhatIsUnready looks at each of the unready outdated nodes: where one has to stay, another may still be the cure.
func healWhatIsUnready(s State) (Step, bool) {
	for _, n := range which(s, unready) {
		if outdated(n) && unsafe(s, n) == "" {
			return restart(n), true
		}
	}
	return Step{}, false
}

func currentNodesCanStart(s State) (Step, bool) {
	for _, n := range which(s, cannotStart) {
		if !outdated(n) {
			return Step{
				Action: Blocked, Node: n.Name,
				Because: fmt.Sprintf("node %s cannot start (%s), and restarting it would change nothing", n.Name, n.Stuck),
			}, true
		}
	}
	return Step{}, false
}

func allAreReady(s State) (Step, bool) {
	waiting := which(s, unready)
	if len(waiting) == 0 {
		return Step{}, false
	}
	names := make([]string, 0, len(waiting))
	for _, n := range waiting {
		if outdated(n) {
			return Step{Action: Wait, Awaits: Kafka, Node: n.Name, Because: unsafe(s, n)}, true
		}
		names = append(names, n.Name)
	}
	return Step{Action: Wait, Awaits: Platform, Node: names[0], Because: "not ready yet: " + strings.Join(names, ", ")}, true
}

// restartWhenSafe takes the first node that may go. Those of a higher rank wait until all of a lower one are done.
func restartWhenSafe(s State) (Step, bool) {
	candidates := which(s, outdated)
	if len(candidates) == 0 {
		return Step{}, false
	}
	for _, n := range candidates {
		if rank(s, n) == rank(s, candidates[0]) && unsafe(s, n) == "" {
			return restart(n), true
		}
	}
	return Step{Action: Wait, Awaits: Kafka, Node: candidates[0].Name, Because: unsafe(s, candidates[0])}, true
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
	if idle(s, n) {
		return ""
	}
	if why := quorumLeads(s.Quorum, n); why != "" {
		return why
	}
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

// idle tells whether nobody can depend on the node: Kafka did not answer, and no node of any of its roles is ready. There
// is nothing left to protect then, the data stays on its volumes, and waiting for a quorum or for replicas that an
// outdated configuration prevents would be waiting for ever. While Kafka answers, its word counts and not the checks.
func idle(s State, n Node) bool {
	if n.Controller && s.Quorum.Known || n.Broker && s.Partitions.Known {
		return false
	}
	return !slices.ContainsFunc(s.Nodes, func(other Node) bool {
		return other.Ready && (n.Controller && other.Controller || n.Broker && other.Broker)
	})
}

// quorumLeads wants a leader, for brokers too: without one, what brokers say about replicas may have been overtaken,
// and a broker that goes cannot come back.
func quorumLeads(q Quorum, n Node) string {
	if !q.Known {
		return fmt.Sprintf("node %s stays: the state of the controller quorum is not known", n.Name)
	}
	if q.Leader < 0 {
		return fmt.Sprintf("node %s stays: the controller quorum has no leader", n.Name)
	}
	return ""
}

// quorumNeeds keeps a majority of caught-up voters without the node. One that is neither ready nor caught up is not missed.
func quorumNeeds(q Quorum, n Node, fetchTimeoutMillis int64) string {
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
		return fmt.Sprintf("node %s stays: other controllers that are caught up: %d, needed: %d", n.Name, others, need)
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
	return fmt.Sprintf("node %s stays: partitions that would have too few in-sync replicas: %d, among them %s",
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
