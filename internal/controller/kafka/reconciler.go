package kafka

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/roll"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// Options are what the reconciler needs to work.
type Options struct {
	// Client reads resources from the cache and writes them; Live asks the API server.
	Client client.Client
	Live   client.Reader
	// Runtime runs the nodes, Dialer reaches them.
	Runtime runtime.Runtime
	Dialer  broker.Dialer
	// Launchers tell what nodes serve.
	Launchers Launchers
	// Settings are the operator's choices about clusters.
	Settings kafka.Settings
	// Entity are the operator's choices about entity operators.
	Entity entityoperator.Settings
	// KeyStores adds PKCS#12 stores to certificate secrets.
	KeyStores bool
	// OperatorName is the reporting instance of events, OperatorVersion goes into the status.
	OperatorName, OperatorVersion string
	// Now and Random are the clock and the source of randomness.
	Now    func() time.Time
	Random io.Reader
}

// Reconciler looks after Kafka resources.
type Reconciler struct {
	Options
	settled *settled
	loaded  *loaded
	expiry  *expiry
}

var _ controller.Kind[*v1.Kafka] = (*Reconciler)(nil)

// New returns a reconciler.
func New(o Options) *Reconciler {
	return &Reconciler{Options: o, settled: newSettled(), loaded: newLoaded(), expiry: newExpiry(o.Now)}
}

// Reconcile brings one cluster a step nearer to what its resource says.
func (r *Reconciler) Reconcile(ctx context.Context, k *v1.Kafka) (controller.Report, error) {
	var report controller.Report
	err := r.reconcile(ctx, k, &report)
	return report, err
}

func (r *Reconciler) reconcile(ctx context.Context, k *v1.Kafka, report *controller.Report) error {
	seen, err := r.observe(ctx, k)
	if err != nil {
		return err
	}
	cluster, err := kafka.Resolve(seen.input(k, r.Settings))
	if err != nil {
		report.Warnings = seen.warnings
		return err
	}
	report.Warnings = warnings(cluster.Warnings)
	logNotes(ctx, k, cluster.Notes)
	seen.listeners = r.ask(ctx, client.ObjectKeyFromObject(k), cluster, seen.nodes)
	seen.served = summary(seen.listeners)
	keys, err := r.keys(ctx, k, cluster, seen)
	if err != nil {
		return err
	}
	report.Next = keys.nextLook(r.Now())
	r.expiry.set(k, keys.kept)
	certificates, err := keys.certificates()
	if err != nil {
		return err
	}
	want := desired(k, cluster, keys, certificates)
	unfit := fitVolumes(&want, seen.nodes.Volumes, seen.expandable)
	report.Warnings = slices.Concat(report.Warnings, warnings(unfit), seen.warnings, keys.warnings)
	describe(k, cluster, keys)
	if err := r.recordPools(ctx, cluster, seen); err != nil {
		return err
	}
	step, err := r.next(ctx, k, cluster, &want, seen)
	if err != nil {
		return err
	}
	// Volumes that nobody wants any more go last: as long as something changes, their data may still be needed.
	want.KeepVolumes = step.Action != roll.Done
	if err := r.apply(ctx, want); err != nil {
		return err
	}
	r.tell(ctx, k, keys.issued)
	if err := r.take(ctx, k, step, seen); err != nil {
		return err
	}
	more, err := r.confirm(ctx, k, cluster, certificates, seen)
	report.Warnings = append(report.Warnings, more...)
	if err != nil {
		return err
	}
	more, err = r.settle(ctx, k, cluster, keys, seen)
	report.Warnings = append(report.Warnings, more...)
	if err != nil {
		return err
	}
	return r.entity(ctx, k, cluster, keys, seen)
}

// Gone ends what Kubernetes does not collect with the resource.
func (r *Reconciler) Gone(ctx context.Context, key types.NamespacedName) error {
	r.settled.forget(key)
	r.loaded.forget(key)
	r.expiry.forget(key)
	return r.Runtime.Remove(ctx, ref(key.Namespace, key.Name))
}

// logNotes tells once for each change of the resource what of it was ignored.
func logNotes(ctx context.Context, k *v1.Kafka, notes []string) {
	if k.Status.ObservedGeneration == k.Generation {
		return
	}
	for _, note := range notes {
		log.FromContext(ctx).Info("something was ignored", "what", note)
	}
}

// take does what was decided; only a cluster with nothing left to do passes.
func (r *Reconciler) take(ctx context.Context, k *v1.Kafka, step roll.Step, seen observed) error {
	switch step.Action {
	case roll.Restart:
		if err := r.restart(ctx, k, step, seen); err != nil {
			return err
		}
		return outcome.Wait("Rolling", "node "+step.Node+" is restarting", 0)
	case roll.Wait:
		log.FromContext(ctx).V(1).Info("waiting", "rule", step.Rule, "node", step.Node, "detail", step.Detail)
		return outcome.Wait("Rolling", step.Because, recheck(step))
	case roll.Blocked:
		return outcome.Invalid(v1.ReasonFatalProblem, errors.New(step.Because))
	case roll.Done:
	}
	return nil
}

// desired is the plan with everything that the keys add to it. The certificates of the entity operator's programs are among that:
// while a key of the authority is replaced they must not fall behind those of the nodes, whatever the nodes wait for.
func desired(k *v1.Kafka, cluster *kafka.Cluster, keys keys, certificates kafka.Certificates) plan.Plan {
	out := cluster.Plan(certificates)
	for _, p := range programs(k) {
		out.Secrets = append(out.Secrets, keys.secret(p))
	}
	return out
}
