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
		// While the set of controllers changes, nodes may wait for an active controller that they do not know.
		rule{"leader_is_known_to_all", leaderIsKnownToAll},
		// A node that is not ready is restarted when that may be the cure and nothing depends on it.
		rule{"heal_what_is_unready", healWhatIsUnready},
		// Brokers may be waiting for the very change that an outdated controller lacks.
		rule{"controllers_do_not_wait_for_brokers", controllersDoNotWaitForBrokers},
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
		// A node that cannot start as it is costs nothing to restart, unless its data goes with it, and only its newest
		// plan can help it.
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
	return !decided && (slices.ContainsFunc(s.Nodes, outdated) || divided(s))
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
	for _, n := range s.Retiring {
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
		if outdated(n) && n.Exists && !n.Ending && !losesData(n) {
			return restart(n), true
		}
	}
	return Step{}, false
}

// healWhatIsUnready looks at each of the unready outdated nodes: where one has to stay, another may still be the cure.
// Those that cannot start come first, as nothing else can help them.
func healWhatIsUnready(s State) (Step, bool) {
	waiting := which(s, func(n Node) bool { return unready(n) && outdated(n) })
	stuck := slices.DeleteFunc(slices.Clone(waiting), func(n Node) bool { return !cannotStart(n) })
	for _, n := range slices.Concat(stuck, waiting) {
		if objectionTo(s, n).none() {
			return restart(n), true
		}
	}
	return Step{}, false
}

// controllersDoNotWaitForBrokers restarts an outdated controller when all that is not ready are mere brokers. To the quorum
// they make no difference, and the partitions on a controller that is a broker too are asked about as ever.
func controllersDoNotWaitForBrokers(s State) (Step, bool) {
	waiting := which(s, unready)
	if len(waiting) == 0 || slices.ContainsFunc(waiting, func(n Node) bool { return n.Controller }) {
		return Step{}, false
	}
	step, decided := firstThatMayGo(s, which(s, func(n Node) bool { return outdated(n) && n.Controller }))
	if decided && step.Action != Restart {
		step.Because += "; not ready meanwhile: " + names(waiting)
	}
	return step, decided
}

func currentNodesCanStart(s State) (Step, bool) {
	for _, n := range which(s, cannotStart) {
		if outdated(n) || !n.Controller && slices.ContainsFunc(s.Nodes, mayMendBrokers) {
			continue
		}
		return Step{
			Action: Blocked, Node: n.Name,
			Because: fmt.Sprintf("node %s cannot start (%s), and restarting it would change nothing", n.Name, n.Stuck),
		}, true
	}
	return Step{}, false
}

// mayMendBrokers is true of controllers that are about to change.
func mayMendBrokers(n Node) bool {
	return n.Controller && (outdated(n) || !n.Ready && n.Stuck == "")
}

func allAreReady(s State) (Step, bool) {
	waiting := which(s, unready)
	for _, n := range waiting {
		if outdated(n) {
			return objectionTo(s, n).step(n), true
		}
	}
	for _, n := range s.Retiring {
		if unready(n) && !cannotStart(n) {
			waiting = append(waiting, n)
		}
	}
	if len(waiting) == 0 {
		return Step{}, false
	}
	step := Step{Action: Wait, Awaits: Platform, Node: waiting[0].Name, Because: "not ready yet: " + names(waiting)}
	if divided(s) {
		// They may be waiting for a leader that they know.
		step.Awaits = Kafka
	}
	return step, true
}

func names(nodes []Node) string {
	list := make([]string, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	return strings.Join(list, ", ")
}

func restartWhenSafe(s State) (Step, bool) {
	return firstThatMayGo(s, which(s, outdated))
}

// firstThatMayGo takes the first candidate that may go. Those of a higher rank wait until all of a lower one are done.
func firstThatMayGo(s State, candidates []Node) (Step, bool) {
	if len(candidates) == 0 {
		return Step{}, false
	}
	for _, n := range candidates {
		if rank(s, n) == rank(s, candidates[0]) && objectionTo(s, n).none() {
			return restart(n), true
		}
	}
	return objectionTo(s, candidates[0]).step(candidates[0]), true
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
