package roll

import (
	"fmt"
	"slices"
	"strings"
)

// objection is why a node must not go down now; none when it may.
type objection struct {
	// because is the same as long as the cause is; detail has the counts that change.
	because, detail string
	// excused is set when facts are missing and nobody is left who could tell them.
	excused bool
	// final is set when waiting alone does not help.
	final bool
}

func (o objection) none() bool { return o.because == "" }

func (o objection) step(n Node) Step {
	step := Step{Action: Wait, Awaits: Kafka, Node: n.Name, Because: o.because, Detail: o.detail}
	if o.final {
		step.Action, step.Awaits = Blocked, ""
	}
	return step
}

func stays(n Node, format string, values ...any) objection {
	return objection{because: "node " + n.Name + " stays: " + fmt.Sprintf(format, values...)}
}

// losesData tells whether a restart takes data along that a cluster may need.
func losesData(n Node) bool { return n.Ephemeral && !n.Blank }

// objectionTo says why the node must not go down now.
func objectionTo(s State, n Node) objection {
	if idle(s, n) && !losesData(n) {
		return objection{}
	}
	blindly := false
	for _, o := range []objection{fromQuorum(s, n), fromPartitions(s, n)} {
		if !o.none() && !o.excused {
			return o
		}
		blindly = blindly || o.excused
	}
	if blindly && losesData(n) {
		return fromLosses(s, n)
	}
	return objection{}
}

// idle tells whether nobody can depend on the node: Kafka did not answer, and no node of any of its roles is ready. There
// is nothing left to protect then, the data stays on its volumes, and waiting for a quorum or for replicas that an
// outdated configuration prevents would be waiting for ever. While Kafka answers, its word counts and not the checks. A
// quorum that only controllers tell of is no reason to spare a broker, as no client is served by it.
func idle(s State, n Node) bool {
	answered := s.Quorum.Known
	if n.Broker {
		answered = s.Partitions.Known
	}
	return !answered && !ready(s, func(other Node) bool { return sharesRole(n, other) })
}

func ready(s State, such func(Node) bool) bool {
	return slices.ContainsFunc(s.Nodes, func(n Node) bool { return n.Ready && such(n) })
}

func sharesRole(a, b Node) bool { return a.Controller && b.Controller || a.Broker && b.Broker }

func isController(n Node) bool { return n.Controller }

func isBroker(n Node) bool { return n.Broker }

// fromLosses lets data go of which nobody could say whether it is needed, but never that of two nodes at a time: one that is
// current and not ready may have lost its own. What looks like the end of a cluster may be an outage that passes.
func fromLosses(s State, n Node) objection {
	for _, other := range s.Nodes {
		if other.Name != n.Name && sharesRole(n, other) && other.Ephemeral && !other.Ready && !outdated(other) {
			o := stays(n, "its data would go with it, and node %s, whose data may be gone already, is not ready; "+
				"end %s by hand to give its data up", other.Name, n.Name)
			o.final = true
			return o
		}
	}
	return objection{}
}

// fromQuorum wants a leader, for brokers too: without one, what brokers say about replicas may have been overtaken,
// and a broker that goes cannot come back.
func fromQuorum(s State, n Node) objection {
	if s.Quorum.Known && s.Quorum.Leader >= 0 {
		return quorumNeeds(s.Quorum, n, s.FetchTimeoutMillis)
	}
	o, kind := stays(n, "the controller quorum has no leader"), isBroker
	if !s.Quorum.Known {
		o = stays(n, "the state of the controller quorum is not known")
	}
	if n.Controller {
		kind = isController
	}
	answered := s.Quorum.Known || n.Broker && s.Partitions.Known
	// Controllers that answer their probes may be waiting for this one.
	o.excused = cannotStart(n) && !majorityIsReady(s) || !answered && !ready(s, kind)
	return o
}

func majorityIsReady(s State) bool {
	balance := 0
	for _, n := range s.Nodes {
		switch {
		case n.Controller && n.Ready:
			balance++
		case n.Controller:
			balance--
		}
	}
	return balance > 0
}

// quorumNeeds keeps a majority of caught-up voters without the node. One that is neither ready nor caught up is not missed,
// unless it would come back empty: it would vote all the same.
func quorumNeeds(q Quorum, n Node, fetchTimeoutMillis int64) objection {
	votes := n.Controller && slices.ContainsFunc(q.Voters, func(v Voter) bool { return v.ID == n.ID })
	if !votes || len(q.Voters) == 1 {
		return objection{}
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
	if !n.Ready && !itself && !losesData(n) {
		return objection{}
	}
	need := votersNeeded(len(q.Voters))
	if others >= need {
		return objection{}
	}
	o := stays(n, "too few other controllers are caught up")
	o.detail = fmt.Sprintf("caught up: %d, needed: %d", others, need)
	return o
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

// shownPartitions bounds the length of a message.
const shownPartitions = 3

// fromPartitions keeps every partition writable.
func fromPartitions(s State, n Node) objection {
	if !n.Broker {
		return objection{}
	}
	if !s.Partitions.Known {
		o := stays(n, "the state of the partitions is not known")
		o.excused = !ready(s, isBroker)
		return o
	}
	var needing []string
	for i := range s.Partitions.List {
		if p := &s.Partitions.List[i]; partitionNeeds(p, n) {
			needing = append(needing, fmt.Sprintf("%s-%d", p.Topic, p.Number))
		}
	}
	if len(needing) == 0 {
		return objection{}
	}
	o := stays(n, "partitions would have too few in-sync replicas")
	o.detail = fmt.Sprintf("%d, among them %s", len(needing), strings.Join(needing[:min(len(needing), shownPartitions)], ", "))
	return o
}

// partitionNeeds tells whether the partition would lack in-sync replicas without the node. A node that is not ready
// and not in sync is not missed; a ready one is about to come in sync where too few are.
func partitionNeeds(p *Partition, n Node) bool {
	if !slices.Contains(p.Replicas, n.ID) {
		return false
	}
	inSync := slices.Contains(p.ISR, n.ID)
	if len(p.Replicas) <= p.MinISR {
		// With no replica to spare no restart at all would be possible. But the last copy is not given away while another
		// broker could have one.
		return losesData(n) && inSync && len(p.ISR) == 1 && len(p.Replicas) > 1
	}
	if len(p.ISR) < p.MinISR {
		return n.Ready || inSync
	}
	return len(p.ISR) == p.MinISR && inSync
}
