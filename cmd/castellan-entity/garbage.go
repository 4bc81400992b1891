package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// leastGarbage is how many bytes of it there may always be: each collection stops the program for a moment, and on a busy machine for longer.
	leastGarbage = 3 << 20
	// leastShare is how much of it there may be at least, in percent of what lives.
	leastShare = 10
)

// garbageShare is how much garbage there may be before it is collected, in percent of the bytes that live. Most of the memory is what is
// remembered of tens of thousands of resources, and garbage should not be as much again.
func garbageShare(live uint64) int {
	return max(leastShare, int(leastGarbage*100/max(live, leastGarbage)))
}

// collectGarbage keeps to the share until the context ends. It is decided anew after each collection: at a start, what lives grows tenfold in seconds.
func collectGarbage(ctx context.Context) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(garbageShare(live[0].Value.Uint64()))
	if ctx.Err() == nil {
		runtime.AddCleanup(new(sentinel), collectGarbage, ctx)
	}
}

// sentinel is something whose end tells that there was a collection. It is too large to share its place with what lives on.
type sentinel [64]byte
