package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/roll"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// noteLimit is the longest note of an event that Kubernetes accepts, in bytes.
const noteLimit = 1000

// recordPools writes the pools' statuses. The ids in them are the record of which nodes exist, so they are
// written before anything is made of them.
func (r *Reconciler) recordPools(ctx context.Context, cluster *kafka.Cluster, seen observed) error {
	for i := range seen.pools {
		pool := &seen.pools[i]
		changed := pool.DeepCopy()
		describePool(changed, cluster, r.Now())
		if equality.Semantic.DeepEqual(pool.Status, changed.Status) {
			continue
		}
		// A record made from a stale one could give nodes other ids.
		unless := client.MergeFromWithOptions(pool, client.MergeFromWithOptimisticLock{})
		if err := r.Client.Status().Patch(ctx, changed, unless); err != nil {
			return fmt.Errorf("record the nodes of pool %s: %w", pool.Name, err)
		}
	}
	return nil
}

// apply makes the plan true. What belongs to somebody else is the user's to decide about.
func (r *Reconciler) apply(ctx context.Context, want plan.Plan) error {
	err := r.Runtime.Apply(ctx, want)
	if errors.Is(err, runtime.ErrForeign) {
		return outcome.Invalid(v1.ReasonInvalidResource, err)
	}
	return err
}

// restart ends one node and tells why.
func (r *Reconciler) restart(ctx context.Context, k *v1.Kafka, step roll.Step, seen observed) error {
	if err := r.Runtime.Restart(ctx, ref(k.Namespace, k.Name), step.Node, seen.nodes); err != nil {
		return err
	}
	log.FromContext(ctx).Info("restarting a node", "node", step.Node, "reasons", step.Reasons)
	for _, reason := range step.Reasons {
		// The restart has happened; an event that cannot be written does not undo it.
		if err := r.Client.Create(ctx, r.restartEvent(k, step.Node, reason)); err != nil {
			log.FromContext(ctx).Info("cannot write the event of a restart", "node", step.Node, "why", err.Error())
		}
	}
	return nil
}

func (r *Reconciler) restartEvent(k *v1.Kafka, node string, reason roll.Reason) *eventsv1.Event {
	out := r.event(k, v1.RestartEventAction, reason.Code, fmt.Sprintf("Pod %s is restarted: %s", node, reason.Text))
	out.Related = &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: k.Namespace, Name: node}
	return out
}

// tell logs what was done about certificates and writes an event of each change. It has been done; an event that cannot
// be written does not undo it.
func (r *Reconciler) tell(ctx context.Context, k *v1.Kafka, changes []change) {
	for _, c := range changes {
		log.FromContext(ctx).Info("certificates changed", "what", c.what, "subject", c.subject, "why", c.why)
		note := fmt.Sprintf("%s: %s", c.subject, c.why)
		if err := r.Client.Create(ctx, r.event(k, v1.CertificateEventAction, c.what, note)); err != nil {
			log.FromContext(ctx).Info("cannot write the event of a certificate", "what", c.what, "why", err.Error())
		}
	}
}

// event is about the cluster and nothing bad.
func (r *Reconciler) event(k *v1.Kafka, action, reason, note string) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta:          metav1.ObjectMeta{GenerateName: v1.RestartEventGenerateName, Namespace: k.Namespace},
		EventTime:           metav1.NewMicroTime(r.Now().Truncate(time.Microsecond)),
		Action:              action,
		Reason:              reason,
		Type:                corev1.EventTypeNormal,
		ReportingController: v1.RestartEventController,
		ReportingInstance:   r.OperatorName,
		Note:                note[:min(len(note), noteLimit)],
		Regarding:           corev1.ObjectReference{APIVersion: v1.GroupVersion().String(), Kind: "Kafka", Namespace: k.Namespace, Name: k.Name, UID: k.UID},
	}
}
