package roll

import (
	"fmt"
	"slices"
)

// codeConfigChange is the API's code for a restart that lets a node, or those that follow it, get on with a changed configuration.
const codeConfigChange = "ConfigChangeRequiresRestart"

// leaderIsKnownToAll restarts a leader that a node does not know, so that another one leads. A node knows the controllers that it
// was started with (controller.quorum.voters); under any other leader it is fenced, or does not start. Sets differ
// by the one controller that joins or leaves, so that whoever leads next is known to all.
func leaderIsKnownToAll(s State) (Step, bool) {
	leader, found := activeController(s)
	if !found {
		return Step{}, false
	}
	strangers := slices.DeleteFunc(members(s), func(n Node) bool { return !n.Exists || len(n.Knows) == 0 || slices.Contains(n.Knows, leader.ID) })
	if len(strangers) == 0 {
		return Step{}, false
	}
	if !leader.Exists || leader.Ending {
		return await(leader, "is stopping"), true
	}
	why := fmt.Sprintf("it leads the controllers, and node %s does not know it", strangers[0].Name)
	o := fromPartitions(s, leader)
	if !othersCanLead(s, leader) {
		o = stays(leader, "%s, but too few other controllers are caught up", why)
	}
	if !o.none() {
		// A restart makes an outdated stranger know the leader, too.
		if step, decided := healWhatIsUnready(s); decided {
			return step, true
		}
		return o.step(leader), true
	}
	return Step{Action: Restart, Node: leader.Name, Reasons: []Reason{{Code: codeConfigChange, Text: why}}}, true
}

// divided tells whether nodes know different sets of controllers.
func divided(s State) bool {
	var first []int32
	for _, n := range members(s) {
		switch {
		case len(n.Knows) == 0:
		case first == nil:
			first = n.Knows
		case !slices.Equal(first, n.Knows):
			return true
		}
	}
	return false
}

func members(s State) []Node { return slices.Concat(s.Nodes, s.Retiring) }

func activeController(s State) (Node, bool) {
	if !s.Quorum.Known || s.Quorum.Leader < 0 {
		return Node{}, false
	}
	all := members(s)
	i := slices.IndexFunc(all, func(n Node) bool { return n.ID == s.Quorum.Leader })
	if i < 0 {
		return Node{}, false
	}
	return all[i], true
}

// othersCanLead tells whether one of the caught-up controllers has a majority among them, by the set that it knows itself.
func othersCanLead(s State, leader Node) bool {
	var others []int32
	for _, v := range s.Quorum.Voters {
		if v.ID != leader.ID && caughtUp(s.Quorum, v, s.FetchTimeoutMillis) {
			others = append(others, v.ID)
		}
	}
	return slices.ContainsFunc(members(s), func(n Node) bool {
		votes := 0
		for _, id := range n.Knows {
			if slices.Contains(others, id) {
				votes++
			}
		}
		return slices.Contains(others, n.ID) && votes*2 > len(n.Knows)
	})
}
