package placement_test

import (
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"testing/quick"

	"castellan.io/castellan/internal/topic/placement"
)

// world is a cluster, a topic and its wanted number of replicas.
type world struct {
	Brokers    []placement.Broker
	Partitions []placement.Partition
	Target     int32
}

// Generate makes up to seven brokers in up to four racks, some of them not usable, and a topic whose partitions may be
// on brokers that are gone, out of sync, or on their way. Often the target is one that is possible.
func (world) Generate(random *rand.Rand, _ int) reflect.Value {
	w := world{}
	racks, broken := 1+random.Intn(4), random.Intn(2) == 0
	for i := range 1 + random.Intn(7) {
		b := placement.Broker{ID: int32(10 - i), Rack: []string{"", "a", "b", "c"}[random.Intn(racks)], Usable: true, Replicas: random.Intn(20)}
		if broken {
			b.Usable = random.Intn(4) > 0
		}
		w.Brokers = append(w.Brokers, b)
	}
	w.Target = int32(1 + random.Intn(max(1, len(w.usable()))))
	ids := w.ids()
	if broken {
		ids = append(ids, 99)
	}
	for n := range random.Intn(6) {
		w.Partitions = append(w.Partitions, randomPartition(random, int32(n), ids))
	}
	return reflect.ValueOf(w)
}

func randomPartition(random *rand.Rand, number int32, ids []int32) placement.Partition {
	ids = slices.Clone(ids)
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	p := placement.Partition{Number: number, Replicas: ids[:1+random.Intn(len(ids))]}
	if random.Intn(4) == 0 {
		// Kafka lists what the reassignment leads to first.
		p.Adding = p.Replicas[:random.Intn(len(p.Replicas))]
		p.Removing = p.Replicas[len(p.Adding)+random.Intn(len(p.Replicas)-len(p.Adding)):]
		if len(p.Removing) == len(p.Replicas) {
			p.Removing = nil
		}
	}
	if random.Intn(2) == 0 {
		p.ISR = []int32{}
		for _, id := range p.Replicas {
			if random.Intn(3) > 0 {
				p.ISR = append(p.ISR, id)
			}
		}
	}
	return p
}

func (w world) broker(id int32) (placement.Broker, bool) {
	i := slices.IndexFunc(w.Brokers, func(b placement.Broker) bool { return b.ID == id })
	if i < 0 {
		return placement.Broker{}, false
	}
	return w.Brokers[i], true
}

func (w world) ids() []int32 {
	var out []int32
	for _, b := range w.Brokers {
		out = append(out, b.ID)
	}
	return out
}

func (w world) usable() []int32 {
	return slices.DeleteFunc(w.ids(), func(id int32) bool { b, _ := w.broker(id); return !b.Usable })
}

// racks counts the racks that the ids are in.
func (w world) racks(ids []int32) int {
	seen := map[string]bool{}
	for _, id := range ids {
		if b, known := w.broker(id); known {
			seen[b.Rack] = true
		}
	}
	return len(seen)
}

func minus(ids, others []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return slices.Contains(others, id) })
}

func common(ids, others []int32) []int32 { return minus(ids, minus(ids, others)) }

func leads(p placement.Partition) []int32 { return minus(p.Replicas, p.Removing) }

func insync(p placement.Partition) []int32 {
	if p.ISR != nil {
		return p.ISR
	}
	return minus(p.Replicas, p.Adding)
}

// base is what a move begins with: where the partition is led to, without brokers that are gone, if data is there.
func (w world) base(p placement.Partition) []int32 {
	lists := [][]int32{common(leads(p), w.ids()), leads(p), common(p.Replicas, w.ids()), p.Replicas}
	if len(common(leads(p), insync(p))) == 0 && len(insync(p)) > 0 {
		lists = lists[2:]
	}
	for _, ids := range lists {
		if len(insync(p)) == 0 || len(common(ids, insync(p))) > 0 {
			return ids
		}
	}
	return nil
}

func (w world) plan(t *testing.T) []placement.Move {
	t.Helper()
	moves, err := placement.Plan(w.Brokers, w.Partitions, w.Target)
	if err != nil && len(w.usable()) >= int(w.Target) {
		t.Fatalf("%v for %+v", err, w)
	}
	return moves
}

func (w world) moves(t *testing.T, each func(p placement.Partition, m placement.Move) bool) bool {
	t.Helper()
	for _, m := range w.plan(t) {
		if !each(w.Partitions[m.Partition], m) {
			t.Logf("%+v becomes %v", w.Partitions[m.Partition], m.Replicas)
			return false
		}
	}
	return true
}

// check runs the property on the same worlds each time, so that a failure can be repeated.
func check(t *testing.T, property any) {
	t.Helper()
	const seed = 1
	if err := quick.Check(property, &quick.Config{MaxCount: 5000, Rand: rand.New(rand.NewSource(seed))}); err != nil {
		t.Errorf("seed %d: %v", seed, err)
	}
}

func TestEveryMoveHasTheWantedNumberOfBrokersAndAddsUsableOnes(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			once := slices.Compact(slices.Sorted(slices.Values(m.Replicas)))
			added := minus(m.Replicas, w.base(p))
			return len(once) == int(w.Target) && len(m.Replicas) == int(w.Target) && len(minus(added, w.usable())) == 0
		})
	})
}

func TestExactlyThePartitionsThatAreNotOnTheirWayMove(t *testing.T) {
	check(t, func(w world) bool {
		var want, got []int32
		for _, p := range w.Partitions {
			if len(leads(p)) != int(w.Target) {
				want = append(want, p.Number)
			}
		}
		for _, m := range w.plan(t) {
			got = append(got, m.Partition)
		}
		return len(w.usable()) < int(w.Target) || slices.Equal(want, got)
	})
}

func TestGrowingKeepsAllReplicasInTheirOrder(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			base := w.base(p)
			return len(base) > int(w.Target) || slices.Equal(base, m.Replicas[:len(base)])
		})
	})
}

func TestThePreferredLeaderStaysOnAUsableBroker(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			first := p.Replicas[0]
			if !slices.Contains(w.base(p), first) || !slices.Contains(w.usable(), first) {
				return true
			}
			// Only the last replica in sync takes its place.
			data := len(insync(p)) > 0 && !slices.Contains(insync(p), first)
			return m.Replicas[0] == first || w.Target == 1 && data
		})
	})
}

func TestSomeReplicaInSyncStays(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			return len(insync(p)) == 0 || len(common(m.Replicas, insync(p))) > 0
		})
	})
}

// rank of a list that replicas were dropped from: smaller is better.
func (w world) rank(p placement.Partition, ids []int32) []int {
	dead := len(minus(ids, w.usable()))
	behind := len(minus(ids, insync(p)))
	return []int{dead, behind, -w.racks(ids)}
}

// subsets calls each with every way to drop replicas that keeps the preferred leader and data.
func (w world) subsets(p placement.Partition, each func([]int32)) {
	base := w.base(p)
	first := p.Replicas[0]
	for bits := range 1 << len(base) {
		var ids []int32
		for i, id := range base {
			if bits&(1<<i) != 0 {
				ids = append(ids, id)
			}
		}
		lost := len(insync(p)) > 0 && len(common(ids, insync(p))) == 0
		headless := w.Target > 1 && slices.Contains(common(base, w.usable()), first) && !slices.Contains(ids, first)
		if len(ids) == int(w.Target) && !lost && !headless {
			each(ids)
		}
	}
}

func TestShrinkingDropsTheDeadThenTheLateThenWhatSharesARack(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			if len(w.base(p)) <= int(w.Target) || w.Target == 1 {
				return true
			}
			best := true
			w.subsets(p, func(ids []int32) {
				best = best && slices.Compare(w.rank(p, m.Replicas), w.rank(p, ids)) <= 0
			})
			return best
		})
	})
}

func TestGrowingUsesAsManyRacksAsItCan(t *testing.T) {
	check(t, func(w world) bool {
		return w.moves(t, func(p placement.Partition, m placement.Move) bool {
			base := w.base(p)
			if len(base) >= int(w.Target) {
				return true
			}
			most := w.racks(slices.Concat(base, w.usable()))
			return w.racks(m.Replicas) == min(most, w.racks(base)+int(w.Target)-len(base))
		})
	})
}

// load counts the topic's replicas by broker if the partitions get these lists.
func (w world) load(lists map[int32][]int32) map[int32]int {
	load := map[int32]int{}
	for _, p := range w.Partitions {
		ids, moves := lists[p.Number]
		if !moves {
			ids = leads(p)
		}
		for _, id := range ids {
			load[id]++
		}
	}
	return load
}

// uneven grows with the differences between the loads of the usable brokers.
func (w world) uneven(lists map[int32][]int32) int {
	load, sum := w.load(lists), 0
	for _, id := range w.usable() {
		sum += load[id] * load[id]
	}
	return sum
}

// TestNoOtherAdditionsAreMoreEven tries all ways to grow small topics that use as many racks.
func TestNoOtherAdditionsAreMoreEven(t *testing.T) {
	check(t, func(w world) bool {
		w.Partitions = w.Partitions[:min(3, len(w.Partitions))]
		if len(w.Brokers) > 5 {
			return true
		}
		lists, grown := map[int32][]int32{}, []placement.Move{}
		for _, m := range w.plan(t) {
			lists[m.Partition] = m.Replicas
			if len(w.base(w.Partitions[m.Partition])) < len(m.Replicas) {
				grown = append(grown, m)
			}
		}
		return w.uneven(lists) <= w.best(lists, grown)
	})
}

// best is how even the lists become if the grown partitions may have any others that use as many racks.
func (w world) best(lists map[int32][]int32, grown []placement.Move) int {
	if len(grown) == 0 {
		return w.uneven(lists)
	}
	m := grown[0]
	base := w.base(w.Partitions[m.Partition])
	free := minus(w.usable(), base)
	least := -1
	for bits := range 1 << len(free) {
		ids := slices.Clone(base)
		for i, id := range free {
			if bits&(1<<i) != 0 {
				ids = append(ids, id)
			}
		}
		if len(ids) != int(w.Target) || w.racks(ids) < w.racks(m.Replicas) {
			continue
		}
		lists[m.Partition] = ids
		if sum := w.best(lists, grown[1:]); least < 0 || sum < least {
			least = sum
		}
	}
	lists[m.Partition] = m.Replicas
	return least
}

func TestAdditionsToAnEvenTopicDifferByOneAtMost(t *testing.T) {
	check(t, func(size, count, target uint8) bool {
		w := world{Target: 1 + int32(target%5)}
		for id := range w.Target + int32(size%10) {
			w.Brokers = append(w.Brokers, placement.Broker{ID: id, Usable: true})
		}
		for n := range len(w.Brokers) * (1 + int(count%5)) {
			w.Partitions = append(w.Partitions, placement.Partition{Number: int32(n), Replicas: []int32{int32(n % len(w.Brokers))}})
		}
		added := map[int32]int{}
		for _, m := range w.plan(t) {
			for _, id := range m.Replicas[1:] {
				added[id]++
			}
		}
		least, most := len(w.Partitions)*5, 0
		for _, id := range w.ids() {
			least, most = min(least, added[id]), max(most, added[id])
		}
		return most-least <= 1
	})
}

func TestPlanningTheResultGivesNothing(t *testing.T) {
	check(t, func(w world) bool {
		moves := w.plan(t)
		running, done := w, w
		running.Partitions, done.Partitions = slices.Clone(w.Partitions), slices.Clone(w.Partitions)
		for _, m := range moves {
			old := w.Partitions[m.Partition].Replicas
			done.Partitions[m.Partition] = placement.Partition{Number: m.Partition, Replicas: m.Replicas}
			running.Partitions[m.Partition] = placement.Partition{
				Number: m.Partition, Replicas: slices.Concat(m.Replicas, minus(old, m.Replicas)),
				Adding: minus(m.Replicas, old), Removing: minus(old, m.Replicas), ISR: insync(w.Partitions[m.Partition]),
			}
		}
		return moves == nil || len(running.plan(t)) == 0 && len(done.plan(t)) == 0
	})
}

func TestTheOrderOfTheBrokersDoesNotMatterAndNothingIsWrittenTo(t *testing.T) {
	check(t, func(w world, seed int64) bool {
		before := world{Brokers: slices.Clone(w.Brokers)}
		for _, p := range w.Partitions {
			p.Replicas, p.ISR = slices.Clone(p.Replicas), slices.Clone(p.ISR)
			p.Adding, p.Removing = slices.Clone(p.Adding), slices.Clone(p.Removing)
			before.Partitions = append(before.Partitions, p)
		}
		moves := w.plan(t)
		same := reflect.DeepEqual(before.Brokers, w.Brokers) && reflect.DeepEqual(before.Partitions, w.Partitions)
		rand.New(rand.NewSource(seed)).Shuffle(len(w.Brokers), func(i, j int) {
			w.Brokers[i], w.Brokers[j] = w.Brokers[j], w.Brokers[i]
		})
		return same && reflect.DeepEqual(moves, w.plan(t))
	})
}
