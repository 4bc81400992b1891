package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/roll"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

const (
	// fetchTimeoutOption is how long a controller may be silent before it counts as lagging.
	fetchTimeoutOption = "controller.quorum.fetch.timeout.ms"
	// defaultFetchTimeoutMillis is Kafka's default of that option.
	defaultFetchTimeoutMillis = 2000
	// replicationCheck is how often replication is looked at while it keeps a node from restarting: nothing tells when
	// a partition has caught up.
	replicationCheck = 300 * time.Millisecond
	// reassignmentCheck is how often brokers are asked whether their replicas have been moved away.
	reassignmentCheck = 15 * time.Second
)

// next decides the next disruptive step, and keeps retiring controllers as long as there is one to come.
func (r *Reconciler) next(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, want *plan.Plan, seen observed) (roll.Step, error) {
	outdated, err := r.Runtime.Outdated(ctx, *want)
	if err != nil {
		return roll.Step{}, err
	}
	state := rollState(cluster, want, seen.nodes, outdated)
	state.Retiring = retiringNodes(retiring(want, seen.nodes), seen.nodes)
	for i := range state.Nodes {
		// A cluster that never was complete holds nothing that anybody was promised to keep.
		state.Nodes[i].Blank = state.Nodes[i].Blank || k.Status.OperatorLastSuccessfulVersion == ""
	}
	if roll.NeedsFacts(state) {
		r.askKafka(ctx, cluster, seen, &state)
	}
	return r.retire(ctx, k, want, seen, explained(roll.Next(state), want, seen.nodes))
}

func rollState(cluster *kafka.Cluster, want *plan.Plan, nodes plan.Observed, outdated map[string]runtime.Difference) roll.State {
	out := roll.State{FetchTimeoutMillis: fetchTimeout(cluster)}
	volumes := volumesOf(want)
	for _, n := range cluster.Nodes {
		is, exists := nodes.Instances[n.Name]
		out.Nodes = append(out.Nodes, roll.Node{
			Name: n.Name, ID: n.ID,
			// What a node is until it restarts counts as much as what it will be.
			Controller: n.Controller || is.Roles[string(v1.RoleController)],
			Broker:     n.Broker || is.Roles[string(v1.RoleBroker)],
			Exists:     exists, Ready: is.Ready, Ending: is.Ending, Stuck: is.Stuck,
			Ephemeral: len(volumes[n.Name]) == 0, Blank: exists && is.NeverRan,
			Knows:   kafka.ParseVoters(is.Facts[v1.AnnotationQuorumVoters]),
			Reasons: restartReasons(is, outdated[n.Name], nodes.Volumes, volumes[n.Name]),
		})
	}
	return out
}

// explained adds to a wait for an instance why the platform does not make it.
func explained(step roll.Step, want *plan.Plan, nodes plan.Observed) roll.Step {
	if _, exists := nodes.Instances[step.Node]; exists || step.Action != roll.Wait {
		return step
	}
	for i := range want.Groups {
		g := &want.Groups[i]
		made := slices.ContainsFunc(g.Instances, func(in plan.Instance) bool { return in.Name == step.Node })
		if trouble := nodes.Groups[g.Set].Trouble; made && trouble != "" {
			step.Because += ", which fails: " + trouble
		}
	}
	return step
}

func volumesOf(want *plan.Plan) map[string][]string {
	out := map[string][]string{}
	for _, g := range want.Groups {
		for i := range g.Instances {
			for _, m := range g.Instances[i].Mounts {
				if m.Volume != nil {
					out[g.Instances[i].Name] = append(out[g.Instances[i].Name], m.Volume.Name)
				}
			}
		}
	}
	return out
}

func restartReasons(is plan.ObservedInstance, d runtime.Difference, volumes map[string]plan.ObservedVolume, names []string) []roll.Reason {
	var out []roll.Reason
	switch d {
	case runtime.DifferentShape:
		out = append(out, roll.Reason{Code: v1.RestartPodHasOldRevision, Text: "its pod is not what the resource asks for now"})
	case runtime.DifferentResources:
		out = append(out, roll.Reason{Code: v1.RestartPodHasOldResourceRevision, Text: "its pod has other processor or memory than the resource asks for now"})
	}
	if is.Restart {
		out = append(out, roll.Reason{Code: v1.RestartManualRollingUpdate, Text: "a person asked for a restart"})
	}
	// A pod that does not run has not seen its volume yet: restarting it would not help and never end.
	if is.Ready && slices.ContainsFunc(names, func(name string) bool { return volumes[name].NeedsRestart }) {
		out = append(out, roll.Reason{Code: v1.RestartFileSystemResize, Text: "a volume has grown and its file system grows at a restart"})
	}
	return out
}

func fetchTimeout(cluster *kafka.Cluster) int64 {
	if text, set := cluster.Option(fetchTimeoutOption); set {
		if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
			return millis
		}
	}
	return defaultFetchTimeoutMillis
}

// askKafka fills in what Kafka says. Facts that it cannot give stay unknown, which the decision takes into account.
func (r *Reconciler) askKafka(ctx context.Context, cluster *kafka.Cluster, seen observed, state *roll.State) {
	if err := r.tryAskKafka(ctx, cluster, seen, state); err != nil {
		log.FromContext(ctx).V(1).Info("Kafka could not be asked", "why", err.Error())
	}
}

func (r *Reconciler) tryAskKafka(ctx context.Context, cluster *kafka.Cluster, seen observed, state *roll.State) error {
	who, err := storedIdentity(seen.secrets, cluster.Name)
	if err != nil {
		return err
	}
	// A retiring controller may be the one that leads.
	var retiring []string
	for _, n := range state.Retiring {
		retiring = append(retiring, n.Name)
	}
	access := broker.Access{Brokers: cluster.BrokerAddresses(), Controllers: cluster.ControllerAddresses(retiring...)}
	admin, err := r.dial(ctx, cluster.Name, access, who)
	if err != nil {
		return err
	}
	defer admin.Close()
	// Each answer counts on its own: controllers may know the quorum where no broker answers.
	quorum, quorumErr := admin.Quorum(ctx)
	partitions, partitionsErr := admin.Partitions(ctx)
	if quorumErr == nil {
		state.Quorum = quorum
	}
	if partitionsErr == nil {
		state.Partitions = partitions
	}
	return errors.Join(quorumErr, partitionsErr)
}

// dial reaches a cluster on the listeners which its nodes use among themselves.
func (r *Reconciler) dial(ctx context.Context, cluster string, access broker.Access, who identity) (broker.Cluster, error) {
	certificate, err := tls.X509KeyPair(who.certificate, who.key)
	if err != nil {
		return nil, fmt.Errorf("the operator's certificate for %s: %w", cluster, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(who.trust) {
		return nil, fmt.Errorf("the certificate authority of %s holds no certificate", cluster)
	}
	access.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}, RootCAs: roots}
	return r.Dialer.Dial(ctx, access)
}

// recheck is when to look again at what a step waits for; 0 where an event will tell.
func recheck(step roll.Step) time.Duration {
	switch {
	case step.Rule == retiringRule:
		return reassignmentCheck
	case step.Awaits == roll.Kafka:
		return replicationCheck
	}
	return 0
}
