package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Operator is the configuration of the cluster operator.
type Operator struct {
	// Namespaces to watch; empty for all.
	Namespaces []string
	// Selector restricts the resources that the operator acts on.
	Selector labels.Selector
	// Resync is how often each resource is reconciled when nothing happens; Timeout bounds every wait.
	Resync, Timeout time.Duration
	// PodSetsOnly runs nothing but the controller of StrimziPodSets.
	PodSetsOnly bool
	// Namespace that the operator runs in, NamespaceLabels select it, Name is the operator's in events.
	Namespace       string
	NamespaceLabels map[string]string
	Name            string
	// Election of a leader among several replicas.
	Election Election
	// KafkaImages maps Kafka versions to images; LauncherImage holds castellan itself.
	KafkaImages   map[string]string
	LauncherImage string
	// TopicOperatorImage and UserOperatorImage run the operators of clusters' topics and users.
	TopicOperatorImage, UserOperatorImage string
	// EntityOperatorsElsewhere lets entity operators have rights in other namespaces than that of their cluster.
	EntityOperatorsElsewhere bool
	// FeatureGates are those that differ from their default, as they are given to entity operators: "+One,-Two".
	FeatureGates string
	// PullPolicy and PullSecrets of generated pods.
	PullPolicy  corev1.PullPolicy
	PullSecrets []string
	// NetworkPolicies, DisruptionBudgets and KeyStores switch whether those objects are made.
	NetworkPolicies, DisruptionBudgets, KeyStores bool
	// Restricted gives pods the security context of the restricted Pod Security profile.
	Restricted bool
	// DNSDomain of the Kubernetes cluster.
	DNSDomain string
	// LabelExclusion is a regular expression of labels that are not carried over to generated objects.
	LabelExclusion string
	// PodLabels are added to generated pods, by the type of their component.
	PodLabels map[string]map[string]string
	// LogLevel is the least severe level that is logged: debug, info, warn, error.
	LogLevel string
}

// Election configures leader election.
type Election struct {
	Enabled                                   bool
	LeaseName, LeaseNamespace, Identity       string
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
}

// DefaultLabelExclusion keeps labels off generated objects that tools use to find the objects which they made.
const DefaultLabelExclusion = `(^app.kubernetes.io/(?!part-of).*|^kustomize.toolkit.fluxcd.io.*)`

// ReadOperator reads the configuration through getenv. The error names every variable that is wrong.
func ReadOperator(getenv func(string) string) (Operator, error) {
	env := &environment{get: getenv}
	out := Operator{
		Namespaces:        namespaces(env),
		Selector:          labels.SelectorFromSet(env.pairs("STRIMZI_CUSTOM_RESOURCE_SELECTOR")),
		Resync:            env.milliseconds("STRIMZI_FULL_RECONCILIATION_INTERVAL_MS", 120_000),
		Timeout:           env.milliseconds("STRIMZI_OPERATION_TIMEOUT_MS", 300_000),
		PodSetsOnly:       env.boolean("STRIMZI_POD_SET_RECONCILIATION_ONLY", false),
		Namespace:         env.text("STRIMZI_OPERATOR_NAMESPACE", ""),
		NamespaceLabels:   env.pairs("STRIMZI_OPERATOR_NAMESPACE_LABELS"),
		Name:              env.text("STRIMZI_OPERATOR_NAME", "cluster-operator-name-unset"),
		Election:          readElection(env),
		KafkaImages:       env.pairs("STRIMZI_KAFKA_IMAGES"),
		LauncherImage:     env.text("STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", ""),
		PullPolicy:        pullPolicy(env),
		PullSecrets:       list(env.text("STRIMZI_IMAGE_PULL_SECRETS", "")),
		NetworkPolicies:   env.boolean("STRIMZI_NETWORK_POLICY_GENERATION", true),
		DisruptionBudgets: env.boolean("STRIMZI_POD_DISRUPTION_BUDGET_GENERATION", true),
		KeyStores:         env.boolean("STRIMZI_PKCS12_KEYSTORE_GENERATION", true),
		Restricted:        securityProvider(env),
		DNSDomain:         env.text("KUBERNETES_SERVICE_DNS_DOMAIN", "cluster.local"),
		LabelExclusion:    env.text("STRIMZI_LABELS_EXCLUSION_PATTERN", DefaultLabelExclusion),
		PodLabels: map[string]map[string]string{
			"kafka":           env.pairs("STRIMZI_CUSTOM_KAFKA_LABELS"),
			"entity-operator": env.pairs("STRIMZI_CUSTOM_ENTITY_OPERATOR_LABELS"),
		},
		LogLevel: strings.ToLower(env.text("STRIMZI_LOG_LEVEL", "info")),

		EntityOperatorsElsewhere: env.boolean("STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED", false),
	}
	out.TopicOperatorImage = env.text("STRIMZI_DEFAULT_TOPIC_OPERATOR_IMAGE", out.LauncherImage)
	out.UserOperatorImage = env.text("STRIMZI_DEFAULT_USER_OPERATOR_IMAGE", out.LauncherImage)
	if len(out.KafkaImages) == 0 {
		env.wrong("STRIMZI_KAFKA_IMAGES", "is empty", "one line version=image for each supported Kafka version")
	}
	if out.LauncherImage == "" {
		env.wrong("STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", "is empty", "the image that this operator runs from")
	}
	out.FeatureGates = featureGates(env)
	return out, env.err()
}

func readElection(env *environment) Election {
	out := Election{
		Enabled:        env.boolean("STRIMZI_LEADER_ELECTION_ENABLED", false),
		LeaseName:      env.text("STRIMZI_LEADER_ELECTION_LEASE_NAME", ""),
		LeaseNamespace: env.text("STRIMZI_LEADER_ELECTION_LEASE_NAMESPACE", ""),
		Identity:       env.text("STRIMZI_LEADER_ELECTION_IDENTITY", ""),
		LeaseDuration:  env.milliseconds("STRIMZI_LEADER_ELECTION_LEASE_DURATION_MS", 15_000),
		RenewDeadline:  env.milliseconds("STRIMZI_LEADER_ELECTION_RENEW_DEADLINE_MS", 10_000),
		RetryPeriod:    env.milliseconds("STRIMZI_LEADER_ELECTION_RETRY_PERIOD_MS", 2_000),
	}
	if !out.Enabled {
		return out
	}
	for _, v := range []struct{ name, value string }{
		{"STRIMZI_LEADER_ELECTION_LEASE_NAME", out.LeaseName},
		{"STRIMZI_LEADER_ELECTION_LEASE_NAMESPACE", out.LeaseNamespace},
		{"STRIMZI_LEADER_ELECTION_IDENTITY", out.Identity},
	} {
		if v.value == "" {
			env.wrong(v.name, "is empty", "a name, as leader election is enabled")
		}
	}
	return out
}

func namespaces(env *environment) []string {
	const name = "STRIMZI_NAMESPACE"
	value := env.text(name, "*")
	if strings.TrimSpace(value) == "*" {
		return nil
	}
	out := list(value)
	for _, namespace := range out {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			env.wrong(name, fmt.Sprintf("holds %q", namespace), "names of namespaces separated by commas, or * alone")
		}
	}
	if len(out) == 0 {
		// No namespace must not turn into all of them.
		env.wrong(name, fmt.Sprintf("is %q", value), "names of namespaces separated by commas, or * alone")
	}
	return out
}

func list(value string) []string {
	var out []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

func pullPolicy(env *environment) corev1.PullPolicy {
	const name = "STRIMZI_IMAGE_PULL_POLICY"
	value := env.text(name, "")
	for _, policy := range []corev1.PullPolicy{"", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever} {
		if strings.EqualFold(value, string(policy)) {
			return policy
		}
	}
	env.wrong(name, fmt.Sprintf("is %q", value), "Always, IfNotPresent or Never")
	return ""
}

func securityProvider(env *environment) (restricted bool) {
	const name = "STRIMZI_POD_SECURITY_PROVIDER_CLASS"
	value := env.text(name, "baseline")
	switch strings.ToLower(value) {
	case "baseline", "io.strimzi.plugin.security.profiles.impl.baselinepodsecurityprovider":
		return false
	case "restricted", "io.strimzi.plugin.security.profiles.impl.restrictedpodsecurityprovider":
		return true
	}
	env.wrong(name, fmt.Sprintf("is %q", value), "baseline or restricted")
	return false
}

// featureGates are accepted when they are known; none of them changes anything yet. Those that are not at their default are returned.
func featureGates(env *environment) string {
	const name = "STRIMZI_FEATURE_GATES"
	byDefault := map[string]string{"UseConnectBuildWithBuildah": "+", "UseBackgroundPodDeletion": "-"}
	seen := map[string]bool{}
	var changed []string
	for _, gate := range list(env.text(name, "")) {
		bare := strings.TrimLeft(gate, "+-")
		usual, known := byDefault[bare]
		if len(bare) != len(gate)-1 || !known || seen[bare] {
			env.wrong(name, fmt.Sprintf("holds %q", gate), "each of "+strings.Join(slices.Sorted(maps.Keys(byDefault)), ", ")+" at most once, with + or - before it")
		}
		seen[bare] = true
		if gate != usual+bare {
			changed = append(changed, gate)
		}
	}
	return strings.Join(changed, ",")
}
