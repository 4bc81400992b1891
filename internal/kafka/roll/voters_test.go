package roll

import (
	"fmt"
	"math/bits"
	"math/rand"
	"slices"
	"testing"
	"testing/quick"
)

// quorums is a cluster of controllers whose set changes. Each knows the voters that it was started with, and nothing else
// (controller.quorum.voters, KIP-595): it leads if a majority of those follows it, and what such a majority has written is
// committed. The model is as dumb as that: no epochs, no logs.
type quorums struct {
	// views has the voters that each node was started with; a node that is not there does not exist.
	views map[int32]voters
	// wanted is the set that nodes are started with now. Those that it lacks stay until all others have restarted.
	wanted voters
	// down is the node that restarts; -1 for none.
	down int32
	// random picks the leader among those that can lead; without it the first of them leads. A leader leads as long as it can.
	random *rand.Rand
	leader int32
}

// voters is a set of ids as bits.
type voters uint16

func set(ids ...int32) voters {
	var v voters
	for _, id := range ids {
		v |= 1 << id
	}
	return v
}

func (v voters) has(id int32) bool { return v&(1<<id) != 0 }

func (v voters) size() int { return bits.OnesCount16(uint16(v)) }

func (v voters) ids() []int32 {
	var ids []int32
	for id := range int32(16) {
		if v.has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// majorityIn tells whether the nodes are a majority of the voters.
func (v voters) majorityIn(nodes voters) bool { return (nodes&v).size()*2 > v.size() }

// differs counts the members that one set has and the other has not.
func (v voters) differs(other voters) int { return (v ^ other).size() }

func quorumsOf(v voters) *quorums {
	q := &quorums{views: map[int32]voters{}, wanted: v, down: -1, leader: -1}
	for _, id := range v.ids() {
		q.views[id] = v
	}
	return q
}

// change makes newcomers, which start with the new set.
func (q *quorums) change(to voters) {
	q.wanted = to
	for _, id := range to.ids() {
		if _, exists := q.views[id]; !exists {
			q.views[id] = to
		}
	}
}

// mayChange is the rule under test: by one member at a time, as seen from each node.
func (q *quorums) mayChange(to voters) bool {
	for _, view := range q.views {
		if view.differs(to) > 1 {
			return false
		}
	}
	return true
}

func (q *quorums) running() voters {
	var nodes voters
	for id := range q.views {
		if id != q.down {
			nodes |= set(id)
		}
	}
	return nodes
}

// rivals tells whether two groups of nodes could each have a leader, or one commit what the other never hears of: two
// majorities, each in the view of one of its own, with no node in common.
func (q *quorums) rivals() bool {
	running := q.running()
	for group := voters(1); group <= running; group++ {
		if group&^running == 0 && q.leads(group) && q.leads(running&^group) {
			return true
		}
	}
	return false
}

func (q *quorums) leads(group voters) bool {
	return slices.ContainsFunc(group.ids(), func(id int32) bool { return q.views[id].majorityIn(group) })
}

// seen is what an operator sees; the leader is the first that can be, and says who votes in its view.
func (q *quorums) seen() State {
	s := State{FetchTimeoutMillis: 2000, Quorum: Quorum{Leader: -1}, Partitions: Partitions{Known: true}}
	running := q.running()
	q.elect()
	if q.leader >= 0 {
		s.Quorum = Quorum{Known: true, Leader: q.leader}
		for _, voter := range q.views[q.leader].ids() {
			at := int64(0)
			if running.has(voter) {
				at = now
			}
			s.Quorum.Voters = append(s.Quorum.Voters, Voter{voter, at})
		}
	}
	for id := range int32(universe) {
		view, exists := q.views[id]
		if !exists {
			continue
		}
		// A node that does not know the leader waits for it.
		ready := running.has(id) && (q.leader < 0 || view.has(q.leader))
		n := Node{Name: fmt.Sprint("k-", id), ID: id, Controller: true, Exists: true, Ready: ready, Knows: view.ids()}
		switch {
		case !q.wanted.has(id):
			s.Retiring = append(s.Retiring, n)
			continue
		case view != q.wanted:
			n.Reasons = old
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s
}

func (q *quorums) elect() {
	running := q.running()
	var able []int32
	for _, id := range running.ids() {
		if q.views[id].majorityIn(running) {
			able = append(able, id)
		}
	}
	switch {
	case len(able) == 0:
		q.leader = -1
	case slices.Contains(able, q.leader):
	case q.random == nil:
		q.leader = able[0]
	default:
		q.leader = able[q.random.Intn(len(able))]
	}
}

// step takes the next step of the roll; false when all is done and those that are not wanted are gone.
func (q *quorums) step() bool {
	if q.down >= 0 {
		q.down = -1
		return true
	}
	next := Next(q.seen())
	if next.Action == Restart {
		for id := range q.views {
			if fmt.Sprint("k-", id) != next.Node {
				continue
			}
			q.down = id
			if q.wanted.has(id) {
				q.views[id] = q.wanted
			}
		}
		q.elect()
		return true
	}
	if next.Action == Done && len(q.views) > q.wanted.size() {
		for id := range q.views {
			if !q.wanted.has(id) {
				delete(q.views, id)
			}
		}
		return true
	}
	return false
}

func (q *quorums) settled() bool {
	return q.down < 0 && len(q.views) == q.wanted.size() && Next(q.seen()).Action == Done
}

// follow changes the set and takes all steps; it tells whether there ever were rivals, whether there always was somebody to
// lead, and whether it came to an end.
func (q *quorums) follow(to voters) (rivals, led, ended bool) {
	q.change(to)
	led = true
	for range 100 {
		rivals = rivals || q.rivals()
		led = led && q.leads(q.running())
		if !q.step() {
			break
		}
	}
	return rivals, led, q.settled()
}

// universe is all the ids that take part.
const universe = 6

func TestChangesOfTheQuorumByOneMemberNeverSplitIt(t *testing.T) {
	changes := 0
	for from := voters(1); from < 1<<universe; from++ {
		for id := range int32(universe) {
			to := from ^ set(id)
			if to == 0 {
				continue
			}
			changes++
			rivals, led, ended := quorumsOf(from).follow(to)
			if rivals || !ended {
				t.Errorf("%v to %v: rivals %v, ended %v", from.ids(), to.ids(), rivals, ended)
			}
			// One controller cannot be spared, and of two neither.
			if from.size() > 2 && !led {
				t.Errorf("%v to %v: nobody could lead for a while", from.ids(), to.ids())
			}
		}
	}
	if want := (1<<universe-1)*universe - universe; changes != want {
		t.Errorf("%d changes were tried, want %d", changes, want)
	}
}

// TestAnyoneMayLeadWhileTheQuorumChanges lets chance pick the leaders, also one that joins or leaves, and lets leaders crash: no
// node waits for ever for one that it does not know.
func TestAnyoneMayLeadWhileTheQuorumChanges(t *testing.T) {
	moved := 0
	property := func(seed int64) bool {
		q := quorumsOf(voters(1 + rand.New(rand.NewSource(seed)).Intn(1<<universe-1)))
		q.random, q.leader = rand.New(rand.NewSource(seed)), -1
		to := q.wanted ^ set(int32(q.random.Intn(universe)))
		if to == 0 {
			return true
		}
		q.change(to)
		crashes := 3
		for range 200 {
			if q.rivals() {
				return false
			}
			if q.down < 0 && crashes > 0 && q.random.Intn(4) == 0 && q.leader >= 0 {
				q.down, crashes = q.leader, crashes-1
				q.elect()
			}
			if step := Next(q.seen()); step.Rule == "leader_is_known_to_all" && step.Action == Restart {
				moved++
			}
			if !q.step() && q.settled() {
				return true
			}
		}
		return false
	}
	if err := quick.Check(property, cases(20000)); err != nil {
		t.Error(err)
	}
	if moved == 0 {
		t.Error("no leader ever was unknown to a node")
	}
}

// TestWhatWasCommittedBeforeAChangeIsFoundAfterIt needs any majority of the set before to meet any majority of the set after.
func TestWhatWasCommittedBeforeAChangeIsFoundAfterIt(t *testing.T) {
	const all = voters(1<<universe - 1)
	for before := voters(1); before <= all; before++ {
		for id := range int32(universe) {
			after := before ^ set(id)
			for group := voters(1); group <= all; group++ {
				if before.majorityIn(group) && after.majorityIn(all&^group) {
					t.Fatalf("%v to %v: %v has it, and the others go on without", before.ids(), after.ids(), group.ids())
				}
			}
		}
	}
}

func TestChangesOfAnOddQuorumByTwoMembersSplitIt(t *testing.T) {
	tests := map[string]struct{ from, to voters }{
		"from three to one":                            {set(0, 1, 2), set(0)},
		"from one to three":                            {set(0), set(0, 1, 2)},
		"from five to three":                           {set(0, 1, 2, 3, 4), set(0, 1, 2)},
		"from three to five":                           {set(0, 1, 2), set(0, 1, 2, 3, 4)},
		"one of three for another":                     {set(0, 1, 2), set(0, 1, 3)},
		"one of one for another":                       {set(0), set(1)},
		"all three for others":                         {set(0, 1, 2), set(3, 4, 5)},
		"two of three for others, which is four apart": {set(0, 1, 2), set(0, 3, 4)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := quorumsOf(test.from)
			if q.mayChange(test.to) {
				t.Error("the rule allows it")
			}
			if rivals, _, _ := q.follow(test.to); !rivals {
				t.Error("there never were rivals: the model does not see what it is for")
			}
		})
	}
}

// TestAnotherChangeMayFollowBeforeTheFirstIsOver changes the set again and again, in the middle of a roll too, wherever the
// rule allows it.
func TestAnotherChangeMayFollowBeforeTheFirstIsOver(t *testing.T) {
	early := 0
	property := func(seed int64) bool {
		random := rand.New(rand.NewSource(seed))
		q := quorumsOf(voters(1 + random.Intn(1<<universe-1)))
		for range 30 {
			to := q.wanted ^ set(int32(random.Intn(universe)))
			if to != 0 && q.mayChange(to) {
				if !q.settled() {
					early++
				}
				q.change(to)
			}
			for range random.Intn(6) {
				if q.rivals() {
					return false
				}
				q.step()
			}
		}
		for q.step() {
			if q.rivals() {
				return false
			}
		}
		return q.settled()
	}
	if err := quick.Check(property, cases(2000)); err != nil {
		t.Error(err)
	}
	if early == 0 {
		t.Error("no change ever followed early")
	}
}

// TestTwoChangesByOneAreTwoChanges shows why the rule looks at each node's own view, and not at the last wanted set.
func TestTwoChangesByOneAreTwoChanges(t *testing.T) {
	q := quorumsOf(set(0, 1, 2, 3, 4))
	q.change(set(0, 1, 2, 3))
	if q.mayChange(set(0, 1, 2)) {
		t.Error("the rule allows it although nodes still run with the first set")
	}
	if rivals, _, _ := q.follow(set(0, 1, 2)); !rivals {
		t.Error("there never were rivals: the model does not see what it is for")
	}
}

// TestThoseThatLeaveAreNeededToTheEnd takes a controller away that should have stayed.
func TestThoseThatLeaveAreNeededToTheEnd(t *testing.T) {
	q := quorumsOf(set(0, 1, 2))
	q.change(set(0, 1))
	delete(q.views, 2)
	q.down = 0
	if q.leads(q.running()) {
		t.Error("one that restarts and one that is gone are not missed")
	}
}
