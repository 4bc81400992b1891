package kafka

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// observed is everything that one reconciliation reads before it decides.
type observed struct {
	pools      []v1.KafkaNodePool
	nodes      plan.Observed
	secrets    map[string]plan.Secret
	references references
	inUse      map[int32]bool
	// expandable tells by class whether volumes can grow; only classes that were asked about are in it.
	expandable map[string]bool
	newID      string
	// listeners are what the nodes that answered do on their TLS listeners, and served sums that up.
	listeners map[string][]report.Listener
	served    map[string]pki.Served
	// warnings tell what could not be observed.
	warnings []v1.Condition
}

// references are ConfigMaps and Secrets that the resource names; absent ones do not exist.
type references struct {
	configMaps map[string]map[string]string
	secrets    map[string]map[string][]byte
}

// ref names the Kafka nodes of a cluster.
func ref(namespace, cluster string) runtime.Ref {
	return runtime.Ref{Namespace: namespace, Cluster: cluster, Kind: "Kafka", Component: cluster + "-kafka"}
}

func (r *Reconciler) observe(ctx context.Context, k *v1.Kafka) (observed, error) {
	var out observed
	var err error
	if out.pools, err = r.pools(ctx, k); err != nil {
		return out, err
	}
	if out.nodes, err = r.Runtime.Observe(ctx, ref(k.Namespace, k.Name)); err != nil {
		return out, err
	}
	if err := r.noPoolVanished(ctx, k, out); err != nil {
		return out, err
	}
	restoreIDs(out.pools, out.nodes)
	if out.secrets, err = r.Runtime.Secrets(ctx, ref(k.Namespace, k.Name)); err != nil {
		return out, err
	}
	if out.references, err = r.references(ctx, k, out.pools); err != nil {
		return out, err
	}
	if out.expandable, err = r.growingClasses(ctx, k.Name, out.pools, out.nodes.Volumes); err != nil {
		return out, err
	}
	out.inUse, out.warnings = r.brokersInUse(ctx, k, out)
	out.newID, err = newClusterID(r.Random)
	return out, err
}

// input is what the resolution of the cluster depends on.
func (o observed) input(k *v1.Kafka, settings kafka.Settings) kafka.Input {
	seen := kafka.Seen{
		Storage:      map[string]string{},
		NodeVersions: map[string]string{},
		InUse:        o.inUse,
		Voters:       map[string][]int32{},
		Holders:      holders(o.nodes),
		ClusterID:    clusterID(o.nodes),
		ConfigMaps:   o.references.configMaps,
		Secrets:      o.references.secrets,
	}
	for _, group := range o.nodes.Groups {
		if storage := group.Facts[v1.AnnotationStorage]; storage != "" {
			seen.Storage[group.Group] = storage
		}
	}
	for name, node := range o.nodes.Instances {
		seen.NodeVersions[name] = node.Facts[v1.AnnotationKafkaVersion]
		seen.Voters[name] = kafka.ParseVoters(node.Facts[v1.AnnotationQuorumVoters])
	}
	return kafka.Input{Kafka: k, Pools: o.pools, Settings: settings, Seen: seen, NewClusterID: o.newID}
}

func (r *Reconciler) pools(ctx context.Context, k *v1.Kafka) ([]v1.KafkaNodePool, error) {
	var list v1.KafkaNodePoolList
	err := r.Client.List(ctx, &list, client.InNamespace(k.Namespace), client.MatchingLabels{v1.LabelCluster: k.Name})
	if err != nil {
		return nil, fmt.Errorf("list the node pools of %s: %w", k.Name, err)
	}
	// A pool that is going takes its nodes with it.
	kept := list.Items[:0]
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// references reads what the resource names. These objects are the user's and not watched, so they are read from the API server.
func (r *Reconciler) references(ctx context.Context, k *v1.Kafka, pools []v1.KafkaNodePool) (references, error) {
	out := references{configMaps: map[string]map[string]string{}, secrets: map[string]map[string][]byte{}}
	configMaps, secrets := kafka.References(k, pools)
	configMaps = append(configMaps, entityoperator.References(k)...)
	for _, name := range configMaps {
		var object corev1.ConfigMap
		found, err := r.read(ctx, k.Namespace, name, &object)
		if err != nil {
			return out, err
		}
		if found {
			out.configMaps[name] = object.Data
		}
	}
	for _, name := range secrets {
		var object corev1.Secret
		found, err := r.read(ctx, k.Namespace, name, &object)
		if err != nil {
			return out, err
		}
		if found {
			out.secrets[name] = object.Data
		}
	}
	return out, nil
}

func (r *Reconciler) read(ctx context.Context, namespace, name string, into client.Object) (bool, error) {
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	return true, nil
}

// growingClasses asks whether the classes of volumes can grow, of those alone that should.
func (r *Reconciler) growingClasses(ctx context.Context, cluster string, pools []v1.KafkaNodePool, volumes map[string]plan.ObservedVolume) (map[string]bool, error) {
	out := map[string]bool{}
	for _, class := range classesToGrow(cluster, pools, volumes) {
		var object storagev1.StorageClass
		found, err := r.read(ctx, "", class, &object)
		// An operator whose rights end at its namespace may not look: volumes stay as they are then.
		if err != nil && !apierrors.IsForbidden(err) {
			return nil, err
		}
		out[class] = found && object.AllowVolumeExpansion != nil && *object.AllowVolumeExpansion
	}
	return out, nil
}

// starting says what a plan's workload waits for; nothing if it runs as planned. It is asked after the plan was applied, which a cache
// may not show yet.
func (r *Reconciler) starting(ctx context.Context, want plan.Plan) (string, error) {
	outdated, err := r.Runtime.Outdated(ctx, want)
	if err != nil {
		return "", err
	}
	seen, err := r.Runtime.Observe(ctx, runtime.Ref{
		Namespace: want.Owner.Namespace, Cluster: want.Owner.Name, Kind: want.Owner.Kind, Component: want.Component.Name,
	})
	if err != nil {
		return "", err
	}
	name := want.Workload.Name
	if _, old := outdated[name]; !old && seen.Workloads[name] {
		return "", nil
	}
	waiting := name + " is starting"
	for _, instance := range slices.Sorted(maps.Keys(seen.Instances)) {
		if stuck := seen.Instances[instance].Stuck; stuck != "" {
			waiting = fmt.Sprintf("%s cannot start: pod %s: %s", name, instance, stuck)
		}
	}
	return waiting, nil
}

// brokersInUse asks the brokers which of the leaving ones still hold replicas; nil when none leaves. Where they cannot be
// asked, all count as in use: they stay, and everything else goes on.
func (r *Reconciler) brokersInUse(ctx context.Context, k *v1.Kafka, seen observed) (map[int32]bool, []v1.Condition) {
	leaving := kafka.Leaving(k, seen.pools)
	if len(leaving) == 0 {
		return nil, nil
	}
	used, err := r.inUse(ctx, k, seen, leaving)
	if err == nil {
		return used, nil
	}
	used = map[int32]bool{}
	for _, id := range leaving {
		used[id] = true
	}
	return used, []v1.Condition{{
		Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: v1.WarningScaleDownPrevented,
		Message: fmt.Sprintf("Nodes %v stay because it cannot be asked whether they hold partition replicas (%v). If they certainly hold none, annotate the Kafka resource with %s: \"true\".",
			leaving, err, v1.AnnotationSkipScaleDownCheck),
	}}
}

// inUse asks the brokers which of some of them hold replicas.
func (r *Reconciler) inUse(ctx context.Context, k *v1.Kafka, seen observed, ids []int32) (map[int32]bool, error) {
	identity, err := storedIdentity(seen.secrets, k.Name)
	if err != nil {
		return nil, fmt.Errorf("ask which brokers are in use: %w", err)
	}
	admin, err := r.dial(ctx, k.Name, broker.Access{Brokers: []string{kafka.ReplicationBootstrap(k.Namespace, k.Name)}}, identity)
	if err != nil {
		return nil, fmt.Errorf("ask which brokers are in use: %w", err)
	}
	defer admin.Close()
	return admin.InUse(ctx, ids)
}

// newClusterID is a random id in Kafka's form: 16 bytes in URL-safe base 64. One that starts with a dash would be taken for an option by tools.
func newClusterID(random io.Reader) (string, error) {
	var id [16]byte
	for {
		if _, err := io.ReadFull(random, id[:]); err != nil {
			return "", fmt.Errorf("make a cluster id: %w", err)
		}
		if text := base64.RawURLEncoding.EncodeToString(id[:]); !strings.HasPrefix(text, "-") {
			return text, nil
		}
	}
}
