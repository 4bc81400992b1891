package roll

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"testing/quick"
)

// Generate makes a healthy cluster of up to seven nodes some of which are outdated, and some of those cannot start.
func (world) Generate(random *rand.Rand, _ int) reflect.Value {
	w := world{State: State{FetchTimeoutMillis: 2000, Quorum: Quorum{Known: true, Leader: -1}, Partitions: Partitions{Known: true}}}
	controllers, brokers, combined := 1+random.Intn(4), 1+random.Intn(4), random.Intn(2) == 0
	for id := range int32(controllers + brokers) {
		n := Node{Name: fmt.Sprint("k-", id), ID: id, Exists: true, Ready: true}
		n.Controller = int(id) < controllers
		n.Broker = combined || !n.Controller
		if random.Intn(3) > 0 {
			n.Reasons = old
		}
		w.Nodes = append(w.Nodes, n)
	}
	for range random.Intn(8) {
		w.Partitions.List = append(w.Partitions.List, randomPartition(random, w.Nodes))
	}
	for _, n := range w.Nodes {
		if n.Controller {
			w.Quorum.Voters = append(w.Quorum.Voters, Voter{n.ID, now})
		}
	}
	w.Quorum.Leader = w.Quorum.Voters[random.Intn(len(w.Quorum.Voters))].ID
	if random.Intn(2) == 0 {
		w.crash(random)
	}
	return reflect.ValueOf(w)
}

func randomPartition(random *rand.Rand, nodes []Node) Partition {
	var brokers []int32
	for _, n := range nodes {
		if n.Broker {
			brokers = append(brokers, n.ID)
		}
	}
	random.Shuffle(len(brokers), func(i, j int) { brokers[i], brokers[j] = brokers[j], brokers[i] })
	replicas := brokers[:1+random.Intn(len(brokers))]
	return Partition{Topic: "t", Number: random.Int31(), Replicas: replicas, ISR: slices.Clone(replicas), MinISR: 1 + random.Intn(3)}
}

// crash makes some of the outdated nodes unable to start.
func (w *world) crash(random *rand.Rand) {
	for i := range w.Nodes {
		n := &w.Nodes[i]
		if outdated(*n) && random.Intn(2) == 0 {
			n.Ready, n.Stuck = false, "CrashLoopBackOff"
			w.leave(n.ID)
		}
	}
}

// cases are the same each time, so that a failure can be repeated.
func cases(count int) *quick.Config {
	return &quick.Config{MaxCount: count, Rand: rand.New(rand.NewSource(1))}
}

func TestEveryOutdatedNodeRestartsOnceAndSafely(t *testing.T) {
	property := func(w world) bool {
		want, got := map[string]int{}, map[string]int{}
		for _, n := range w.Nodes {
			if outdated(n) {
				want[n.Name] = 1
			}
		}
		safely := true
		ended := w.follow(func(before State, step Step) {
			if step.Action == Restart {
				got[step.Node]++
				safely = safely && isSafe(before, step.Node)
			}
		})
		return ended && safely && reflect.DeepEqual(want, got)
	}
	if err := quick.Check(property, cases(5000)); err != nil {
		t.Error(err)
	}
}

// TestAnOutageTakesTheDataOfOneNodeAtMost lets nobody answer and nobody be ready, whatever is outdated or stuck.
func TestAnOutageTakesTheDataOfOneNodeAtMost(t *testing.T) {
	restarted := 0
	property := func(w world) bool {
		w.outage = true
		for i := range w.Nodes {
			w.Nodes[i].Ephemeral, w.Nodes[i].Ready = true, false
		}
		controllers, brokers := 0, 0
		w.follow(func(_ State, step Step) {
			if step.Action != Restart {
				return
			}
			restarted++
			n := w.node(step.Node)
			if n.Controller {
				controllers++
			}
			if n.Broker {
				brokers++
			}
		})
		return controllers <= 1 && brokers <= 1
	}
	if err := quick.Check(property, cases(2000)); err != nil {
		t.Error(err)
	}
	if restarted == 0 {
		t.Error("no node was ever restarted")
	}
}

// TestTheLastCopyStays restarts ephemeral nodes, some of which crash: none takes the only copy of a partition that has replicas
// elsewhere, and nobody is stranded when none crashes.
func TestTheLastCopyStays(t *testing.T) {
	property := func(w world) bool {
		crashed := false
		for i := range w.Nodes {
			w.Nodes[i].Ephemeral = true
			crashed = crashed || !w.Nodes[i].Ready
		}
		kept := true
		ended := w.follow(func(before State, step Step) {
			if step.Action == Restart && before.Partitions.Known {
				kept = kept && !hasLastCopy(before, w.node(step.Node).ID)
			}
		})
		return kept && (ended || crashed)
	}
	if err := quick.Check(property, cases(5000)); err != nil {
		t.Error(err)
	}
}

func hasLastCopy(s State, id int32) bool {
	return slices.ContainsFunc(s.Partitions.List, func(p Partition) bool {
		return len(p.Replicas) > 1 && len(p.ISR) == 1 && p.ISR[0] == id
	})
}

// isSafe tells whether a restart takes nothing away: the node does not run anyway, or it is the only one that will not, but
// for brokers while controllers restart, and quorum and partitions can do without it.
func isSafe(s State, name string) bool {
	i := slices.IndexFunc(s.Nodes, func(n Node) bool { return n.Name == name })
	n := s.Nodes[i]
	if !n.Ready {
		return n.Exists && !n.Ending
	}
	if slices.ContainsFunc(s.Nodes, func(other Node) bool {
		return !other.Exists || other.Ending || !other.Ready && (other.Controller || !n.Controller)
	}) {
		return false
	}
	return (!n.Controller || quorumWithout(s.Quorum, n)) && (!n.Broker || partitionsWithout(s.Partitions, n))
}

// quorumWithout is the rule for the quorum once more, by counting.
func quorumWithout(q Quorum, n Node) bool {
	last := map[int32]int64{}
	for _, v := range q.Voters {
		last[v.ID] = v.LastCaughtUp
	}
	_, votes := last[n.ID]
	if !votes || len(last) == 1 {
		return true
	}
	caughtUp := map[int32]bool{q.Leader: true}
	for id, at := range last {
		if at >= 0 && last[q.Leader] >= 0 && last[q.Leader]-at < 2000 {
			caughtUp[id] = true
		}
	}
	if !n.Ready && !caughtUp[n.ID] {
		return true
	}
	delete(caughtUp, n.ID)
	if len(last) == 2 {
		return len(caughtUp) == 1
	}
	return len(caughtUp)*2 > len(last)
}

// partitionsWithout is the rule for the partitions once more, by taking the node away.
func partitionsWithout(p Partitions, n Node) bool {
	for _, partition := range p.List {
		rest := without(partition.ISR, n.ID)
		spare := len(partition.Replicas) > partition.MinISR
		missed := n.Ready || len(rest) < len(partition.ISR)
		if slices.Contains(partition.Replicas, n.ID) && spare && missed && len(rest) < partition.MinISR {
			return false
		}
	}
	return true
}

func TestQuorumRuleAgreesWithCounting(t *testing.T) {
	property := func(leader uint8, ages []uint16, id uint8, ready bool) bool {
		q := Quorum{Known: true}
		for i, age := range ages[:min(len(ages), 7)] {
			q.Voters = append(q.Voters, Voter{ID: int32(i), LastCaughtUp: int64(age)%4000 - 100})
		}
		if len(q.Voters) == 0 {
			return true
		}
		q.Leader = int32(leader) % int32(len(q.Voters))
		n := Node{Name: "k", ID: int32(id) % 8, Ready: ready, Controller: true}
		return quorumNeeds(q, n, 2000).none() == quorumWithout(q, n)
	}
	if err := quick.Check(property, cases(50000)); err != nil {
		t.Error(err)
	}
}

func TestPartitionRuleAgreesWithTakingAway(t *testing.T) {
	property := func(replicas, isr uint8, least uint8, id uint8, ready bool) bool {
		p := Partition{Topic: "t", Replicas: voters(replicas).ids(), ISR: voters(replicas & isr).ids(), MinISR: int(least%4) + 1}
		n := Node{Name: "k", ID: int32(id) % 8, Ready: ready, Broker: true}
		partitions := Partitions{Known: true, List: []Partition{p}}
		return fromPartitions(State{Partitions: partitions}, n).none() == partitionsWithout(partitions, n)
	}
	if err := quick.Check(property, cases(50000)); err != nil {
		t.Error(err)
	}
}
