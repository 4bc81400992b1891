package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// leastGarbage is how many bytes of it there may always be: each collection stops the program for a moment, and on a busy machine for longer.
	leastGarbage = 4 << 20
	// leastShare is how much of it there may be at least, in percent of what lives.
	leastShare = 10
	// garbageLook is how often it is decided anew. What lives grows with what is remembered of resources, which takes minutes.
	garbageLook = 5 * time.Second
)

// garbageShare is how much garbage there may be before it is collected, in percent of the bytes that live. Most of the memory is what is
// remembered of tens of thousands of resources, and garbage should not be as much again.
func garbageShare(live uint64) int {
	return max(leastShare, int(leastGarbage*100/max(live, leastGarbage)))
}

// collectGarbage keeps to the share until the context ends.
func collectGarbage(ctx context.Context) error {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	ticks := time.NewTicker(garbageLook)
	defer ticks.Stop()
	for share := 0; ; {
		metrics.Read(live)
		if now := garbageShare(live[0].Value.Uint64()); now != share {
			share = now
			debug.SetGCPercent(share)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}
