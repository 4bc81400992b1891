package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheMoreLivesTheSmallerIsTheShareOfGarbage(t *testing.T) {
	got := map[uint64]int{}
	for _, live := range []uint64{0, 1 << 20, 4 << 20, 8 << 20, 26 << 20, 40 << 20, 1 << 30} {
		got[live>>20] = garbageShare(live)
	}
	want := map[uint64]int{0: 100, 1: 100, 4: 100, 8: 50, 26: 15, 40: 10, 1024: 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("percent by mebibytes (-want +got):\n%s", diff)
	}
}
