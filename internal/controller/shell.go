package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/runtime"
)

// Kind is one kind of resource and what is done about it.
type Kind[T client.Object] interface {
	// New returns an empty resource to read into.
	New() T
	// Reconcile makes the world match the resource and fills its status, conditions excepted. The report counts whatever
	// the error is. The error's meaning is the one package outcome defines.
	Reconcile(ctx context.Context, resource T) (Report, error)
	// Check returns warnings about what the resource says, which hold whatever is done about it.
	Check(resource T) []v1.Condition
	// Gone is called when a resource does not exist any more.
	Gone(ctx context.Context, key types.NamespacedName) error
	// Status gives access to what every status has.
	Status(resource T) (conditions *[]v1.Condition, observedGeneration *int64)
	// Pause leaves in the status only what is true while nothing is done.
	Pause(resource T)
}

// Report is what a reconciliation tells besides its error.
type Report struct {
	// Warnings become conditions.
	Warnings []v1.Condition
	// Next is how long from now something is due although nothing happens; 0 for nothing before the next resync.
	Next time.Duration
}

// Timing is how the shell waits.
type Timing struct {
	// Resync is how often a resource is looked at when nothing happens.
	Resync time.Duration
	// Patience is how long a wait may last before the status says so.
	Patience time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Shell is the reconciler of a kind.
type Shell[T client.Object] struct {
	client   client.Client
	kind     Kind[T]
	name     string
	selector labels.Selector
	timing   Timing

	mu sync.Mutex
	// waiting holds what resources wait for. It only times a message: losing it delays the message.
	waiting map[types.NamespacedName]wait
	// superseded holds the versions of resources over which their status was written, until the cache shows newer ones.
	superseded map[types.NamespacedName][]string
}

// wait is since when a resource waits for the same thing, which its message tells.
type wait struct {
	message string
	since   time.Time
}

// NewShell returns the reconciler for a kind of the given name. Resources which the selector does not match are left alone.
func NewShell[T client.Object](c client.Client, kind Kind[T], name string, selector labels.Selector, timing Timing) *Shell[T] {
	return &Shell[T]{
		client: c, kind: kind, name: name, selector: selector, timing: timing,
		waiting: map[types.NamespacedName]wait{}, superseded: map[types.NamespacedName][]string{},
	}
}

// Reconcile reads a resource, has its kind act on it, and writes its status.
func (s *Shell[T]) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	resource := s.kind.New()
	err := s.client.Get(ctx, request.NamespacedName, resource)
	if apierrors.IsNotFound(err) {
		s.forget(request.NamespacedName)
		return reconcile.Result{}, s.kind.Gone(ctx, request.NamespacedName)
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read %s %s: %w", s.name, request.NamespacedName, err)
	}
	if resource.GetDeletionTimestamp() != nil || !s.selector.Matches(labels.Set(resource.GetLabels())) {
		return reconcile.Result{}, nil
	}
	if s.behind(resource) {
		return reconcile.Result{RequeueAfter: conflictPause}, nil
	}
	before, _ := resource.DeepCopyObject().(T)
	if reconciliation.Paused(resource) {
		s.pause(resource)
		if err := s.writeStatus(ctx, before, resource); err != nil {
			return s.result(ctx, 0, err)
		}
		return reconcile.Result{}, nil
	}
	return s.act(ctx, request, before, resource)
}

// act has the kind act on a resource, and tells in its status how that went.
func (s *Shell[T]) act(ctx context.Context, request reconcile.Request, before, resource T) (reconcile.Result, error) {
	before, err := s.announce(ctx, before, resource)
	if err != nil {
		return s.result(ctx, 0, err)
	}
	started := s.timing.Now()
	report, err := s.kind.Reconcile(ctx, resource)
	reconciliation.Count(s.name, request.Namespace, "", err, s.timing.Now().Sub(started))
	s.conclude(resource, request.NamespacedName, report.Warnings, err)
	writeErr := s.writeStatus(ctx, before, resource)
	if errors.Is(writeErr, runtime.ErrConflict) {
		return s.result(ctx, 0, writeErr)
	}
	if writeErr != nil {
		return reconcile.Result{}, errors.Join(err, writeErr)
	}
	return s.result(ctx, report.Next, err)
}

func (s *Shell[T]) pause(resource T) {
	s.kind.Pause(resource)
	conditions, _ := s.kind.Status(resource)
	*conditions = append(s.kind.Check(resource), v1.Condition{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue})
}

// announce tells at once that a new resource has been seen, before work that may take long. It returns the resource as it is stored then.
func (s *Shell[T]) announce(ctx context.Context, before, resource T) (T, error) {
	conditions, _ := s.kind.Status(resource)
	if len(*conditions) > 0 {
		return before, nil
	}
	*conditions = []v1.Condition{notReady(v1.ReasonCreating, s.name+" is being created")}
	announced, _ := resource.DeepCopyObject().(T)
	err := s.writeStatus(ctx, before, announced)
	return announced, err
}

// conclude turns the end of a reconciliation into conditions.
func (s *Shell[T]) conclude(resource T, key types.NamespacedName, warnings []v1.Condition, err error) {
	conditions, observed := s.kind.Status(resource)
	verdict, stands := s.verdict(*conditions, key, err)
	if !stands {
		*observed = resource.GetGeneration()
	}
	*conditions = slices.Concat(warnings, []v1.Condition{verdict}, s.kind.Check(resource))
}

// verdict is the Ready or NotReady condition. While a reconciliation waits, the last verdict stands until
// patience is over: a node that restarts does not make a cluster that serves its clients NotReady.
// A verdict that stands says nothing about the newest generation of the resource.
func (s *Shell[T]) verdict(last []v1.Condition, key types.NamespacedName, err error) (verdict v1.Condition, stands bool) {
	if waiting, waits := errors.AsType[*outcome.Waiting](err); waits {
		return s.waitingVerdict(last, key, waiting)
	}
	s.stopWaiting(key)
	if err == nil {
		return v1.Condition{Type: v1.ConditionReady, Status: v1.ConditionTrue}, false
	}
	if errors.Is(err, runtime.ErrConflict) || apierrors.IsConflict(err) {
		return lastVerdict(last), true
	}
	return notReady(reason(err), message(err)), false
}

func (s *Shell[T]) waitingVerdict(last []v1.Condition, key types.NamespacedName, w *outcome.Waiting) (verdict v1.Condition, stands bool) {
	verdict = lastVerdict(last)
	waited := s.waited(key, w.Message)
	if verdict.Reason == v1.ReasonCreating {
		verdict.Message = w.Message
		return verdict, true
	}
	if waited > s.timing.Patience {
		return notReady(v1.ReasonTimeout, w.Message), false
	}
	return verdict, true
}

func notReady(reason, message string) v1.Condition {
	return v1.Condition{Type: v1.ConditionNotReady, Status: v1.ConditionTrue, Reason: reason, Message: message}
}

// waited is for how long the resource has waited for what the message says. Each thing has patience of its own: a cluster
// whose many nodes restart one after the other makes progress.
func (s *Shell[T]) waited(key types.NamespacedName, message string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is, waits := s.waiting[key]; !waits || is.message != message {
		s.waiting[key] = wait{message, s.timing.Now()}
	}
	return s.timing.Now().Sub(s.waiting[key].since)
}

func (s *Shell[T]) stopWaiting(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, key)
}

func (s *Shell[T]) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, key)
	delete(s.superseded, key)
}

// behind tells whether the cache does not show yet the status that was last written. What is decided on the status before
// would be wrong, and a status like it would not be written although another one is stored.
func (s *Shell[T]) behind(resource T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := client.ObjectKeyFromObject(resource)
	if slices.Contains(s.superseded[key], resource.GetResourceVersion()) {
		return true
	}
	delete(s.superseded, key)
	return false
}

func (s *Shell[T]) supersede(before, after T) {
	if before.GetResourceVersion() == after.GetResourceVersion() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := client.ObjectKeyFromObject(before)
	s.superseded[key] = append(s.superseded[key], before.GetResourceVersion())
}

func lastVerdict(last []v1.Condition) v1.Condition {
	for _, c := range last {
		if c.Type == v1.ConditionReady || c.Type == v1.ConditionNotReady {
			return c
		}
	}
	return notReady(v1.ReasonCreating, "")
}

// reason is the class-like name that the compatible API has for an error.
func reason(err error) string {
	if refused, is := errors.AsType[*outcome.Refused](err); is {
		return refused.Reason
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return v1.ReasonCompletion
	}
	return v1.ReasonRuntime
}

// message is an error's text. The compatible API adds Kubernetes' code to what it refuses, and tools look for it.
func message(err error) string {
	var refusal apierrors.APIStatus
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	return fmt.Sprintf("%s (code=%d)", err, refusal.Status().Code)
}

// result says when to come back, next at the latest if it is not 0. Input that cannot work is not tried again until it
// changes.
func (s *Shell[T]) result(ctx context.Context, next time.Duration, err error) (reconcile.Result, error) {
	var waiting *outcome.Waiting
	latest := soonest(next, s.timing.Resync)
	switch {
	case err == nil:
		return reconcile.Result{RequeueAfter: latest}, nil
	case errors.As(err, &waiting):
		log.FromContext(ctx).V(1).Info("waiting", "reason", waiting.Reason, "message", waiting.Message)
		return reconcile.Result{RequeueAfter: soonest(waiting.After, latest)}, nil
	case outcome.IsInvalid(err):
		log.FromContext(ctx).Info("the resource cannot work as it is", "why", err.Error())
		return reconcile.Result{RequeueAfter: latest}, nil
	case errors.Is(err, runtime.ErrConflict):
		return reconcile.Result{RequeueAfter: conflictPause}, nil
	case reconciliation.NamespaceEnds(err):
		log.FromContext(ctx).Info("the namespace is being deleted")
		return reconcile.Result{RequeueAfter: latest}, nil
	}
	return reconcile.Result{}, err
}

// conflictPause gives the cache time to show what the conflict was about.
const conflictPause = 200 * time.Millisecond

func soonest(a, b time.Duration) time.Duration {
	if a > 0 && a < b {
		return a
	}
	return b
}

// writeStatus writes the status if it says something new.
func (s *Shell[T]) writeStatus(ctx context.Context, before, after T) error {
	was, _ := s.kind.Status(before)
	is, _ := s.kind.Status(after)
	reconciliation.Stamp(*was, *is, s.timing.Now())
	if sameStatus(before, after) {
		return nil
	}
	// Only the version that was read may be spoken about: meanwhile another resource can have the same name.
	unless := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	err := s.client.Status().Patch(ctx, after, unless)
	if apierrors.IsConflict(err) {
		return fmt.Errorf("write the status of %s %s: %w", s.name, after.GetName(), runtime.ErrConflict)
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status of %s %s: %w", s.name, after.GetName(), err)
	}
	s.supersede(before, after)
	return nil
}
