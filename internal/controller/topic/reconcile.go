package topic

import (
	"context"
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/topic"
)

// reconcile makes a batch of resources and their topics agree.
func (o *Operator) reconcile(ctx context.Context, keys []types.NamespacedName) {
	began := o.Now()
	jobs := o.read(ctx, keys)
	marked := o.mark(ctx, jobs)
	err := o.ask(ctx, jobs)
	if err == nil {
		o.decide(jobs)
		marked()
		err = o.change(ctx, jobs)
	}
	marked()
	if err != nil {
		o.silence(jobs, err)
	}
	o.record(ctx, jobs)
	o.conclude(ctx, jobs, o.Now().Sub(began))
}

// silence is about jobs that Kafka did not answer.
func (o *Operator) silence(jobs []*job, err error) {
	if errors.Is(err, context.Canceled) {
		for _, j := range jobs {
			j.deed = nothing
		}
		return
	}
	patient := o.reach.Lost() < batch.Patience
	for _, j := range jobs {
		if j.deed == tell && j.err != nil || j.only != nil {
			continue
		}
		j.later, j.deed = true, nothing
		if !patient {
			j.deed, j.err = tell, err
		}
	}
}

// ask describes the topics of the jobs that need it.
func (o *Operator) ask(ctx context.Context, jobs []*job) error {
	var questions []broker.Question
	for _, j := range jobs {
		if j.deed == undecided {
			questions = append(questions, broker.Question{Name: j.wanted.Name, Options: j.options()})
		}
	}
	if len(questions) == 0 {
		return nil
	}
	done := o.Metrics.Request("describe_topics")
	answers, err := o.Kafka.Describe(ctx, questions)
	done()
	if err != nil {
		return err
	}
	o.reach.Restored()
	for _, j := range jobs {
		if j.deed != undecided {
			continue
		}
		answer := answers[j.wanted.Name]
		j.actual = answer.Topic
		if broker.NameRefused(answer.Err) && (j.resource == nil || j.deleting()) {
			continue // a topic that cannot be is not there
		}
		if answer.Err != nil {
			j.kafkaFailed(answer.Err)
		}
	}
	return o.askReassignments(ctx, jobs)
}

// askReassignments asks, where numbers of replicas are not as wanted, what is on its way: replicas that come or go are no difference.
func (o *Operator) askReassignments(ctx context.Context, jobs []*job) error {
	differ := func(j *job) bool {
		return j.deed == undecided && j.actual != nil && !j.deleting() && (j.actual.ReplicationFactor() != j.wanted.Replicas || moving(j.resource))
	}
	asked := slices.ContainsFunc(jobs, func(j *job) bool { return differ(j) && j.wanted.Replicas != topic.BrokerDefault })
	if !asked {
		return nil
	}
	done := o.Metrics.Request("list_reassignments")
	moving, err := o.Kafka.Reassignments(ctx)
	done()
	if errors.Is(err, broker.ErrUnreachable) || errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		// Kafka does not tell this operator. That is the trouble of those topics alone.
		for _, j := range jobs {
			if differ(j) && j.wanted.Replicas != topic.BrokerDefault {
				j.kafkaFailed(err)
			}
		}
		return nil
	}
	for _, j := range jobs {
		if differ(j) {
			mark(j.actual, moving[j.wanted.Name])
		}
	}
	return nil
}

// options are those whose values count even if the topic inherits them.
func (j *job) options() []string {
	out := make([]string, 0, len(j.wanted.Config))
	for name := range j.wanted.Config {
		out = append(out, name)
	}
	if j.agreed != nil {
		for name := range j.agreed.Config {
			out = append(out, name)
		}
	}
	return out
}

// kafkaFailed ends a job about which Kafka said no.
func (j *job) kafkaFailed(err error) {
	j.fail(err)
	j.deed = tell
	refused, is := errors.AsType[*broker.Refused](err)
	if !is || refused.Retry {
		j.later = true
	}
	if !is {
		j.deed = nothing
	}
}

// decide says about every job what is to be done, now that Kafka has answered.
func (o *Operator) decide(jobs []*job) {
	known := o.resources.Count()
	for _, j := range jobs {
		if j.deed != undecided {
			continue
		}
		j.agreed = j.agreed.In(o.Kafka.ClusterID())
		switch {
		case j.resource == nil || j.deleting():
			o.decideDeletion(j, known)
		case j.actual == nil:
			o.decideMissing(j, known)
		default:
			o.deletions.exists(j.key)
			j.deed = compare
			j.agreed = j.agreed.About(j.actual, j.mode)
			j.difference = topic.Compare(j.wanted, j.actual, j.agreed, o.policy(j))
		}
	}
}

func (o *Operator) policy(j *job) topic.Policy {
	return topic.Policy{Mode: j.mode, Alterable: o.Alterable, ThrottlesAreOthers: o.ThrottlesAreOthers || moving(j.resource)}
}

// decideDeletion is about a resource that is being deleted, or is gone.
func (o *Operator) decideDeletion(j *job, known int) {
	if j.actual == nil && j.mode == topic.TwoWay {
		// If the broker that answered lags behind, the topic becomes a resource again.
		j.deed = release
		return
	}
	if j.mode == topic.TwoWay && j.agreed != nil && j.agreed.TopicID != j.actual.ID {
		// It is another topic of the same name, which the resource knows nothing of.
		j.deed = release
		return
	}
	j.deed = deleteTopic
	if j.resource == nil || j.mode != topic.TwoWay || confirmed(j.resource) {
		return
	}
	if age := o.Now().Sub(j.resource.DeletionTimestamp.Time); age < settling && !held(j.resource) {
		j.deed, j.again = nothing, settling-age
		return
	}
	if held(j.resource) || o.deletions.manyResources(known) {
		j.hold("Many KafkaTopics are being deleted at once, so their topics are kept. If that is meant, annotate the KafkaTopics with %s: \"true\"; if not, remove their finalizers: the topics become resources again.")
		return
	}
	o.deletions.follow(j.key)
}

// decideMissing is about a resource whose topic Kafka does not have.
func (o *Operator) decideMissing(j *job, known int) {
	answer := j.resource.Annotations[v1.AnnotationConfirmDeletion]
	switch topic.Missing(j.wanted, j.agreed, o.policy(j), answer) {
	case topic.Create:
		j.deed = create
		o.deletions.exists(j.key)
	case topic.Leave:
		j.refuse(v1.ReasonDrift, "The topic was deleted in Kafka. To have it again, remove the annotation "+v1.AnnotationDrift+" or set it to revert.")
	case topic.Remove:
		o.decideVanished(j, known)
	}
}

func (o *Operator) decideVanished(j *job, known int) {
	gone := o.deletions.vanish(j.key)
	switch {
	case confirmed(j.resource):
		j.deed = deleteResource
	case gone < settling && !held(j.resource):
		j.deed, j.again = nothing, settling-gone
	case held(j.resource) || o.deletions.manyTopics(known):
		j.hold("Many topics were deleted in Kafka at once, so their KafkaTopics are kept. Annotate the KafkaTopics with %s: \"true\" to have them deleted, or \"false\" to have the topics created again.")
	default:
		j.deed = deleteResource
		o.deletions.follow(j.key)
	}
}
