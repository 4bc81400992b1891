package placement

import (
	"cmp"
	"slices"
)

// leaver is a replica that may leave, with what speaks for it.
type leaver struct {
	id int32
	// needed is 0 for a replica that nothing holds, 1 for the preferred leader, 2 for the last one in sync.
	needed                    int
	unusable, behind, crowded bool
}

// shrink drops replicas on brokers that are not usable, then those out of sync, then those in a rack that another one
// is in, then those on the fullest broker.
func (p *planner) shrink(d *draft) {
	for len(d.kept) > p.target {
		l := p.next(d)
		d.kept = without(d.kept, []int32{l.id})
		d.left = append(d.left, leaves(l.id, l.why()))
		p.topic[l.id]--
		p.all[l.id]--
	}
}

func (p *planner) next(d *draft) leaver {
	racks, synced := p.racks(d), d.synced(d.kept)
	leavers := make([]leaver, 0, len(d.kept))
	for _, id := range d.kept {
		b := p.brokers[id]
		l := leaver{id: id, unusable: !b.Usable, behind: d.synced([]int32{id}) == 0, crowded: racks[b.Rack] > 1}
		if id == d.partition.Replicas[0] && b.Usable {
			l.needed = 1
		}
		if !l.behind && synced == 1 {
			l.needed = 2
		}
		leavers = append(leavers, l)
	}
	return slices.MinFunc(leavers, func(a, b leaver) int {
		return cmp.Or(
			cmp.Compare(a.needed, b.needed),
			first(a.unusable, b.unusable),
			first(a.behind, b.behind),
			first(a.crowded, b.crowded),
			cmp.Compare(p.topic[b.id], p.topic[a.id]),
			cmp.Compare(p.all[b.id], p.all[a.id]),
			cmp.Compare(b.id, a.id),
		)
	})
}

func (l leaver) why() string {
	switch {
	case l.unusable:
		return "not usable"
	case l.behind:
		return "out of sync"
	case l.crowded:
		return "its rack has another"
	default:
		return "the fullest"
	}
}
