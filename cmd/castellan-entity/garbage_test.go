package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheMoreLivesTheSmallerIsTheShareOfGarbage(t *testing.T) {
	got := map[uint64]int{}
	for _, live := range []uint64{0, 1 << 20, 4 << 20, 8 << 20, 26 << 20, 40 << 20, 1 << 30} {
		got[live>>20] = garbageShare(live)
	}
	want := map[uint64]int{0: 100, 1: 100, 4: 75, 8: 37, 26: 11, 40: 10, 1024: 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("percent by mebibytes (-want +got):\n%s", diff)
	}
}

func TestTheShareFollowsWhatLives(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { debug.SetGCPercent(100) })
	t.Cleanup(cancel)
	collectGarbage(ctx)
	func() {
		large := make([]byte, 100<<20)
		eventually(t, func(share uint64) bool { return share == leastShare })
		runtime.KeepAlive(large)
	}()
	eventually(t, func(share uint64) bool { return share > leastShare })
}

// eventually collects garbage until the share is as expected.
func eventually(t *testing.T, is func(share uint64) bool) {
	t.Helper()
	share := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	for range 1000 {
		runtime.GC()
		if metrics.Read(share); is(share[0].Value.Uint64()) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("the share is %d", share[0].Value.Uint64())
}
