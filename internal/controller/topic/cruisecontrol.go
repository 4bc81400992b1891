package topic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/cruisecontrol"
)

const (
	// cruiseControlLook is when to ask again what Cruise Control does, or for what it refuses until time has passed: its own plans take it tens of seconds.
	cruiseControlLook = 10 * time.Second
	// refusedLook is when to ask again for what it refuses until somebody changes something.
	refusedLook = time.Minute
	// endedLook is when to look again at a topic that differs although its session has ended: it may have been seen before that.
	endedLook = time.Second
	// gathering is how long a round waits for the requests of other batches.
	gathering = time.Second
	// untaken is how long an answer is kept that nobody takes: the topic was deleted, or agrees.
	untaken = 5 * time.Minute
)

// CruiseControl has numbers of replicas changed by Cruise Control. Batches leave requests and take answers; only Run speaks with Cruise Control, so
// that nothing else waits while that is slow. It executes one change at a time and has places for few tasks, which others want too: so it is asked in
// rounds, and for nothing new while it works on what it was asked for.
type CruiseControl struct {
	client  *cruisecontrol.Client
	metrics *batch.Metrics
	now     func() time.Time

	mu sync.Mutex
	// requests are what topics want, sessions what Cruise Control works on as far as is known, answers what it said and nobody has taken yet.
	requests map[string]cruisecontrol.Change
	sessions map[string]*session
	answers  map[string]answer
	// open are topics of requests that are under way; refused is what was said to those that need somebody's help.
	open    map[string]bool
	refused map[string]answer
	// wake is told that there is something to ask.
	wake chan struct{}
}

// session is a change that Cruise Control was asked for.
type session struct {
	topics map[string]bool
	// told is what its topics have heard of it.
	told string
}

// answer is what Cruise Control said about a topic.
type answer struct {
	at time.Time
	// request is what was asked for, and begun the session of it.
	request cruisecontrol.Change
	begun   string
	// session was looked up, and tasks are what became of it; empty if the answer is to a request.
	session string
	tasks   map[string]cruisecontrol.TaskState
	err     error
}

// NewCruiseControl speaks to Cruise Control through the client.
func NewCruiseControl(client *cruisecontrol.Client, metrics *batch.Metrics, now func() time.Time) *CruiseControl {
	return &CruiseControl{
		client: client, metrics: metrics, now: now,
		requests: map[string]cruisecontrol.Change{}, sessions: map[string]*session{}, answers: map[string]answer{},
		open: map[string]bool{}, refused: map[string]answer{}, wake: make(chan struct{}, 1),
	}
}

// Change tells what Cruise Control has said about the topics, and leaves what there is to ask. That it does not answer is told in the topics' statuses.
func (c *CruiseControl) Change(_ context.Context, changes []ReplicasChange) (map[string]ReplicasProgress, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]ReplicasProgress, len(changes))
	for _, one := range changes {
		now := cruisecontrol.Change{Topic: one.Topic.Name, Wanted: one.Wanted, Differs: one.Wanted > 0, Stored: one.Before}
		if progress, told := c.told(now); told {
			out[now.Topic] = progress
			continue
		}
		out[now.Topic] = c.ask(now)
	}
	return out, nil
}

// told is what the answer makes of a change that there is to it; false if there is none.
func (c *CruiseControl) told(now cruisecontrol.Change) (ReplicasProgress, bool) {
	said, known := c.answers[now.Topic]
	delete(c.answers, now.Topic)
	switch {
	case !known:
		return ReplicasProgress{}, false
	case said.begun != "":
		// A session that has begun is followed, whatever is wanted by now.
		return ReplicasProgress{Status: said.request.Requested(said.begun, nil)}, c.sessions[said.begun] != nil
	case said.session != "" && said.session != now.Session():
		return ReplicasProgress{}, false
	case said.session != "":
		return lookedUp(now, said), true
	}
	asked := now.Question() == cruisecontrol.RequestIt && now.Wanted == said.request.Wanted
	if refusal, is := errors.AsType[*cruisecontrol.Error](said.err); asked && is && !refusal.Passing {
		c.refused[now.Topic] = said
	}
	return ReplicasProgress{Status: now.Requested("", said.err), Again: cruiseControlLook}, asked && c.refused[now.Topic].err == nil
}

func lookedUp(now cruisecontrol.Change, said answer) ReplicasProgress {
	out := ReplicasProgress{Status: now.LookedUp(said.tasks, said.err)}
	if out.Status != nil && out.Status.State == v1.ReplicasChangePending {
		out.Again = endedLook
	}
	return out
}

// ask leaves what there is to ask about a topic.
func (c *CruiseControl) ask(now cruisecontrol.Change) ReplicasProgress {
	delete(c.requests, now.Topic)
	switch now.Question() {
	case cruisecontrol.RequestIt:
		return c.want(now)
	case cruisecontrol.LookUp:
		c.follow(now)
		return ReplicasProgress{Status: now.Stored}
	default:
		return ReplicasProgress{}
	}
}

func (c *CruiseControl) want(now cruisecontrol.Change) ReplicasProgress {
	last := c.refused[now.Topic]
	if left := refusedLook - c.now().Sub(last.at); last.err != nil && last.request.Wanted == now.Wanted && left > 0 {
		return ReplicasProgress{Status: now.Requested("", last.err), Again: left}
	}
	delete(c.refused, now.Topic)
	if !c.open[now.Topic] {
		c.requests[now.Topic] = now
	}
	if len(c.sessions) == 0 {
		c.rouse() // otherwise its turn is when they have ended
	}
	return ReplicasProgress{Status: now.Waiting()}
}

// follow has the session of a topic looked up. An earlier operator may have asked for it.
func (c *CruiseControl) follow(now cruisecontrol.Change) {
	s := c.sessions[now.Session()]
	if s == nil {
		s = &session{topics: map[string]bool{}}
		c.sessions[now.Session()] = s
		c.rouse()
	}
	s.topics[now.Topic] = true
}

func (c *CruiseControl) rouse() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run asks Cruise Control until the context ends. look has a topic looked at about which it has said something; wants tells whether a topic shall
// still have so many replicas.
func (c *CruiseControl) Run(ctx context.Context, look func(topic string), wants func(topic string, replicas int32) bool) {
	for c.await(ctx) {
		for _, topic := range c.round(ctx, wants) {
			look(topic)
		}
	}
}

// await waits until there is something to ask; false if the context ends.
func (c *CruiseControl) await(ctx context.Context) bool {
	var look <-chan time.Time
	if c.working() {
		look = time.After(cruiseControlLook)
	}
	select {
	case <-ctx.Done():
		return false
	case <-look:
		return true
	case <-c.wake:
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(gathering):
		return true
	}
}

// working tells whether Cruise Control works on something, as far as is known.
func (c *CruiseControl) working() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sessions) > 0
}

// round asks what there is to ask, and tells the topics for which there is news.
func (c *CruiseControl) round(ctx context.Context, wants func(topic string, replicas int32) bool) []string {
	news := map[string]bool{}
	c.lookUp(ctx, news)
	if !c.working() {
		c.request(ctx, wants, news)
	}
	if ctx.Err() != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(news))
}

// lookUp asks what became of the sessions. Without an answer nobody knows whether there may be a new request, so that who wants one hears why
// there is none.
func (c *CruiseControl) lookUp(ctx context.Context, news map[string]bool) {
	sessions := c.begin()
	if len(sessions) == 0 {
		return
	}
	done := c.metrics.Request("cruisecontrol_user_tasks")
	tasks, err := c.client.Tasks(ctx, sessions)
	done()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range sessions {
		c.tell(id, tasks, err, news)
	}
	if err == nil {
		return
	}
	for topic, request := range c.requests {
		c.answer(topic, answer{request: request, err: err}, news)
	}
	clear(c.requests)
}

// begin are the sessions to look up.
func (c *CruiseControl) begin() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.wake: // this is the round
	default:
	}
	now := c.now()
	maps.DeleteFunc(c.answers, func(_ string, a answer) bool { return now.Sub(a.at) > untaken })
	maps.DeleteFunc(c.refused, func(_ string, a answer) bool { return now.Sub(a.at) > refusedLook })
	return slices.Sorted(maps.Keys(c.sessions))
}

// tell has the topics of a session hear what is new about it. One that has ended is not followed any more.
func (c *CruiseControl) tell(id string, tasks map[string]cruisecontrol.TaskState, err error, news map[string]bool) {
	s := c.sessions[id]
	is := fmt.Sprint(tasks[id], err)
	if s.told != is {
		for topic := range s.topics {
			c.answer(topic, answer{session: id, tasks: tasks, err: err}, news)
		}
	}
	s.told = is
	if err == nil && tasks[id] != cruisecontrol.Active {
		delete(c.sessions, id)
	}
}

func (c *CruiseControl) answer(topic string, said answer, news map[string]bool) {
	said.at = c.now()
	c.answers[topic], news[topic] = said, true
}

// request asks for one change: while that is executed, others would be refused. What is refused does not keep others from theirs.
func (c *CruiseControl) request(ctx context.Context, wants func(topic string, replicas int32) bool, news map[string]bool) {
	for _, request := range cruisecontrol.Requests(c.waiting()) {
		if request.Topics = c.send(request, wants); len(request.Topics) == 0 {
			continue
		}
		done := c.metrics.Request("cruisecontrol_topic_config")
		id, err := c.client.ChangeReplicas(ctx, request)
		done()
		c.sent(request, id, err, news)
		if err == nil {
			log.FromContext(ctx).Info("Cruise Control changes numbers of replicas", "replicas", request.Target, "topics", len(request.Topics), "session", id)
			return
		}
	}
}

func (c *CruiseControl) waiting() []cruisecontrol.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.requests))
}

// send gives the topics of a request that still want it. They waited for other sessions and requests: meanwhile some may have been deleted and made
// again, or are to be left alone.
func (c *CruiseControl) send(request cruisecontrol.Request, wants func(topic string, replicas int32) bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, topic := range request.Topics {
		if c.requests[topic].Wanted != request.Target {
			continue
		}
		delete(c.requests, topic)
		if wants(topic, request.Target) {
			c.open[topic] = true
			out = append(out, topic)
		}
	}
	return out
}

func (c *CruiseControl) sent(request cruisecontrol.Request, id string, err error, news map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.open)
	topics := map[string]bool{}
	for _, topic := range request.Topics {
		asked := cruisecontrol.Change{Topic: topic, Wanted: request.Target, Differs: true}
		c.answer(topic, answer{request: asked, begun: id, err: err}, news)
		topics[topic] = true
	}
	if err == nil {
		c.sessions[id] = &session{topics: topics, told: fmt.Sprint(cruisecontrol.Active, nil)}
	}
}

var _ Replicas = (*CruiseControl)(nil)
