package runtime

import (
	"context"
	"errors"

	"castellan.io/castellan/internal/plan"
)

// ErrConflict says that the platform holds something newer than what the caller had read.
// The reaction is to observe again.
var ErrConflict = errors.New("the platform holds something newer")

// ErrForeign says that something of a wanted name exists and belongs to somebody else.
// The reaction is to have a person decide.
var ErrForeign = errors.New("an object of this name exists and is not the operator's")

// Ref names a component of a cluster.
type Ref struct {
	// Namespace and Cluster of the component; Kind of the cluster's resource, for example Kafka.
	Namespace, Cluster, Kind string
	// Component is the component's name: <cluster>-kafka.
	Component string
}

// Runtime makes a platform match plans.
//
// All methods can be repeated and can be interrupted at any point: the next call goes on.
// Errors not named in a method's comment are failures of the platform and worth another try.
type Runtime interface {
	// Observe shows what exists of a component. A component of which nothing exists is empty, not an error.
	Observe(ctx context.Context, ref Ref) (plan.Observed, error)
	// Outdated tells how instances that run differ from the plan, by instance; current ones are absent. The plan's workload is
	// among them, by its name, as long as what is seen of it is not what the plan wants.
	Outdated(ctx context.Context, want plan.Plan) (map[string]Difference, error)
	// Apply makes the platform match the plan. Running instances are never touched, but for those
	// that the plan no longer has: they end. Applying the same plan again changes nothing. ErrForeign when
	// something in the plan has the name of what somebody else made.
	Apply(ctx context.Context, want plan.Plan) error
	// Restart ends one instance so that the platform starts it anew from its newest plan.
	// ErrConflict when any instance of the component is no longer as seen: the decision may not hold any more.
	Restart(ctx context.Context, ref Ref, instance string, seen plan.Observed) error
	// Secrets returns the secrets of a cluster by name, whichever component they belong to.
	Secrets(ctx context.Context, ref Ref) (map[string]plan.Secret, error)
	// Keep stores a secret that must never be lost or overwritten, such as a certificate authority's
	// key. ErrConflict when there is one of that name already.
	Keep(ctx context.Context, owner plan.Owner, secret plan.Secret) error
	// Remove ends what the platform does not collect together with its owner.
	Remove(ctx context.Context, ref Ref) error
}

// Difference says in which respect a running instance is not what its plan wants.
type Difference string

// The differences that exist.
const (
	// DifferentShape is any difference but the next.
	DifferentShape Difference = "shape"
	// DifferentResources is a difference in processor or memory alone.
	DifferentResources Difference = "resources"
)
