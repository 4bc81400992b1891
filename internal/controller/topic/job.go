package topic

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/topic"
)

// deed is what a pass does about a resource.
type deed int

const (
	// tell writes the status, and nothing else.
	tell deed = iota
	// undecided needs Kafka's answer.
	undecided
	// create makes the topic.
	create
	// compare makes both sides agree.
	compare
	// deleteTopic deletes the topic and then lets the resource go.
	deleteTopic
	// release lets the resource go.
	release
	// deleteResource deletes the resource, whose topic was deleted in Kafka.
	deleteResource
	// nothing leaves the resource as it is, with its status.
	nothing
)

// job is one resource in a pass.
type job struct {
	key types.NamespacedName
	// resource is the cache's: nobody may change it. It is nil when the resource is gone and left a topic behind.
	resource *v1.KafkaTopic
	wanted   topic.Wanted
	agreed   *topic.Agreed
	mode     topic.Mode
	actual   *topic.Actual
	deed     deed

	// mu is for what several kinds of changes of a topic tell at the same time: the fields below.
	mu         sync.Mutex
	difference topic.Difference
	// err is the first thing that went wrong, more warnings what else there is to say.
	err      error
	warnings []v1.Condition
	replicas *v1.ReplicasChangeStatus
	// done is what was changed in Kafka, in words for the log.
	done []string
	// only is the one condition that a resource has which nothing is done about.
	only *v1.Condition
	// again is when to look again; 0 when something happens. later says that it is tried again with growing delay.
	again time.Duration
	later bool
	// unmarked is why the finalizer could not be set; version is the resource's after it was.
	unmarked error
	version  string
}

// fail notes what went wrong first.
func (j *job) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}

// problem is an error with the reason that a status gives for it.
type problem struct{ reason, message string }

// Error is the message.
func (p *problem) Error() string { return p.message }

func (j *job) refuse(reason, message string) {
	j.fail(&problem{reason, message})
	j.deed = tell
}

func (j *job) deleting() bool { return j.resource != nil && j.resource.DeletionTimestamp != nil }
