package placement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/topic/placement"
)

// brokers reads "0a 1b 2b! 3": ids with their racks; the ones with ! are not usable.
func brokers(t *testing.T, text string) []placement.Broker {
	t.Helper()
	var out []placement.Broker
	for _, word := range strings.Fields(text) {
		b := placement.Broker{Usable: !strings.HasSuffix(word, "!")}
		if n, err := fmt.Sscanf(word, "%d%1s", &b.ID, &b.Rack); n == 0 {
			t.Fatal(err)
		}
		b.Rack = strings.Trim(b.Rack, "!")
		out = append(out, b)
	}
	return out
}

func lists(moves []placement.Move) [][]int32 {
	var out [][]int32
	for _, m := range moves {
		out = append(out, m.Replicas)
	}
	return out
}

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		brokers    string
		full       map[int32]int
		partitions []placement.Partition
		target     int32
		want       [][]int32
	}{
		"growing adds brokers in racks that the partition lacks": {
			brokers: "0a 1a 2b 3c", target: 3,
			partitions: []placement.Partition{{Replicas: []int32{0}}},
			want:       [][]int32{{0, 2, 3}},
		},
		"growing spreads the topic": {
			brokers: "0 1 2 3", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{0}}, {Replicas: []int32{0}}, {Replicas: []int32{0}}},
			want:       [][]int32{{0, 1}, {0, 2}, {0, 3}},
		},
		"growing takes the emptier of two brokers that have as many replicas of the topic": {
			brokers: "0 1 2", target: 2, full: map[int32]int{1: 7, 2: 5},
			partitions: []placement.Partition{{Replicas: []int32{0}}},
			want:       [][]int32{{0, 2}},
		},
		"growing adds no broker that is not usable": {
			brokers: "0 1! 2", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{0}}},
			want:       [][]int32{{0, 2}},
		},
		"growing keeps a replica whose broker is down": {
			brokers: "0 1! 2 3", target: 3,
			partitions: []placement.Partition{{Replicas: []int32{1, 0}, ISR: []int32{0}}},
			want:       [][]int32{{1, 0, 2}},
		},
		"growing replaces a replica whose broker is not registered, as Kafka refuses it": {
			brokers: "0 1 2", target: 3,
			partitions: []placement.Partition{{Replicas: []int32{9, 0}, ISR: []int32{0}}},
			want:       [][]int32{{0, 1, 2}},
		},
		"the only replica in sync stays though its broker is not registered": {
			brokers: "0 1", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{9}, ISR: []int32{9}}},
			want:       [][]int32{{9, 0}},
		},
		"shrinking drops dead brokers first": {
			brokers: "0a 1b! 2a", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}, ISR: []int32{0}}},
			want:       [][]int32{{0, 2}},
		},
		"shrinking drops what is out of sync before what shares a rack": {
			brokers: "0a 1b 2a", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}, ISR: []int32{0, 2}}},
			want:       [][]int32{{0, 2}},
		},
		"shrinking drops what shares a rack before the fullest": {
			brokers: "0a 1b 2a", target: 2, full: map[int32]int{1: 9},
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}}},
			want:       [][]int32{{0, 1}},
		},
		"shrinking drops the fullest last of all rules": {
			brokers: "0 1 2", target: 2, full: map[int32]int{1: 9, 2: 8},
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}}},
			want:       [][]int32{{0, 2}},
		},
		"shrinking keeps the only replica in sync, and not the preferred leader": {
			brokers: "0 1 2", target: 1,
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}, ISR: []int32{1}}},
			want:       [][]int32{{1}},
		},
		"shrinking keeps the only replica in sync on a cordoned broker": {
			brokers: "0! 1 2", target: 1,
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}, ISR: []int32{0}}},
			want:       [][]int32{{0}},
		},
		"partitions at the target stay, others do not": {
			brokers: "0 1 2", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{0, 1}}, {Replicas: []int32{0}}, {Replicas: []int32{0, 1, 2}}},
			want:       [][]int32{{0, 1}, {0, 2}},
		},
		"a topic at the target stays though too few brokers are up": {
			brokers: "0 1! 2!", target: 3,
			partitions: []placement.Partition{{Replicas: []int32{0, 1, 2}, ISR: []int32{0}}},
		},
		"a reassignment on its way to the target is left alone": {
			brokers: "0 1 2 3", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{2, 3, 0}, Adding: []int32{2, 3}, Removing: []int32{0}}},
		},
		"a reassignment to another number is built on": {
			brokers: "0 1 2 3", target: 3,
			partitions: []placement.Partition{{Replicas: []int32{2, 1, 0}, Adding: []int32{2}, Removing: []int32{0}}},
			want:       [][]int32{{2, 1, 0}},
		},
		"a reassignment back is not left without data": {
			brokers: "0 1 2 3", target: 2,
			partitions: []placement.Partition{{Replicas: []int32{2, 0, 1}, Adding: []int32{2}, Removing: []int32{0, 1}}},
			want:       [][]int32{{2, 0}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := brokers(t, test.brokers)
			for i := range cluster {
				cluster[i].Replicas = test.full[cluster[i].ID]
			}
			moves, err := placement.Plan(cluster, test.partitions, test.target)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lists(moves)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsImpossibleIsSaid(t *testing.T) {
	tests := map[string]struct {
		brokers string
		target  int32
		want    error
		text    string
	}{
		"more replicas than usable brokers": {
			brokers: "0 1 2! 3", target: 4, want: &placement.TooFewBrokers{Target: 4, Usable: []int32{0, 1, 3}},
			text: "Requested RF cannot be more than number of alive brokers: the target is 4, the number of alive brokers that take replicas 3 (ids: 0, 1, 3)",
		},
		"no broker at all": {
			target: 2, want: &placement.TooFewBrokers{Target: 2},
			text: "Requested RF cannot be more than number of alive brokers: the target is 2, the number of alive brokers that take replicas 0 (ids: none)",
		},
		"no replica": {
			brokers: "0", want: &placement.TooFewReplicas{}, text: "Requested RF cannot be less than 1: the target is 0",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := placement.Plan(brokers(t, test.brokers), []placement.Partition{{Replicas: []int32{0}}}, test.target)
			if diff := cmp.Diff(test.want, err); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(test.text, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	tests := map[string]struct {
		brokers   string
		partition placement.Partition
		target    int32
		want      string
	}{
		"who joins": {
			brokers: "0 1 2", target: 3, partition: placement.Partition{Replicas: []int32{0}},
			want: "replicas wanted: 3, there: 1; broker 1 joins, broker 2 joins",
		},
		"who leaves and why": {
			brokers: "0 1! 2 3 4", target: 1, partition: placement.Partition{Replicas: []int32{0, 1, 2, 3, 9}, ISR: []int32{0, 3}},
			want: "replicas wanted: 1, there: 5; broker 9 leaves (not registered), broker 1 leaves (not usable), broker 2 leaves (out of sync), broker 3 leaves (its rack has another)",
		},
		"the fullest": {
			brokers: "0a 1b", target: 1, partition: placement.Partition{Replicas: []int32{0, 1}},
			want: "replicas wanted: 1, there: 2; broker 1 leaves (the fullest)",
		},
		"what is superseded": {
			brokers: "0 1 2", target: 1, partition: placement.Partition{Replicas: []int32{0, 1}, Adding: []int32{1}},
			want: "replicas wanted: 1, a running reassignment leads to: 2; broker 1 leaves (out of sync)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			moves, err := placement.Plan(brokers(t, test.brokers), []placement.Partition{test.partition}, test.target)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, moves[0].Reason); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	moves := []placement.Move{{Partition: 4}, {Partition: 1}, {Partition: 7, Supersedes: true}, {Partition: 2}}
	tests := map[string]struct {
		moving, most int
		want         []int32
	}{
		"all if there is room":                           {moving: 1, most: 10, want: []int32{4, 1, 7, 2}},
		"the first that have room":                       {moving: 1, most: 3, want: []int32{4, 1, 7}},
		"only what supersedes others if there is none":   {moving: 3, most: 3, want: []int32{7}},
		"only what supersedes others if there were more": {moving: 9, most: 3, want: []int32{7}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int32
			for _, m := range placement.Batch(moves, test.moving, test.most) {
				got = append(got, m.Partition)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
