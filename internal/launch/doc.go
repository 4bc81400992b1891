// Package launch is the first process in a container that runs a JVM: it turns mounted configuration into the files that
// Kafka reads, prepares the storage, starts the JVM, passes signals on and answers the kubelet's probes.
//
// What to do is decided by pure functions (NewServer, Command, Heap, Healthy, Ready and the storage package); Kafka is the
// edge that reads, writes and starts. The launcher stays resident beside each JVM, so it keeps little and imports little.
package launch
