package user

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/reconciliation"
)

// status is what the resource is to say after a job.
func (j *job) status() v1.KafkaUserStatus {
	if j.only != nil {
		// Nobody has looked at this version of the resource.
		out := *j.resource.Status.DeepCopy()
		out.Conditions = []v1.Condition{*j.only}
		return out
	}
	out := v1.KafkaUserStatus{ObservedGeneration: j.resource.Generation}
	if j.err != nil {
		out.Conditions = append([]v1.Condition{j.failure()}, j.warnings...)
		if j.reports && j.settled() {
			// Other trouble is no reason to revert what was changed in Kafka.
			out.Username, out.Secret = j.resource.Status.Username, j.resource.Status.Secret
		}
		return out
	}
	out.Username, out.Secret = j.wanted.Principal, j.secret
	out.Conditions = append([]v1.Condition{{Type: v1.ConditionReady, Status: v1.ConditionTrue}}, j.warnings...)
	if j.vain != "" {
		out.Conditions = append(out.Conditions, warning(v1.WarningInvalidConfig, j.vain))
	}
	if len(j.drift) > 0 {
		out.Conditions = append(out.Conditions, warning(v1.WarningDrift, "Kafka differs from the resource and is left like that: "+told(j.drift)))
	}
	return out
}

// mostTold is how many differences a status tells: it is to be read.
const mostTold = 20

func told(texts []string) string {
	if more := len(texts) - mostTold; more > 0 {
		return fmt.Sprintf("%s, and %d more", strings.Join(texts[:mostTold], ", "), more)
	}
	return strings.Join(texts, ", ")
}

// failure tells why the user is not as wanted.
func (j *job) failure() v1.Condition {
	out := v1.Condition{Type: v1.ConditionNotReady, Status: v1.ConditionTrue, Reason: v1.ReasonExecution, Message: j.err.Error()}
	if p, is := errors.AsType[*problem](j.err); is {
		out.Reason = p.reason
	}
	if !errors.Is(j.err, broker.ErrUnreachable) {
		return out
	}
	out.Reason = v1.ReasonTimeout
	for _, was := range j.resource.Status.Conditions {
		if was.Type == out.Type && was.Reason == out.Reason {
			out.Message = was.Message // which broker did not answer is another one at each try, and nothing new
		}
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
	// A whole status costs the API server less than a patch of one.
	_, err := o.API.Users(j.key.Namespace).UpdateStatus(ctx, &v1.KafkaUser{
		ObjectMeta: metav1.ObjectMeta{Namespace: j.key.Namespace, Name: j.key.Name, UID: j.resource.UID, ResourceVersion: j.resource.ResourceVersion},
		Status:     is,
	}, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("write the status of KafkaUser %s: %w", j.key.Name, err)
	}
	return nil
}

// settled tells whether this version of the resource was carried out: only then its status has a name.
func (j *job) settled() bool {
	return j.resource.Status.ObservedGeneration == j.resource.Generation && j.resource.Status.Username == j.wanted.Principal
}
