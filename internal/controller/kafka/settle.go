package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
)

// settle does what can only be done once all nodes are current and ready: the metadata version follows, and brokers
// that are gone are taken off Kafka's books. What it achieved is asked again only when something changes or after
// a start of the operator, so that an idle cluster is not asked at all.
func (r *Reconciler) settle(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, keys keys, seen observed) ([]v1.Condition, error) {
	k.Status.KafkaVersion = cluster.Version
	k.Status.OperatorLastSuccessfulVersion = r.OperatorVersion
	goal := fmt.Sprint(k.UID, cluster.MetadataVersion, brokerIDs(cluster))
	if k.Status.KafkaMetadataVersion != "" && r.settled.has(client.ObjectKeyFromObject(k), goal) {
		return nil, nil
	}
	admin, err := r.dial(ctx, k.Name, broker.Access{Brokers: cluster.BrokerAddresses()}, keys.operatorIdentity())
	if err != nil {
		return nil, awaitKafka(err)
	}
	defer admin.Close()
	found, err := followMetadataVersion(ctx, k, admin, cluster.MetadataVersion)
	if err != nil {
		return nil, awaitKafka(err)
	}
	forgotten := forgetRemoved(ctx, admin, append(brokerIDs(cluster), runningIDs(seen)...), len(seen.nodes.Instances) == len(cluster.Nodes))
	if len(found) == 0 && forgotten {
		r.settled.set(client.ObjectKeyFromObject(k), goal)
	}
	return found, nil
}

func brokerIDs(cluster *kafka.Cluster) []int32 {
	var out []int32
	for _, n := range cluster.Brokers() {
		out = append(out, n.ID)
	}
	return out
}

// followMetadataVersion moves the cluster's metadata to the wanted version. Kafka's refusal is a warning: the cluster
// works with the version that it has.
func followMetadataVersion(ctx context.Context, k *v1.Kafka, admin broker.Cluster, wanted string) ([]v1.Condition, error) {
	is, err := admin.MetadataVersion(ctx)
	if err != nil {
		return nil, err
	}
	k.Status.KafkaMetadataVersion = is
	full, err := broker.FullMetadataVersion(wanted)
	if err == nil && is != full {
		err = admin.SetMetadataVersion(ctx, full)
	}
	if err != nil {
		return []v1.Condition{{
			Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: v1.WarningMetadataUpdateFailed,
			Message: fmt.Sprintf("metadata version stays %s and does not become %s: %v", is, wanted, err),
		}}, nil
	}
	k.Status.KafkaMetadataVersion = full
	return nil, nil
}

// awaitKafka makes a wait of brokers that cannot be reached for a moment, as right after their start.
func awaitKafka(err error) error {
	if errors.Is(err, broker.ErrUnreachable) {
		return outcome.Wait("Settling", err.Error(), replicationCheck)
	}
	return err
}

// runningIDs are the nodes that run: one that is still stopping keeps its registration.
func runningIDs(seen observed) []int32 {
	var out []int32
	for _, is := range seen.nodes.Instances {
		out = append(out, is.ID)
	}
	return out
}

// forgetRemoved unregisters brokers that the cluster no longer has. A failure is tried again later: it harms nobody.
// It is done when it succeeded with all of them gone.
func forgetRemoved(ctx context.Context, admin broker.Cluster, wanted []int32, allGone bool) bool {
	registered, err := admin.Brokers(ctx)
	if err != nil {
		log.FromContext(ctx).Info("cannot ask which brokers are registered", "why", err.Error())
		return false
	}
	done := allGone
	for _, id := range registered {
		if slices.Contains(wanted, id) {
			continue
		}
		if err := admin.Unregister(ctx, id); err != nil {
			log.FromContext(ctx).Info("cannot unregister a broker", "broker", id, "why", err.Error())
			done = false
		}
	}
	return done
}

// settled remembers for which goal a cluster was last settled. It saves questions; forgetting it costs one more.
type settled struct {
	mu    sync.Mutex
	goals map[types.NamespacedName]string
}

func newSettled() *settled { return &settled{goals: map[types.NamespacedName]string{}} }

func (s *settled) has(key types.NamespacedName, goal string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.goals[key] == goal
}

func (s *settled) set(key types.NamespacedName, goal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goals[key] = goal
}

func (s *settled) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.goals, key)
}
