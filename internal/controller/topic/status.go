package topic

import (
	"context"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/topic"
)

// status is what the resource is to say after a job.
func (j *job) status() v1.KafkaTopicStatus {
	out := v1.KafkaTopicStatus{ObservedGeneration: j.resource.Generation}
	if j.only != nil {
		out.Conditions = []v1.Condition{*j.only}
		if j.only.Type == v1.ConditionReconciliationPaused {
			out.TopicName = j.resource.Status.TopicName
			if h := heldCondition(j.resource); h != nil {
				out.Conditions = append(out.Conditions, *h) // it is held on when the pause is over
			}
		}
		return out
	}
	out.TopicName, out.TopicID, out.ReplicasChange = topic.Name(j.resource), j.topicID(), j.replicas
	if was := j.resource.Status.TopicName; was != "" && was != out.TopicName {
		out.TopicName, out.TopicID = was, j.resource.Status.TopicID
	}
	if j.deed == tell && j.replicas == nil {
		// Nobody looked how far it is.
		out.ReplicasChange = j.resource.Status.ReplicasChange
	}
	out.Conditions = append(out.Conditions, j.verdict())
	out.Conditions = append(out.Conditions, j.warnings...)
	out.Conditions = append(out.Conditions, j.difference.Warnings...)
	out.Conditions = append(out.Conditions, j.divergence()...)
	return out
}

func (j *job) topicID() string {
	if j.actual != nil {
		return j.actual.ID
	}
	return ""
}

// verdict tells whether all is as wanted; what Kafka could not do at all comes before what it refused.
func (j *job) verdict() v1.Condition {
	if h := heldCondition(j.resource); h != nil && j.err != nil && j.resource.Annotations[v1.AnnotationConfirmDeletion] == "" {
		// Only an answer ends that. Whatever else goes wrong meanwhile must not make it forgotten.
		return *h
	}
	if len(j.difference.Refused) > 0 {
		refused := j.difference.Refused[0]
		return notReady(refused.Reason, refused.Message)
	}
	if j.err == nil {
		return v1.Condition{Type: v1.ConditionReady, Status: v1.ConditionTrue}
	}
	if p, is := errors.AsType[*problem](j.err); is {
		return notReady(p.reason, p.message)
	}
	if _, is := errors.AsType[*broker.Refused](j.err); is || errors.Is(j.err, broker.ErrUnreachable) {
		return notReady(v1.ReasonKafka, j.err.Error())
	}
	return notReady(v1.ReasonInternal, j.err.Error())
}

// notReady is how KafkaTopics, unlike other kinds, say that they are not ready.
func notReady(reason, message string) v1.Condition {
	return v1.Condition{Type: v1.ConditionReady, Status: v1.ConditionFalse, Reason: reason, Message: message}
}

// divergence tells what was changed in Kafka and left like that, and what was changed on both sides.
func (j *job) divergence() []v1.Condition {
	var out []v1.Condition
	if j.mode == topic.Report && len(j.difference.Resource) > 0 {
		texts := make([]string, 0, len(j.difference.Resource))
		for _, e := range j.difference.Resource {
			texts = append(texts, e.String())
		}
		out = append(out, warning(v1.WarningDrift, "Kafka differs from the resource and is left like that: "+strings.Join(texts, ", ")))
	}
	if len(j.difference.Conflicts) > 0 {
		out = append(out, warning(v1.WarningTopicConflict, strings.Join(j.difference.Conflicts, "; ")))
	}
	return out
}

func warning(reason, message string) v1.Condition {
	return v1.Condition{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: reason, Message: message}
}

// writeStatus writes the status if it says something new.
func (o *Operator) writeStatus(ctx context.Context, j *job) error {
	is := j.status()
	reconciliation.Stamp(j.resource.Status.Conditions, is.Conditions, o.Now())
	if equality.Semantic.DeepEqual(j.resource.Status, is) {
		return nil
	}
	done := o.Metrics.Request("update_status")
	defer done()
	// A whole status costs the API server less than a patch of one.
	_, err := o.API.Topics(j.key.Namespace).UpdateStatus(ctx, &v1.KafkaTopic{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: j.key.Namespace, Name: j.key.Name, UID: j.resource.UID, ResourceVersion: j.newestVersion(),
		},
		Status: is,
	}, metav1.UpdateOptions{})
	return err
}
