package topic

import (
	"context"
	"errors"
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
	// cruiseControlLook is when to look again at what Cruise Control does: its own plans take it tens of seconds.
	cruiseControlLook = 10 * time.Second
	// refusedLook is when to ask again for what it refuses until somebody changes something.
	refusedLook = time.Minute
	// gathering is how long a round of questions waits for those of other batches.
	gathering = time.Second
	// unasked is how long a question counts that is not asked again, and untaken how long an answer is kept: the topic was deleted, or agrees.
	unasked = 3 * cruiseControlLook
	untaken = 5 * time.Minute
)

// CruiseControl has numbers of replicas changed by Cruise Control. Batches leave questions and take answers; only Run speaks with Cruise Control, so
// that nothing else waits while that is slow. It executes one change at a time and has places for few tasks, which others want too: so it is asked in
// rounds, and for nothing new while it works on what it was asked for.
type CruiseControl struct {
	client  *cruisecontrol.Client
	metrics *batch.Metrics
	now     func() time.Time

	mu sync.Mutex
	// questions are for the next round, by topic; open are those of the round that is under way.
	questions map[string]question
	open      map[string]struct{}
	answers   map[string]answer
	// wake is told that there are questions.
	wake chan struct{}

	// sessions are those that Cruise Control works on, as far as Run knows, which alone has them.
	sessions []string
}

type question struct {
	cruisecontrol.Change
	at time.Time
}

// answer is what Cruise Control said to a question: the session of a request, or the states of tasks.
type answer struct {
	question
	session string
	tasks   map[string]cruisecontrol.TaskState
	err     error
}

// NewCruiseControl speaks to Cruise Control through the client.
func NewCruiseControl(client *cruisecontrol.Client, metrics *batch.Metrics, now func() time.Time) *CruiseControl {
	return &CruiseControl{
		client: client, metrics: metrics, now: now,
		questions: map[string]question{}, open: map[string]struct{}{}, answers: map[string]answer{}, wake: make(chan struct{}, 1),
	}
}

// Change tells what Cruise Control has said about the topics, and leaves what there is to ask. That it does not answer is told in the topics' statuses.
func (c *CruiseControl) Change(_ context.Context, changes []ReplicasChange) (map[string]ReplicasProgress, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]ReplicasProgress, len(changes))
	for _, one := range changes {
		out[one.Topic.Name] = c.progress(cruisecontrol.Change{Topic: one.Topic.Name, Wanted: one.Wanted, Differs: one.Wanted > 0, Stored: one.Before})
	}
	if len(c.questions) > 0 {
		select {
		case c.wake <- struct{}{}:
		default: // it knows
		}
	}
	return out, nil
}

func (c *CruiseControl) progress(now cruisecontrol.Change) ReplicasProgress {
	said, known := c.answers[now.Topic]
	delete(c.answers, now.Topic)
	if known && (said.session != "" || said.Same(now)) {
		return said.progress(now)
	}
	if now.Question() == cruisecontrol.Nothing {
		delete(c.questions, now.Topic)
		return ReplicasProgress{}
	}
	if _, open := c.open[now.Topic]; !open {
		c.questions[now.Topic] = question{now, c.now()}
	}
	return ReplicasProgress{Status: now.Waiting(), Again: cruiseControlLook}
}

// progress is what the answer makes of a change. A session that has begun is followed, whatever is wanted by now.
func (a answer) progress(now cruisecontrol.Change) ReplicasProgress {
	var status *v1.ReplicasChangeStatus
	switch {
	case a.session != "":
		status = a.Requested(a.session, nil)
	case a.Question() == cruisecontrol.RequestIt:
		status = now.Requested("", a.err)
	default:
		status = now.LookedUp(a.tasks, a.err)
	}
	if status == nil {
		return ReplicasProgress{}
	}
	out := ReplicasProgress{Status: status, Again: cruiseControlLook}
	if refused, is := errors.AsType[*cruisecontrol.Error](a.err); is && !refused.Passing {
		out.Again = refusedLook
	}
	return out
}

// Run asks Cruise Control until the context ends. look has a topic looked at about which it has said something.
func (c *CruiseControl) Run(ctx context.Context, look func(topic string)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(gathering):
		}
		for _, topic := range c.round(ctx) {
			look(topic)
		}
	}
}

// round asks what there is to ask, and tells the topics for which there are answers.
func (c *CruiseControl) round(ctx context.Context) []string {
	asked := c.begin()
	answers := c.lookUp(ctx, asked)
	if len(c.sessions) == 0 {
		maps.Copy(answers, c.request(ctx, asked))
	}
	if ctx.Err() != nil {
		return nil
	}
	c.end(asked, answers)
	return slices.Sorted(maps.Keys(answers))
}

// begin takes the questions.
func (c *CruiseControl) begin() []cruisecontrol.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	maps.DeleteFunc(c.answers, func(_ string, a answer) bool { return now.Sub(a.at) > untaken })
	maps.DeleteFunc(c.questions, func(_ string, q question) bool { return now.Sub(q.at) > unasked })
	var out []cruisecontrol.Change
	for topic, q := range c.questions {
		c.open[topic] = struct{}{}
		out = append(out, q.Change)
	}
	return out
}

// end keeps the answers, and the questions that have none yet.
func (c *CruiseControl) end(asked []cruisecontrol.Change, answers map[string]answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.open)
	for _, q := range asked {
		if said, answered := answers[q.Topic]; answered {
			delete(c.questions, q.Topic)
			said.at = c.now()
			c.answers[q.Topic] = said
		}
	}
}

// lookUp asks what became of the sessions: those of the questions, and those under way that nobody asks about any more. Without an answer nobody
// knows whether there may be a new request, so that those who want one hear why there is none.
func (c *CruiseControl) lookUp(ctx context.Context, asked []cruisecontrol.Change) map[string]answer {
	sessions := slices.Concat(cruisecontrol.Sessions(asked), c.sessions)
	slices.Sort(sessions)
	sessions = slices.Compact(sessions)
	out := map[string]answer{}
	if len(sessions) == 0 {
		return out
	}
	done := c.metrics.Request("cruisecontrol_user_tasks")
	tasks, err := c.client.Tasks(ctx, sessions)
	done()
	for _, q := range asked {
		if q.Question() == cruisecontrol.LookUp || err != nil {
			out[q.Topic] = answer{question: question{Change: q}, tasks: tasks, err: err}
		}
	}
	if err != nil {
		c.sessions = sessions
		return out
	}
	c.sessions = slices.DeleteFunc(sessions, func(session string) bool { return tasks[session] != cruisecontrol.Active })
	return out
}

// request asks for one change: while that is executed, others would be refused. What is refused does not keep others from theirs.
func (c *CruiseControl) request(ctx context.Context, asked []cruisecontrol.Change) map[string]answer {
	out := map[string]answer{}
	for _, request := range cruisecontrol.Requests(asked) {
		done := c.metrics.Request("cruisecontrol_topic_config")
		session, err := c.client.ChangeReplicas(ctx, request)
		done()
		for _, q := range asked {
			if q.Question() == cruisecontrol.RequestIt && q.Wanted == request.Target {
				out[q.Topic] = answer{question: question{Change: q}, session: session, err: err}
			}
		}
		if err == nil {
			log.FromContext(ctx).Info("Cruise Control changes numbers of replicas", "replicas", request.Target, "topics", len(request.Topics), "session", session)
			c.sessions = []string{session}
			return out
		}
	}
	return out
}

var _ Replicas = (*CruiseControl)(nil)
