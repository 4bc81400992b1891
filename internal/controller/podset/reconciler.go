package podset

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/podset"
	"castellan.io/castellan/internal/reconciliation"
)

// setsAtOnce is how many sets are looked after at the same time.
const setsAtOnce = 4

// endingLook is when to look again at a set whose namespace is being deleted: it should be gone by then.
const endingLook = time.Minute

// Reconciler creates and ends pods as their sets say.
type Reconciler struct {
	client   client.Client
	selector labels.Selector
}

// New returns a reconciler that reads and writes through c, for sets whose Kafka the selector matches.
func New(c client.Client, selector labels.Selector) *Reconciler {
	return &Reconciler{client: c, selector: selector}
}

// Setup registers the controller of StrimziPodSets with the manager. It looks after the sets of those Kafkas that the selector matches.
func Setup(mgr ctrl.Manager, selector labels.Selector) error {
	r := New(mgr.GetClient(), selector)
	err := ctrl.NewControllerManagedBy(mgr).
		For(&podsetv1.StrimziPodSet{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(setOfPod)).
		WithOptions(controller.Options{MaxConcurrentReconciles: setsAtOnce}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the StrimziPodSet controller: %w", err)
	}
	return nil
}

// setOfPod finds a pod's set by its label, so that pods without an owner reference are found too.
func setOfPod(_ context.Context, pod client.Object) []reconcile.Request {
	name := pod.GetLabels()[v1.LabelControllerName]
	if name == "" || pod.GetLabels()[v1.LabelController] != v1.ControllerPodSet {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: name}}}
}

// Reconcile makes the pods of one set exist.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var set podsetv1.StrimziPodSet
	if err := r.client.Get(ctx, request.NamespacedName, &set); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if set.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	if ours, err := r.ours(ctx, &set); err != nil || !ours {
		return reconcile.Result{}, err
	}
	change, err := r.next(ctx, &set)
	if err == nil {
		err = r.apply(ctx, &set, &change)
	}
	if reconciliation.NamespaceEnds(err) {
		return reconcile.Result{RequeueAfter: endingLook}, nil
	}
	if err != nil {
		change.Status = *set.Status.DeepCopy()
		change.Status.Conditions = []v1.Condition{{Type: "Error", Status: "true", Message: err.Error()}}
	}
	if statusErr := r.writeStatus(ctx, &set, change.Status); err == nil {
		err = statusErr
	}
	return reconcile.Result{}, err
}

// ours tells whether the set's Kafka is this operator's. Another operator may look after the others, and two must not meet.
func (r *Reconciler) ours(ctx context.Context, set *podsetv1.StrimziPodSet) (bool, error) {
	if r.selector.Empty() {
		return true, nil
	}
	var owner v1.Kafka
	err := r.client.Get(ctx, types.NamespacedName{Namespace: set.Namespace, Name: set.Labels[v1.LabelCluster]}, &owner)
	if err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return r.selector.Matches(labels.Set(owner.Labels)), nil
}

func (r *Reconciler) next(ctx context.Context, set *podsetv1.StrimziPodSet) (podset.Change, error) {
	pods, err := r.pods(ctx, set)
	if err != nil {
		return podset.Change{}, err
	}
	return podset.Next(set, pods)
}

func (r *Reconciler) pods(ctx context.Context, set *podsetv1.StrimziPodSet) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(&set.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("spec.selector: %w", err)
	}
	var list corev1.PodList
	if err := r.client.List(ctx, &list, client.InNamespace(set.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", set.Name, err)
	}
	return list.Items, nil
}

func (r *Reconciler) apply(ctx context.Context, set *podsetv1.StrimziPodSet, change *podset.Change) error {
	for _, pod := range change.Delete {
		uid := pod.UID
		err := r.client.Delete(ctx, pod, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
		if err != nil && !isPast(err) {
			return fmt.Errorf("delete pod %s: %w", pod.Name, err)
		}
	}
	for _, pod := range change.Adopt {
		adopted := pod.DeepCopy()
		adopted.OwnerReferences = append(adopted.OwnerReferences, podset.OwnerReference(set))
		patch := client.MergeFromWithOptions(pod, client.MergeFromWithOptimisticLock{})
		if err := r.client.Patch(ctx, adopted, patch); err != nil && !isPast(err) {
			return fmt.Errorf("adopt pod %s: %w", pod.Name, err)
		}
	}
	for _, a := range change.Annotate {
		if err := r.annotate(ctx, a); err != nil {
			return err
		}
	}
	for _, pod := range change.Create {
		// A pod that exists already is one that the cache does not show yet: its event comes.
		if err := r.client.Create(ctx, pod); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create pod %s: %w", pod.Name, err)
		}
	}
	return r.handDownRestart(ctx, set, change)
}

// annotate tells a pod's new remarks. A change of any kind makes the kubelet look at the pod's volumes at once, where it would take
// up to a minute and a half to notice that a secret in them has changed.
func (r *Reconciler) annotate(ctx context.Context, a podset.Annotations) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": a.Pod.UID, "annotations": a.Changed}})
	if err != nil {
		return fmt.Errorf("annotate pod %s: %w", a.Pod.Name, err)
	}
	err = r.client.Patch(ctx, a.Pod.DeepCopy(), client.RawPatch(types.MergePatchType, patch))
	if err != nil && !isPast(err) {
		return fmt.Errorf("annotate pod %s: %w", a.Pod.Name, err)
	}
	return nil
}

// handDownRestart marks the pods of a set that a person marked for a restart, and then takes the mark off the set. When it is
// interrupted the set is still marked, and marking goes on; a pod that was restarted in between may restart once more.
func (r *Reconciler) handDownRestart(ctx context.Context, set *podsetv1.StrimziPodSet, change *podset.Change) error {
	for _, pod := range change.Restart {
		// The id keeps the mark off a pod that has taken the place of the one the cache shows.
		patch := fmt.Sprintf(markPatch, pod.UID)
		err := r.client.Patch(ctx, pod.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch)))
		if err != nil && !isPast(err) {
			return fmt.Errorf("mark pod %s for a restart: %w", pod.Name, err)
		}
	}
	if !change.Unmark {
		return nil
	}
	patch := client.RawPatch(types.MergePatchType, []byte(unmarkPatch))
	if err := r.client.Patch(ctx, set.DeepCopy(), patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take the mark for a restart off %s: %w", set.Name, err)
	}
	return nil
}

// isPast tells whether an object is gone, or another than the cache shows: an event about it is on its way.
func isPast(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsConflict(err) }

const (
	markPatch   = `{"metadata":{"uid":%q,"annotations":{"` + v1.AnnotationManualRollingUpdate + `":"true"}}}`
	unmarkPatch = `{"metadata":{"annotations":{"` + v1.AnnotationManualRollingUpdate + `":null}}}`
)

func (r *Reconciler) writeStatus(ctx context.Context, set *podsetv1.StrimziPodSet, status podsetv1.StrimziPodSetStatus) error {
	if equality.Semantic.DeepEqual(set.Status, status) {
		return nil
	}
	changed := set.DeepCopy()
	changed.Status = status
	if err := r.client.Status().Patch(ctx, changed, client.MergeFrom(set)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of %s: %w", set.Name, err)
	}
	return nil
}
