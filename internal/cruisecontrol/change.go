package cruisecontrol

import (
	"maps"
	"slices"

	v1 "castellan.io/castellan/api/v1"
)

// Change is what decides about one topic's number of replicas.
type Change struct {
	// Topic is its name in Kafka.
	Topic string
	// Wanted is the number of replicas it should have; of no meaning if nothing differs.
	Wanted int32
	// Differs is set if it has, and is on its way to, another number.
	Differs bool
	// Stored is the change in its status; nil if there is none.
	Stored *v1.ReplicasChangeStatus
}

// Question is what Cruise Control is asked about a topic.
type Question int

// The questions.
const (
	// Nothing: the change is done, was taken back, or was never there. The status has no change.
	Nothing Question = iota
	// RequestIt: the topic belongs into a Request.
	RequestIt
	// LookUp: what became of its session.
	LookUp
)

// Request is one request for all topics that shall have the same number of replicas. One that cannot be had does not
// keep topics that want another one from theirs.
type Request struct {
	// Target is the wanted number of replicas.
	Target int32
	// Topics are their names in Kafka, sorted.
	Topics []string
}

// Question is what to ask about the topic now. A session is followed to its end, even if meanwhile another number is
// wanted: Cruise Control refuses a second change while one runs.
func (c Change) Question() Question {
	switch {
	case c.Session() != "":
		return LookUp
	case c.Differs:
		return RequestIt
	default:
		return Nothing
	}
}

// Session is the one to look up, or "".
func (c Change) Session() string {
	if c.Stored == nil || c.Stored.State != v1.ReplicasChangeOngoing {
		return ""
	}
	return c.Stored.SessionID
}

// Requests are those to make for the changes, by ascending target.
func Requests(changes []Change) []Request {
	topics := map[int32][]string{}
	for _, c := range changes {
		if c.Question() == RequestIt {
			topics[c.Wanted] = append(topics[c.Wanted], c.Topic)
		}
	}
	var requests []Request
	for _, target := range slices.Sorted(maps.Keys(topics)) {
		slices.Sort(topics[target])
		requests = append(requests, Request{Target: target, Topics: slices.Compact(topics[target])})
	}
	return requests
}

// Requested is the status after the request that the topic was in, with the session or the error it gave.
func (c Change) Requested(session string, err error) *v1.ReplicasChangeStatus {
	if err != nil {
		return c.pending(failed(err))
	}
	return &v1.ReplicasChangeStatus{TargetReplicas: c.Wanted, State: v1.ReplicasChangeOngoing, SessionID: session}
}

// LookedUp is the status after its session was looked up, with the answer or the error; nil if the change is over.
// An error says nothing about the session, which therefore stays.
func (c Change) LookedUp(tasks map[string]TaskState, err error) *v1.ReplicasChangeStatus {
	next := *c.Stored
	if err != nil {
		next.Message = failed(err)
		return &next
	}
	switch tasks[c.Session()] {
	case Active:
		next.Message = ""
		return &next
	case Completed:
		// If the topic still differs, the task was about another number, or it left the topic out: of a request it takes the topics that
		// its own, sometimes older view of the cluster has.
		return c.pending("")
	case CompletedWithError:
		return c.pending("Replicas change completed with error")
	case NoTask:
		return c.pending("")
	default:
		return &next
	}
}

// Waiting is the status until there is an answer.
func (c Change) Waiting() *v1.ReplicasChangeStatus {
	if c.Session() != "" || c.Stored != nil && c.Differs && c.Stored.TargetReplicas == c.Wanted {
		return c.Stored
	}
	return c.pending("")
}

// pending is the status of a change that must be requested, again or for the first time; nil if there is none.
func (c Change) pending(message string) *v1.ReplicasChangeStatus {
	if !c.Differs {
		return nil
	}
	return &v1.ReplicasChangeStatus{TargetReplicas: c.Wanted, State: v1.ReplicasChangePending, Message: message}
}

func failed(err error) string { return "Replicas change failed, " + err.Error() }
