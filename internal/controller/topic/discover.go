package topic

import (
	"context"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/topic"
)

// discover makes resources for topics that have none, as long as the context lasts. Kafka does not tell about new topics, so it is asked.
func (o *Operator) discover(ctx context.Context) {
	for {
		if err := o.adopt(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Info("cannot look for topics without a resource", "why", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(o.lookInterval()):
		}
	}
}

// adopt makes resources for all topics that have none.
func (o *Operator) adopt(ctx context.Context) error {
	all, err := o.Kafka.List(ctx)
	if err != nil {
		return err
	}
	var questions []broker.Question
	for i := range all {
		if !all[i].Internal && len(o.resources.Claiming(all[i].Name)) == 0 && !o.Exclusion.MatchString(all[i].Name) {
			questions = append(questions, broker.Question{Name: all[i].Name})
		}
	}
	for begin := 0; begin < len(questions); begin += o.BatchSize {
		if err := o.adoptSome(ctx, questions[begin:min(begin+o.BatchSize, len(questions))]); err != nil {
			return err
		}
	}
	return nil
}

func (o *Operator) adoptSome(ctx context.Context, questions []broker.Question) error {
	answers, err := o.Kafka.Describe(ctx, questions)
	if err != nil {
		return err
	}
	jobs := make([]*job, 0, len(answers))
	for _, answer := range answers {
		if answer.Topic != nil && answer.Err == nil {
			jobs = append(jobs, &job{actual: answer.Topic})
		}
	}
	batch.Each(o.writers, jobs, func(*job) bool { return true }, func(j *job) {
		if err := o.makeResource(ctx, j.actual); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Info("cannot make a KafkaTopic for a topic", "topic", j.actual.Name, "why", err.Error())
		}
	})()
	return nil
}

// makeResource makes the resource for a topic. It agrees with its topic from the beginning.
func (o *Operator) makeResource(ctx context.Context, is *topic.Actual) error {
	name := topic.ResourceName(is.Name)
	resource := &v1.KafkaTopic{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion().String(), Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: name, Labels: maps.Clone(o.Labels)},
		Spec:       topic.Spec(name, is),
	}
	wanted, err := topic.Read(resource)
	if err != nil {
		return err
	}
	resource.Annotations = map[string]string{v1.AnnotationAgreed: o.agreed(nil, wanted, is)}
	if o.Finalizers {
		resource.Finalizers = []string{v1.FinalizerTopic}
	}
	_, err = o.API.Topics(o.Namespace).Create(ctx, resource, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		o.tellHomeless(ctx, is.Name, o.seen(keyOf(resource)))
		return nil
	}
	return err
}

// tellHomeless tells once that a topic gets no resource because another one has its name. That one may also be the topic's, and not seen yet.
func (o *Operator) tellHomeless(ctx context.Context, name string, holder *v1.KafkaTopic) {
	if holder == nil || o.selects(holder) && topic.Claimed(holder) == name {
		return
	}
	if _, told := o.homeless.LoadOrStore(name, nil); !told {
		log.FromContext(ctx).Info("a topic gets no KafkaTopic, as one of another topic or cluster has its name: have the clusters watch different namespaces, or create a KafkaTopic with spec.topicName",
			"topic", name, "taken", holder.Name, "cluster", holder.Labels[v1.LabelCluster])
	}
}
