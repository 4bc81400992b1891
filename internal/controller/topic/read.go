package topic

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/claim"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/topic"
)

// read makes the jobs of a batch, as far as resources alone tell.
func (o *Operator) read(ctx context.Context, keys []types.NamespacedName) []*job {
	jobs := make([]*job, 0, len(keys))
	for _, key := range keys {
		if j := o.job(ctx, key); j != nil {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func (o *Operator) job(ctx context.Context, key types.NamespacedName) *job {
	resource := o.seen(key)
	if resource == nil {
		return o.orphan(ctx, key)
	}
	if !o.selects(resource) {
		return nil
	}
	j := &job{key: key, resource: resource, mode: o.Mode}
	if reconciliation.Paused(resource) && !j.deleting() {
		j.only = &v1.Condition{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}
		o.deletions.exists(key)
		return j
	}
	if !topic.Managed(resource) {
		j.only = &v1.Condition{Type: v1.ConditionUnmanaged, Status: v1.ConditionTrue}
		o.deletions.exists(key)
		if j.deleting() {
			j.deed = release
		}
		return j
	}
	o.examine(j)
	return j
}

// seen is a resource as it was seen last, which nobody may change; nil if there is none.
func (o *Operator) seen(key types.NamespacedName) *v1.KafkaTopic {
	object, exists, err := o.topics.GetStore().GetByKey(key.String())
	if err != nil || !exists {
		return nil
	}
	return object.(*v1.KafkaTopic)
}

// orphan is about a resource that is gone, and whose topic is to go too. Whether the resource is really gone is asked of the API server
// itself: a cache can lose what still exists.
func (o *Operator) orphan(ctx context.Context, key types.NamespacedName) *job {
	name, is := o.resources.Orphaned(key)
	if !is {
		return nil
	}
	j := &job{key: key, wanted: topic.Wanted{Name: name}, deed: undecided}
	if len(o.resources.Claiming(name)) > 0 {
		o.resources.Adopted(key)
		return nil
	}
	_, err := o.API.Topics(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if err == nil {
		o.resources.Adopted(key)
		return nil
	}
	if !apierrors.IsNotFound(err) {
		j.deed, j.later = nothing, true
	}
	return j
}

// examine finds out what the resource wants, and whether it may.
func (o *Operator) examine(j *job) {
	j.deed = undecided
	name := topic.Name(j.resource)
	if was := j.resource.Status.TopicName; was != "" && was != name {
		j.refuse(v1.ReasonNotSupported, fmt.Sprintf("Changing spec.topicName is not supported: set it back to %q. To have another topic, annotate this resource with %s: \"false\", delete it, which keeps its topic, and create another one", was, v1.AnnotationManaged))
		return
	}
	if j.deleting() {
		j.wanted = topic.Wanted{Name: name}
		j.agreed = o.agreement(j)
		if !hasFinalizer(j.resource) {
			j.deed = nothing
		} else if len(o.rivals(j.key, name)) > 0 {
			// Another resource has the topic now.
			j.deed = release
		}
		return
	}
	if rivals := o.rivals(j.key, name); len(rivals) > 0 {
		if manages, message := claim.Manages(claimOf(j.resource), append(rivals, claimOf(j.resource))); !manages {
			j.refuse(v1.ReasonResourceConflict, message)
			return
		}
	}
	o.understand(j)
}

// understand reads the spec and the annotations.
func (o *Operator) understand(j *job) {
	var err error
	if j.wanted, err = topic.Read(j.resource); err != nil {
		j.refuse(v1.ReasonInternal, err.Error())
		return
	}
	switch drift := topic.Mode(j.resource.Annotations[v1.AnnotationDrift]); drift {
	case "":
	case topic.Report, topic.Revert:
		j.mode = drift
	default:
		j.refuse(v1.ReasonNotSupported, fmt.Sprintf("metadata.annotations.%s is %q: expected report or revert", v1.AnnotationDrift, drift))
		return
	}
	j.agreed = o.agreement(j)
}

// agreement is what the resource and its topic last agreed on; nil if that is not to count, or was about another cluster.
func (o *Operator) agreement(j *job) *topic.Agreed {
	if j.mode == topic.Revert {
		return nil
	}
	return topic.ParseAgreed(j.resource.Annotations[v1.AnnotationAgreed])
}

// wants tells whether a resource asks for so many replicas of a topic, and may have them.
func (o *Operator) wants(name string, replicas int32) bool {
	return slices.ContainsFunc(o.resources.Claiming(name), func(key types.NamespacedName) bool {
		t := o.seen(key)
		if t == nil || !o.selects(t) || reconciliation.Paused(t) || !topic.Managed(t) || t.DeletionTimestamp != nil {
			return false
		}
		manages, _ := claim.Manages(claimOf(t), append(o.rivals(key, name), claimOf(t)))
		wanted, err := topic.Read(t)
		return manages && err == nil && wanted.Replicas == replicas
	})
}

// rivals are the other resources that name the same topic and want it managed.
func (o *Operator) rivals(self types.NamespacedName, name string) []claim.Claim {
	keys := o.resources.Claiming(name)
	if len(keys) < 2 && slices.Contains(keys, self) {
		return nil
	}
	var out []claim.Claim
	for _, key := range keys {
		other := o.seen(key)
		if key == self || other == nil || !topic.Managed(other) || other.DeletionTimestamp != nil {
			continue
		}
		out = append(out, claimOf(other))
	}
	return out
}

func claimOf(t *v1.KafkaTopic) claim.Claim {
	return claim.Claim{Namespace: t.Namespace, Name: t.Name, Created: t.CreationTimestamp.Time, Ready: isReady(t)}
}

func isReady(t *v1.KafkaTopic) bool {
	return slices.ContainsFunc(t.Status.Conditions, func(c v1.Condition) bool {
		return c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue
	})
}

// held tells whether the deletion of a resource or of its topic was held back: only an answer ends that.
func held(t *v1.KafkaTopic) bool { return heldCondition(t) != nil }

func heldCondition(t *v1.KafkaTopic) *v1.Condition {
	for i := range t.Status.Conditions {
		if c := t.Status.Conditions[i]; c.Reason == v1.ReasonDeletionHeld {
			return &c
		}
	}
	return nil
}

func (j *job) hold(message string) {
	j.refuse(v1.ReasonDeletionHeld, fmt.Sprintf(message, v1.AnnotationConfirmDeletion))
}
