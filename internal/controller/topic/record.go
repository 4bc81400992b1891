package topic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/topic"
)

// mark gives new resources their finalizer, so that none can go without its topic, and takes it from all if they are not to have any. The
// function that it returns waits for that.
func (o *Operator) mark(ctx context.Context, jobs []*job) (wait func()) {
	needs := func(j *job) bool {
		return j.deed == undecided && j.resource != nil && !j.deleting() && hasFinalizer(j.resource) != o.Finalizers
	}
	marked := batch.Each(o.writers, jobs, needs, func(j *job) {
		done := o.Metrics.Request("add_finalizer")
		defer done()
		j.unmarked = o.setFinalizer(ctx, j, o.Finalizers)
	})
	return sync.OnceFunc(func() {
		marked()
		for _, j := range jobs {
			if j.unmarked != nil {
				j.writeFailed(ctx, j.unmarked)
			}
		}
	})
}

// setFinalizer adds or removes the finalizer of the version of the resource that was read.
func (o *Operator) setFinalizer(ctx context.Context, j *job, wanted bool) error {
	finalizers := slices.DeleteFunc(slices.Clone(j.resource.Finalizers), func(f string) bool { return f == v1.FinalizerTopic })
	if wanted {
		finalizers = append(finalizers, v1.FinalizerTopic)
	}
	version, err := o.patch(ctx, j, map[string]any{"metadata": map[string]any{
		"finalizers": finalizers, "resourceVersion": j.resource.ResourceVersion, "uid": j.resource.UID,
	}})
	j.version = version
	return err
}

// patch changes the resource and gives its new version.
func (o *Operator) patch(ctx context.Context, j *job, change map[string]any) (string, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return "", fmt.Errorf("write KafkaTopic %s: %w", j.key, err)
	}
	written, err := o.API.Topics(j.key.Namespace).Patch(ctx, j.key.Name, types.MergePatchType, body, metav1.PatchOptions{})
	if err != nil {
		return "", err
	}
	return written.ResourceVersion, nil
}

// writeFailed ends a job whose resource could not be written. A newer version of the resource comes to the queue by itself.
func (j *job) writeFailed(ctx context.Context, err error) {
	j.deed, j.err, j.later = nothing, nil, true
	if apierrors.IsNotFound(err) {
		j.later = false
		return
	}
	if !apierrors.IsConflict(err) && !errors.Is(err, context.Canceled) {
		log.FromContext(ctx).Info("cannot write a KafkaTopic", "resource", j.key.String(), "why", err.Error())
	}
}

// record writes into the resources what became of the jobs.
func (o *Operator) record(ctx context.Context, jobs []*job) {
	batch.Each(o.writers, jobs, func(j *job) bool { return j.resource != nil && j.deed != nothing }, func(j *job) { o.recordOne(ctx, j) })()
}

func (o *Operator) recordOne(ctx context.Context, j *job) {
	var err error
	switch j.deed {
	case release:
		done := o.Metrics.Request("remove_finalizer")
		err = o.setFinalizer(ctx, j, false)
		done()
	case deleteResource:
		err = o.deleteVanished(ctx, j)
	default:
		if err = o.agree(ctx, j); err == nil {
			err = o.writeStatus(ctx, j)
		}
	}
	if err != nil {
		j.writeFailed(ctx, err)
	}
}

// deleteVanished deletes the version of the resource that was read: one that was edited since is wanted.
func (o *Operator) deleteVanished(ctx context.Context, j *job) error {
	// Without the finalizer first, the deletion would be a user's: one that deletes whatever topic has the name by then.
	if err := o.setFinalizer(ctx, j, false); err != nil {
		return err
	}
	version := j.newestVersion()
	log.FromContext(ctx).Info("deleting a KafkaTopic whose topic was deleted in Kafka", "resource", j.key.String(), "topic", j.wanted.Name)
	seen := &metav1.Preconditions{UID: &j.resource.UID, ResourceVersion: &version}
	err := o.API.Topics(j.key.Namespace).Delete(ctx, j.key.Name, metav1.DeleteOptions{Preconditions: seen})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// agree writes into the resource what was changed in Kafka, and what both sides agree on now.
func (o *Operator) agree(ctx context.Context, j *job) error {
	if j.mode == topic.Revert || j.actual == nil || j.deed != compare && j.deed != create {
		return nil
	}
	var err error
	wanted, change := j.wanted, map[string]any{}
	if j.mode == topic.TwoWay && len(j.difference.Resource) > 0 {
		spec := topic.Edited(j.resource.Spec, j.difference.Resource)
		if wanted, err = topic.Read(&v1.KafkaTopic{ObjectMeta: j.resource.ObjectMeta, Spec: spec}); err != nil {
			return err // it was read before, and edits are texts
		}
		change["spec"] = topic.Patch(j.difference.Resource)
	}
	agreed := o.agreed(j.agreed, wanted, j.actual)
	annotations := map[string]any{}
	if agreed != j.resource.Annotations[v1.AnnotationAgreed] {
		annotations[v1.AnnotationAgreed] = agreed
	}
	if _, answered := j.resource.Annotations[v1.AnnotationConfirmDeletion]; answered {
		// The answer was about a deletion that is over.
		annotations[v1.AnnotationConfirmDeletion] = nil
	}
	if len(annotations) == 0 && len(change) == 0 {
		return nil
	}
	change["metadata"] = map[string]any{"annotations": annotations, "uid": j.resource.UID, "resourceVersion": j.newestVersion()}
	j.version, err = o.patch(ctx, j, change)
	return err
}

// agreed is the text of what is agreed on now.
func (o *Operator) agreed(before *topic.Agreed, w topic.Wanted, is *topic.Actual) string {
	out := topic.Agree(before, w, is)
	out.Cluster = o.Kafka.ClusterID()
	return out.String()
}

// newestVersion is the version of the resource that is known to be like the one which was read.
func (j *job) newestVersion() string {
	if j.version != "" {
		return j.version
	}
	return j.resource.ResourceVersion
}

// conclude counts the jobs and says when to look at each again.
func (o *Operator) conclude(ctx context.Context, jobs []*job, took time.Duration) {
	for _, j := range jobs {
		log.FromContext(ctx).V(1).Info("looked at", "resource", j.key.String(), "deed", j.deed, "why", j.err, "later", j.later, "again", j.again)
		if len(j.done) > 0 {
			log.FromContext(ctx).Info("changed a topic", "topic", j.wanted.Name, "resource", j.key.String(), "what", strings.Join(j.done, "; "))
		}
		o.count(j, took)
		if j.resource == nil && j.deed == release {
			o.resources.Adopted(j.key)
		}
		switch {
		case j.later:
			o.queue.AddRateLimited(j.key)
		case j.again > 0:
			o.queue.AddAfter(j.key, j.again)
		default:
			o.queue.Forget(j.key)
		}
	}
}
