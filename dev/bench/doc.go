// Package bench measures on a real cluster what must not get slower or larger.
// Its entry point is Bench.Run.
package bench
