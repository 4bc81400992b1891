package roll

// State is what is known about a cluster's nodes at one moment.
type State struct {
	// Nodes that should exist, in the order of their ids.
	Nodes []Node
	// Retiring are controllers that run and should not; they stay until all others know the smaller set.
	Retiring []Node
	// Quorum and Partitions are what Kafka said; neither is Known when it could not be asked.
	Quorum     Quorum
	Partitions Partitions
	// FetchTimeoutMillis is how far, in milliseconds, a voter may lag behind the leader and count as caught up:
	// the option controller.quorum.fetch.timeout.ms.
	FetchTimeoutMillis int64
}

// Node is one Kafka node.
type Node struct {
	// Name of its instance, and its id in Kafka.
	Name string
	ID   int32
	// Controller and Broker are its roles; a combined node has both.
	Controller, Broker bool
	// Knows are the ids of the controllers that it was started with, itself among them if it is one; none when that is
	// not known.
	Knows []int32
	// Exists is false before its instance has been created.
	Exists bool
	// Ready is what its readiness check said last.
	Ready bool
	// Ending is set once its instance was told to stop.
	Ending bool
	// Stuck says why it cannot become ready without help; empty when it can.
	Stuck string
	// Ephemeral is set if its data goes with its instance.
	Ephemeral bool
	// Blank is set if its instance is known to hold nothing that could be lost: its process never ran, or the cluster
	// that it belongs to never came to be.
	Blank bool
	// Reasons why it must restart; none when it is current.
	Reasons []Reason
}

// Reason is one cause of a restart.
type Reason struct {
	// Code is the name that the cause has in events: one of the Restart constants of the API.
	Code string
	// Text tells a person what it means.
	Text string
}

// Quorum is the state of the metadata quorum.
type Quorum struct {
	// Known is false when Kafka could not be asked.
	Known bool
	// Leader is the id of the active controller; negative for none.
	Leader int32
	// Voters of the quorum.
	Voters []Voter
}

// Voter is a member of the metadata quorum.
type Voter struct {
	// ID of the controller.
	ID int32
	// LastCaughtUp is when it last had everything, in milliseconds since 1970; negative when unknown.
	LastCaughtUp int64
}

// Partitions is the replication state of all partitions.
type Partitions struct {
	// Known is false when Kafka could not be asked.
	Known bool
	// List of partitions in the order of topic and number.
	List []Partition
}

// Partition is the replication state of one partition.
type Partition struct {
	// Topic and Number of the partition.
	Topic  string
	Number int32
	// Replicas and ISR are broker ids.
	Replicas, ISR []int32
	// MinISR is how many in-sync replicas a write with acks=all needs: min.insync.replicas.
	MinISR int
}

// Action is what to do next.
type Action string

// The actions that exist.
const (
	// Done: every node is current and ready.
	Done Action = "done"
	// Restart one node.
	Restart Action = "restart"
	// Wait until something changes by itself.
	Wait Action = "wait"
	// Blocked until a person changes something: waiting alone does not help.
	Blocked Action = "blocked"
)

// Step is the next action with its reason.
type Step struct {
	// Action to take.
	Action Action
	// Node to restart, by name; or the node that is waited for.
	Node string
	// Reasons of the restart.
	Reasons []Reason
	// Awaits says who has to move before a waiting step can be decided anew.
	Awaits Mover
	// Rule that made the decision, and Because tells what it saw. Both stay the same while the cause does.
	Rule, Because string
	// Detail has what may change from moment to moment, such as counts; often empty.
	Detail string
}

// Mover is who changes what a step waits for.
type Mover string

// The movers that exist.
const (
	// Platform starts and stops instances, and tells when it has.
	Platform Mover = "platform"
	// Kafka replicates, and has to be asked.
	Kafka Mover = "kafka"
)
