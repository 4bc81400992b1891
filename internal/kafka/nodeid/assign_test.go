package nodeid_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"castellan.io/castellan/internal/kafka/nodeid"
)

func ranges(t *testing.T, text string) nodeid.Ranges {
	t.Helper()
	r, err := nodeid.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAssign(t *testing.T) {
	type pool struct {
		current      []int32
		replicas     int32
		next, remove string
	}
	tests := map[string]struct {
		pools []pool
		want  []nodeid.Assignment
	}{
		"new pools get the lowest ids one after the other": {
			pools: []pool{{replicas: 3}, {replicas: 2}},
			want:  []nodeid.Assignment{{IDs: []int32{0, 1, 2}, Added: []int32{0, 1, 2}}, {IDs: []int32{3, 4}, Added: []int32{3, 4}}},
		},
		"gaps are filled first": {
			pools: []pool{{current: []int32{0, 3}, replicas: 4}, {current: []int32{1}, replicas: 1}},
			want:  []nodeid.Assignment{{IDs: []int32{0, 2, 3, 4}, Added: []int32{2, 4}}, {IDs: []int32{1}}},
		},
		"a pool whose size is right keeps its ids whatever the annotations say": {
			pools: []pool{{current: []int32{7, 5}, replicas: 2, next: "[1-9]", remove: "[5]"}},
			want:  []nodeid.Assignment{{IDs: []int32{5, 7}}},
		},
		"new nodes take the ids of the annotation in its order and then the lowest": {
			pools: []pool{{replicas: 4, next: "[12, 30-29]"}},
			want:  []nodeid.Assignment{{IDs: []int32{0, 12, 29, 30}, Added: []int32{0, 12, 29, 30}}},
		},
		"ids of the annotation that are in use are skipped": {
			pools: []pool{{current: []int32{10}, replicas: 2, next: "[10-12]"}, {current: []int32{11}, replicas: 1}},
			want:  []nodeid.Assignment{{IDs: []int32{10, 12}, Added: []int32{12}}, {IDs: []int32{11}}},
		},
		"without an annotation the highest id goes": {
			pools: []pool{{current: []int32{4, 9, 1}, replicas: 1}},
			want:  []nodeid.Assignment{{IDs: []int32{1}, Removed: []int32{4, 9}}},
		},
		"ids of the annotation go first and in its order": {
			pools: []pool{{current: []int32{1, 2, 3, 4}, replicas: 2, remove: "[99, 3-1]"}},
			want:  []nodeid.Assignment{{IDs: []int32{1, 4}, Removed: []int32{2, 3}}},
		},
		"an id that leaves one pool is not given to another in the same step": {
			pools: []pool{{current: []int32{0, 1}, replicas: 1}, {replicas: 1}},
			want:  []nodeid.Assignment{{IDs: []int32{0}, Removed: []int32{1}}, {IDs: []int32{2}, Added: []int32{2}}},
		},
		"a pool without replicas has no ids": {
			pools: []pool{{current: []int32{5}, replicas: 0}},
			want:  []nodeid.Assignment{{Removed: []int32{5}}},
		},
		"a range as wide as the numbers costs nothing": {
			pools: []pool{{current: []int32{3, 4}, replicas: 1, remove: "[2147483647-0]"}, {replicas: 1, next: "[2147483647-0]"}},
			want:  []nodeid.Assignment{{IDs: []int32{3}, Removed: []int32{4}}, {IDs: []int32{2147483647}, Added: []int32{2147483647}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var pools []nodeid.Pool
			for _, p := range test.pools {
				pools = append(pools, nodeid.Pool{Current: p.current, Replicas: p.replicas, Next: ranges(t, p.next), Remove: ranges(t, p.remove)})
			}
			got, err := nodeid.Assign(pools)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssignRefusesAnIDThatTwoPoolsClaim(t *testing.T) {
	_, err := nodeid.Assign([]nodeid.Pool{{Name: "a", Current: []int32{1, 2}, Replicas: 2}, {Name: "b", Current: []int32{2}, Replicas: 1}})
	if err == nil || !strings.Contains(err.Error(), "node id 2") || !strings.Contains(err.Error(), "KafkaNodePool a") || !strings.Contains(err.Error(), "KafkaNodePool b") {
		t.Errorf("got %v, want an error that names the id and both pools", err)
	}
}

// Whatever pools look like and however they change size, no id belongs to two nodes, the wanted number is met, nodes keep
// their ids as long as their pool does not shrink, and a second look changes nothing.
func TestAssignNeverReassignsAnIDAndIsStable(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	annotations := []string{"", "[]", "[0-5]", "[9-3]", "[100, 7, 2-4]", "[1-2147483647]"}
	pick := func() nodeid.Ranges { return ranges(t, annotations[random.IntN(len(annotations))]) }
	for round := range 500 {
		pools := make([]nodeid.Pool, 1+random.IntN(4))
		for range 8 {
			for i := range pools {
				pools[i].Replicas, pools[i].Next, pools[i].Remove = int32(random.IntN(7)), pick(), pick()
			}
			got, err := nodeid.Assign(pools)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			checkAssignments(t, pools, got)
			for i := range pools {
				pools[i].Current = got[i].IDs
			}
			again, _ := nodeid.Assign(pools)
			for i := range again {
				if !slices.Equal(again[i].IDs, got[i].IDs) || len(again[i].Added)+len(again[i].Removed) > 0 {
					t.Fatalf("round %d: a second look changed %v to %v", round, got[i], again[i])
				}
			}
		}
	}
}

func checkAssignments(t *testing.T, pools []nodeid.Pool, got []nodeid.Assignment) {
	t.Helper()
	before, after := map[int32]int{}, map[int32]int{}
	for i, p := range pools {
		for _, id := range p.Current {
			before[id] = i
		}
	}
	for i, a := range got {
		if len(a.IDs) != int(pools[i].Replicas) || !slices.IsSorted(a.IDs) {
			t.Fatalf("pool %d of %v got %v", i, pools, a)
		}
		if len(a.Added) > 0 && len(a.Removed) > 0 {
			t.Fatalf("pool %d both grew and shrank: %v", i, a)
		}
		for _, id := range a.IDs {
			if other, twice := after[id]; twice {
				t.Fatalf("id %d is in pools %d and %d", id, other, i)
			}
			after[id] = i
			if owner, used := before[id]; used && owner != i {
				t.Fatalf("id %d of pool %d was given to pool %d", id, owner, i)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a list without brackets":        "1, 2",
		"a list that is not closed":      "[1, 2",
		"words":                          "[one]",
		"a negative id":                  "[-1]",
		"an empty item":                  "[1,,2]",
		"a trailing comma":               "[1,]",
		"a range of three":               "[1-2-3]",
		"an id beyond thirty-one bits":   "[2147483648]",
		"a range beyond thirty-one bits": "[1-99999999999]",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := nodeid.Parse(text); err == nil {
				t.Errorf("Parse(%q) = %v, want an error", text, got)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "blanks": "  ", "an empty list": "[ ]", "white space everywhere": "  [ 1 , 3 - 2 ,7 ] ",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := nodeid.Parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}
