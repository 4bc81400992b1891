package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Broker is one registered broker.
type Broker struct {
	// ID in Kafka.
	ID int32
	// Rack that it is in. Brokers without one share the rack "", as in Kafka's own placement.
	Rack string
	// Usable is set if it may get replicas: it is neither fenced nor cordoned.
	Usable bool
	// Replicas is how many replicas of all topics it holds.
	Replicas int
}

// Partition is one partition of the topic, as Kafka describes it.
type Partition struct {
	// Number of the partition.
	Number int32
	// Replicas are the ids of its brokers, the preferred leader first; while a reassignment runs, those that it adds and
	// removes are among them.
	Replicas []int32
	// ISR are the ids of the brokers in sync. If nil, it is not known, and all replicas that are not just being added
	// count as in sync.
	ISR []int32
	// Adding and Removing are the ids that a running reassignment adds and removes; none if none runs.
	Adding, Removing []int32
}

// Move is a new list of replicas for one partition.
type Move struct {
	// Partition is its number.
	Partition int32
	// Replicas are the ids of the brokers it gets, the preferred leader first.
	Replicas []int32
	// Supersedes is set if the partition moves already, to another number of replicas: this move takes that one's place.
	Supersedes bool
	// Reason tells a person why, and what changes.
	Reason string
}

// Plan returns a move for every partition that neither has the wanted number of replicas nor is on its way there, in
// the order of the partitions. The brokers are all that are registered, fenced ones too, in any order.
//
// Growing keeps all replicas on registered brokers: Kafka refuses lists that name others. Shrinking keeps the preferred
// leader if its broker is usable. At least one replica in sync stays in any case.
//
// The error is a *TooFewReplicas or a *TooFewBrokers. There is none if nothing is to be done: a topic does not become
// wrong because brokers are down.
func Plan(brokers []Broker, partitions []Partition, target int32) ([]Move, error) {
	if target < 1 {
		return nil, &TooFewReplicas{Target: target}
	}
	p := newPlanner(brokers, int(target))
	for _, partition := range partitions {
		p.take(partition)
	}
	if len(p.drafts) == 0 {
		return nil, nil
	}
	if len(p.usable) < int(target) {
		return nil, &TooFewBrokers{Target: target, Usable: p.usable}
	}
	for _, d := range p.drafts {
		p.shrink(d)
	}
	for _, d := range p.drafts {
		p.grow(d)
	}
	p.level()
	moves := make([]Move, 0, len(p.drafts))
	for _, d := range p.drafts {
		moves = append(moves, p.move(d))
	}
	return moves, nil
}

// planner holds what all partitions share.
type planner struct {
	target  int
	brokers map[int32]Broker
	// usable ids, ascending.
	usable []int32
	// topic and all count the replicas of this topic and of all topics by broker, when all that is planned is done.
	topic, all map[int32]int
	drafts     []*draft
}

// draft is a move that is being made up.
type draft struct {
	partition Partition
	// insync are the ids whose data is complete.
	insync []int32
	// kept ids stay, and added ones join, in this order.
	kept, added []int32
	// left says of each replica that leaves why.
	left []string
}

func newPlanner(brokers []Broker, target int) *planner {
	p := &planner{target: target, brokers: map[int32]Broker{}, topic: map[int32]int{}, all: map[int32]int{}}
	for _, b := range brokers {
		p.brokers[b.ID], p.all[b.ID] = b, b.Replicas
		if b.Usable {
			p.usable = append(p.usable, b.ID)
		}
	}
	slices.Sort(p.usable)
	return p
}

// take counts the partition, and begins a draft if it must change.
func (p *planner) take(partition Partition) {
	if leads := partition.leads(); len(leads) == p.target {
		p.count(leads, 1)
		return
	}
	d := &draft{partition: partition, insync: partition.insync()}
	d.kept = p.start(d)
	for _, id := range without(partition.leads(), d.kept) {
		d.left = append(d.left, leaves(id, "not registered"))
	}
	p.count(d.kept, 1)
	p.drafts = append(p.drafts, d)
}

// leads is where a running reassignment leads to, or else where the partition is.
func (p Partition) leads() []int32 { return without(p.Replicas, p.Removing) }

func (p Partition) insync() []int32 {
	if p.ISR != nil {
		return p.ISR
	}
	return without(p.Replicas, p.Adding)
}

// start is what the change begins with. What a running reassignment removes goes, as somebody decided, unless all
// data is there. Brokers that are not registered go as well, with the same exception.
func (p *planner) start(d *draft) []int32 {
	ids := d.partition.leads()
	if !d.safe(ids) {
		ids = slices.Clone(d.partition.Replicas)
	}
	registered := slices.DeleteFunc(slices.Clone(ids), func(id int32) bool {
		_, known := p.brokers[id]
		return !known
	})
	if d.safe(registered) {
		return registered
	}
	return ids
}

// safe tells whether one of the ids is in sync, if any is.
func (d *draft) safe(ids []int32) bool {
	return len(d.insync) == 0 || d.synced(ids) > 0
}

func (d *draft) synced(ids []int32) int {
	count := 0
	for _, id := range ids {
		if slices.Contains(d.insync, id) {
			count++
		}
	}
	return count
}

func (d *draft) replicas() []int32 { return slices.Concat(d.kept, d.added) }

func (d *draft) holds(id int32) bool {
	return slices.Contains(d.kept, id) || slices.Contains(d.added, id)
}

func (p *planner) count(ids []int32, by int) {
	for _, id := range ids {
		p.topic[id] += by
	}
}

// racks counts the draft's replicas by rack.
func (p *planner) racks(d *draft) map[string]int {
	racks := map[string]int{}
	for _, id := range d.replicas() {
		if b, known := p.brokers[id]; known {
			racks[b.Rack]++
		}
	}
	return racks
}

// grow adds brokers: in racks that the partition lacks, then with few replicas of the topic, then with few of all.
func (p *planner) grow(d *draft) {
	for len(d.kept)+len(d.added) < p.target {
		racks := p.racks(d)
		free := slices.DeleteFunc(slices.Clone(p.usable), d.holds)
		id := slices.MinFunc(free, func(a, b int32) int {
			return cmp.Or(
				first(racks[p.brokers[a].Rack] == 0, racks[p.brokers[b].Rack] == 0),
				cmp.Compare(p.topic[a], p.topic[b]),
				cmp.Compare(p.all[a], p.all[b]),
				cmp.Compare(a, b),
			)
		})
		d.added = append(d.added, id)
		p.topic[id]++
		p.all[id]++
	}
}

// move makes the draft an answer.
func (p *planner) move(d *draft) Move {
	var changes []string
	if len(d.left) > 0 {
		changes = append(changes, strings.Join(d.left, ", "))
	}
	for _, id := range d.added {
		changes = append(changes, fmt.Sprintf("broker %d joins", id))
	}
	reason := fmt.Sprintf("replicas wanted: %d, there: %d", p.target, len(d.partition.leads()))
	moves := len(d.partition.Adding)+len(d.partition.Removing) > 0
	if moves {
		reason = fmt.Sprintf("replicas wanted: %d, a running reassignment leads to: %d", p.target, len(d.partition.leads()))
	}
	if len(changes) > 0 {
		reason += "; " + strings.Join(changes, ", ")
	}
	return Move{Partition: d.partition.Number, Replicas: d.replicas(), Supersedes: moves, Reason: reason}
}

func leaves(id int32, why string) string { return fmt.Sprintf("broker %d leaves (%s)", id, why) }

// first orders what is so before what is not.
func first(a, b bool) int {
	if a == b {
		return 0
	}
	if a {
		return -1
	}
	return 1
}

// without is a new list of the ids that are not among the others.
func without(ids, others []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return slices.Contains(others, id) })
}
