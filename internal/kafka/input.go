package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dlclark/regexp2"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// Input is everything that a resolution depends on.
type Input struct {
	// Kafka is the cluster's resource.
	Kafka *v1.Kafka
	// Pools are the node pools of the cluster, in any order.
	Pools []v1.KafkaNodePool
	// Settings of the operator.
	Settings Settings
	// Seen are observed facts.
	Seen Seen
	// NewClusterID is used when no status knows the cluster's id: 16 random bytes in unpadded base64url, 22 characters.
	NewClusterID string
}

// Settings come from the operator's configuration.
type Settings struct {
	// Versions of Kafka that can run.
	Versions Versions
	// LauncherImage is Castellan's own image; it holds the launcher at /castellan.
	LauncherImage string
	// DNSDomain is the domain of names inside the platform: cluster.local.
	DNSDomain string
	// NetworkPolicies and DisruptionBudgets tell whether plans contain them.
	NetworkPolicies, DisruptionBudgets bool
	// LabelExclusion tells which of a resource's labels are not carried over to what it owns; nil carries all over.
	LabelExclusion func(key string) bool
}

// ParseLabelExclusion reads a regular expression in Java's dialect, which knows look-ahead. A label whose key contains a match
// is excluded.
func ParseLabelExclusion(pattern string) (func(key string) bool, error) {
	expression, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("label exclusion pattern %q: %w", pattern, err)
	}
	return func(key string) bool {
		// Matching fails only when a time limit is set, and none is.
		matched, _ := expression.MatchString(key)
		return matched
	}, nil
}

// Seen are observed facts that decisions depend on.
type Seen struct {
	// Storage maps the name of a pool to the annotation strimzi.io/storage of its StrimziPodSet; pools without one are absent.
	Storage map[string]string
	// NodeVersions maps the name of every existing pod of a node to its annotation strimzi.io/kafka-version, empty without one.
	NodeVersions map[string]string
	// Voters holds the controllers that each running node was started with, by the node's name.
	Voters map[string][]int32
	// Holders holds, by node id, the pool that has a node or a volume of that id.
	Holders map[int32][]string
	// ClusterID of the data that exists; empty when there is none or it does not say.
	ClusterID string
	// InUse holds the brokers that hold replicas; nil when nobody asked, which is only right when Leaving is empty.
	InUse map[int32]bool
	// ConfigMaps that References names, by name; those that do not exist are absent.
	ConfigMaps map[string]map[string]string
	// Secrets that References names, by name; those that do not exist are absent.
	Secrets map[string]map[string][]byte
}

// References names the ConfigMaps and Secrets that the caller must read for Seen, sorted.
func References(k *v1.Kafka, _ []v1.KafkaNodePool) (configMaps, secrets []string) {
	if ref := loggingReference(k.Spec.Kafka.Logging); ref != nil && ref.Name != "" {
		configMaps = append(configMaps, ref.Name)
	}
	for _, l := range k.Spec.Kafka.Listeners {
		if c := l.Configuration; c != nil && c.BrokerCertChainAndKey != nil && c.BrokerCertChainAndKey.SecretName != "" {
			secrets = append(secrets, c.BrokerCertChainAndKey.SecretName)
		}
	}
	slices.Sort(secrets)
	return configMaps, slices.Compact(secrets)
}

// clusterOwner is the cluster's resource as the owner of what is made for it.
func clusterOwner(k *v1.Kafka, s Settings) plan.Owner {
	return plan.Owner{
		APIVersion: v1.GroupVersion().String(), Kind: "Kafka",
		Namespace: k.Namespace, Name: k.Name, UID: string(k.UID), Labels: s.carriedOver(k.Labels),
	}
}

func poolOwner(p *v1.KafkaNodePool, s Settings) plan.Owner {
	return plan.Owner{
		APIVersion: v1.GroupVersion().String(), Kind: "KafkaNodePool",
		Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Labels: s.carriedOver(p.Labels),
	}
}

func (s Settings) carriedOver(labels map[string]string) map[string]string {
	kept := maps.Clone(labels)
	maps.DeleteFunc(kept, func(key, _ string) bool { return s.LabelExclusion != nil && s.LabelExclusion(key) })
	return kept
}

// enabled reads an annotation that switches something on.
func enabled(annotations map[string]string, name string) bool {
	return strings.EqualFold(annotations[name], "true")
}
