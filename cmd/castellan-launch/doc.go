// Command castellan-launch is the first process in Kafka's containers. It is a program of its own because it stays resident beside each
// JVM: without the operator's libraries it takes a sixth of the memory, and nearly no time to start.
package main
