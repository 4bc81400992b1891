package placement

import (
	"cmp"
	"slices"
)

// level evens out what growing one partition after the other could not: as long as a broker can hand replicas that it
// just got to brokers with fewer of the topic, over others if need be, it does. No partition uses fewer racks then.
func (p *planner) level() {
	for p.shift() {
	}
}

// handover says from which broker an addition of the draft comes.
type handover struct {
	draft *draft
	from  int32
}

// shift takes one replica from a broker that has at least two more than the one where it ends, if there is a way.
func (p *planner) shift() bool {
	additions := map[int32][]*draft{}
	for _, d := range p.drafts {
		for _, id := range d.added {
			additions[id] = append(additions[id], d)
		}
	}
	sources := slices.SortedFunc(slices.Values(p.usable), func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.topic[b], p.topic[a]), cmp.Compare(p.all[b], p.all[a]), cmp.Compare(b, a))
	})
	// What one source reaches is too full for it, and all the more for the sources after it.
	ways := map[int32]handover{}
	for _, source := range sources {
		if _, reached := ways[source]; reached {
			continue
		}
		if end, found := p.search(source, additions, ways); found {
			p.hand(source, end, ways)
			return true
		}
	}
	return false
}

// search goes from the source to the nearest broker with room, and notes the way.
func (p *planner) search(source int32, additions map[int32][]*draft, ways map[int32]handover) (int32, bool) {
	ways[source] = handover{}
	for queue := []int32{source}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, d := range additions[from] {
			if passed(ways, from, d) {
				continue
			}
			for _, to := range p.usable {
				if _, reached := ways[to]; reached || !p.replaceable(d, from, to) {
					continue
				}
				ways[to] = handover{draft: d, from: from}
				if p.topic[to] <= p.topic[source]-2 {
					return to, true
				}
				queue = append(queue, to)
			}
		}
	}
	return 0, false
}

// passed tells whether the way to the broker changes the draft already: two changes at once may cost it a rack.
func passed(ways map[int32]handover, id int32, d *draft) bool {
	for way := ways[id]; way.draft != nil; way = ways[way.from] {
		if way.draft == d {
			return true
		}
	}
	return false
}

// replaceable tells whether the draft can have one broker in place of the other and be in as many racks.
func (p *planner) replaceable(d *draft, from, to int32) bool {
	if d.holds(to) {
		return false
	}
	old, other := p.brokers[from].Rack, p.brokers[to].Rack
	if old == other {
		return true
	}
	racks := p.racks(d)
	return racks[old] > 1 || racks[other] == 0
}

// hand moves one addition along each step of the way.
func (p *planner) hand(source, end int32, ways map[int32]handover) {
	for to := end; to != source; to = ways[to].from {
		way := ways[to]
		way.draft.added[slices.Index(way.draft.added, way.from)] = to
	}
	for id, by := range map[int32]int{source: -1, end: 1} {
		p.topic[id] += by
		p.all[id] += by
	}
}
