package roll

import "slices"

// world is a cluster in which restarts and the passing of time have their effects.
type world struct {
	State
	// apart means that nodes of the old and the new configuration do not understand each other.
	apart bool
	// barred means that outdated controllers do not let brokers in.
	barred bool
	// outage means that no node can become ready and nobody answers.
	outage bool
}

// seen is what an operator sees: controllers tell of the quorum if there is a leader, brokers of the rest when one is ready.
func (w *world) seen() State {
	s := w.State
	s.Nodes = slices.Clone(s.Nodes)
	if w.Quorum.Leader < 0 || w.outage {
		s.Quorum = Quorum{}
	}
	if w.outage || !ready(s, isBroker) {
		s.Partitions = Partitions{}
	}
	return s
}

// recover ends an outage: what runs serves again.
func (w *world) recover() {
	w.outage = false
	for i := range w.Nodes {
		if n := &w.Nodes[i]; n.Exists && !n.Ending && n.Stuck == "" {
			n.Ready = true
		}
	}
	w.elect()
}

func (w *world) node(name string) *Node {
	return &w.Nodes[slices.IndexFunc(w.Nodes, func(n Node) bool { return n.Name == name })]
}

// restart stops a node. It leaves the quorum's and the partitions' in-sync members; the last replica in sync stays in its ISR, as in Kafka.
func (w *world) restart(name string) {
	n := w.node(name)
	n.Ending, n.Ready, n.Stuck, n.Reasons, n.Blank = true, false, "", nil, false
	w.leave(n.ID)
}

func (w *world) leave(id int32) {
	for i := range w.Partitions.List {
		p := &w.Partitions.List[i]
		if rest := without(p.ISR, id); len(rest) > 0 {
			p.ISR = rest
		}
	}
	for i := range w.Quorum.Voters {
		if w.Quorum.Voters[i].ID == id {
			w.Quorum.Voters[i].LastCaughtUp = 0
		}
	}
	if w.Quorum.Leader == id {
		w.Quorum.Leader = -1
	}
	w.elect()
}

// elect makes the first voter that is ready the leader when a majority of them is.
func (w *world) elect() {
	if w.Quorum.Leader >= 0 {
		return
	}
	var ready []int
	for i, v := range w.Quorum.Voters {
		if slices.ContainsFunc(w.Nodes, func(n Node) bool { return n.ID == v.ID && n.Ready }) {
			ready = append(ready, i)
		}
	}
	if len(ready)*2 > len(w.Quorum.Voters) {
		w.Quorum.Leader = w.Quorum.Voters[ready[0]].ID
		w.Quorum.Voters[ready[0]].LastCaughtUp = now
	}
}

// now is when voters that are caught up were so last; the others were at 0.
const now = 1_000_000

// pass lets the next thing happen that happens by itself; false when nothing does.
func (w *world) pass() bool {
	for i := range w.Nodes {
		n := &w.Nodes[i]
		switch {
		case n.Ending:
			n.Ending, n.Exists = false, false
		case !n.Exists:
			n.Exists = true
		case !n.Ready && n.Stuck == "" && !outdated(*n) && !w.outage && w.understood() && w.letIn(*n):
			n.Ready = true
			w.elect()
		case n.Ready && w.catchUp(n.ID):
		default:
			continue
		}
		return true
	}
	return false
}

// understood tells whether a node of the new configuration finds enough others of its kind.
func (w *world) understood() bool {
	current := 0
	for _, n := range w.Nodes {
		if !outdated(n) {
			current++
		}
	}
	return !w.apart || current*2 > len(w.Nodes)
}

func (w *world) letIn(n Node) bool {
	return n.Controller || !w.barred || !slices.ContainsFunc(w.Nodes, func(other Node) bool { return other.Controller && outdated(other) })
}

// catchUp brings a node in sync everywhere; false when it is.
func (w *world) catchUp(id int32) bool {
	changed := false
	for i := range w.Partitions.List {
		p := &w.Partitions.List[i]
		if slices.Contains(p.Replicas, id) && !slices.Contains(p.ISR, id) {
			p.ISR, changed = append(slices.Clone(p.ISR), id), true
		}
	}
	for i := range w.Quorum.Voters {
		if v := &w.Quorum.Voters[i]; v.ID == id && v.LastCaughtUp != now && w.Quorum.Leader >= 0 {
			v.LastCaughtUp, changed = now, true
		}
	}
	return changed
}

func without(ids []int32, id int32) []int32 {
	return slices.DeleteFunc(slices.Clone(ids), func(other int32) bool { return other == id })
}

// follow takes the steps that Next wants until it is done, or nothing happens any more, and shows each to the caller.
// It is false when it did not come to an end.
func (w *world) follow(show func(before State, step Step)) bool {
	for range 100 * (len(w.Nodes) + 1) {
		before := w.seen()
		step := Next(before)
		show(before, step)
		switch {
		case step.Action == Done:
			return true
		case step.Action == Restart:
			w.restart(step.Node)
		case !w.pass():
			return false
		}
	}
	return false
}
