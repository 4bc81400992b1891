package main

// What the best known operator takes for the same; docs/benchmarks.md says what is known about the numbers.
const (
	peerStart  = "31 s"
	peerRoll   = "22-23 s"
	peerMemory = "252 MiB"
)
