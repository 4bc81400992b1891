package install_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestValuesChangeWhatTheySay compares lines with those of the chart without values.
func TestValuesChangeWhatTheySay(t *testing.T) {
	cases := map[string]struct {
		values string
		// more and less are the lines that come and go, sorted.
		more, less []string
	}{
		"replicas": {"replicas: 2", []string{"replicas: 2"}, []string{"replicas: 1"}},
		"history":  {"revisionHistoryLimit: 0", []string{"revisionHistoryLimit: 0"}, nil},
		"a digest of the operator wins over a tag": {
			"image: {digest: 'sha256:0', tag: x}",
			append([]string{"image: castellan.local/castellan@sha256:0"}, slices.Repeat([]string{"value: castellan.local/castellan@sha256:0"}, 3)...),
			append([]string{"image: castellan.local/castellan:dev"}, slices.Repeat([]string{"value: castellan.local/castellan:dev"}, 3)...),
		},
		"the launcher has an image of its own": {
			"kafkaInit: {image: {registry: r, name: own, tag: t}}", []string{"value: r/own:t"}, []string{"value: castellan.local/castellan:dev"},
		},
		"topic operators have an image of their own": {
			"topicOperator: {image: {registry: r, name: own, tag: t}}", []string{"value: r/own:t"}, []string{"value: castellan.local/castellan:dev"},
		},
		"user operators have an image of their own": {
			"userOperator: {image: {registry: r, name: own, tag: t}}", []string{"value: r/own:t"}, []string{"value: castellan.local/castellan:dev"},
		},
		"a prefix of Kafka's tags": {
			"kafka: {image: {tagPrefix: '1.0'}}",
			[]string{
				"4.2.0=castellan.local/kafka:1.0-kafka-4.2.0", "4.2.1=castellan.local/kafka:1.0-kafka-4.2.1",
				"4.3.0=castellan.local/kafka:1.0-kafka-4.3.0", "4.3.1=castellan.local/kafka:1.0-kafka-4.3.1",
			},
			[]string{
				"4.2.0=castellan.local/kafka:4.2.0", "4.2.1=castellan.local/kafka:4.2.1",
				"4.3.0=castellan.local/kafka:4.3.0", "4.3.1=castellan.local/kafka:4.3.1",
			},
		},
		"pulling, in all forms that are in use": {
			"image: {imagePullPolicy: Always, imagePullSecrets: [{name: a}, b]}",
			[]string{
				"- name: STRIMZI_IMAGE_PULL_POLICY", "- name: STRIMZI_IMAGE_PULL_SECRETS", "- name: a", "- name: b",
				"imagePullPolicy: Always", "imagePullSecrets:", "value: \"a,b\"", "value: Always",
			},
			[]string{"imagePullPolicy: IfNotPresent"},
		},
		"labels of the operator's namespace": {
			"image: {operatorNamespaceLabels: a=b}", []string{"- name: STRIMZI_OPERATOR_NAMESPACE_LABELS", `value: "a=b"`}, nil,
		},
		"a long interval": {
			"fullReconciliationIntervalMs: 12000000", []string{`value: "12000000"`}, []string{`value: "120000"`},
		},
		"a level of the log":                 {"logLevel: DEBUG", []string{"- name: STRIMZI_LOG_LEVEL", `value: "DEBUG"`}, nil},
		"the other name of the log's level":  {"{logLevel: INFO, logLevelOverride: warn}", []string{"- name: STRIMZI_LOG_LEVEL", `value: "warn"`}, nil},
		"a domain":                           {"kubernetesServiceDnsDomain: k.example", []string{"- name: KUBERNETES_SERVICE_DNS_DOMAIN", `value: "k.example"`}, nil},
		"labels that are not carried over":   {"labelsExclusionPattern: ^a", []string{"- name: STRIMZI_LABELS_EXCLUSION_PATTERN", `value: "^a"`}, nil},
		"clusters without network policies":  {"generateNetworkPolicy: false", []string{"- name: STRIMZI_NETWORK_POLICY_GENERATION", `value: "false"`}, nil},
		"clusters without disruption budget": {"generatePodDisruptionBudget: false", []string{"- name: STRIMZI_POD_DISRUPTION_BUDGET_GENERATION", `value: "false"`}, nil},
		"another level of Pod Security": {
			"extraEnvs: [{name: STRIMZI_POD_SECURITY_PROVIDER_CLASS, value: baseline}]", []string{"value: baseline"}, []string{"value: restricted"},
		},
		"the pod": {
			"{hostUsers: false, priorityClassName: p, nodeSelector: {a: b}, labels: {c: d}, podSecurityContext: {fsGroup: 1}}",
			[]string{"a: b", "c: d", "fsGroup: 1", "hostUsers: false", "nodeSelector:", "priorityClassName: p", "securityContext:"},
			nil,
		},
		"the Deployment": {
			"{deploymentLabels: {a: b}, deploymentAnnotations: {c: d}, deploymentStrategy: {type: Recreate}}",
			[]string{"a: b", "annotations:", "c: d", "strategy:", "type: Recreate"},
			nil,
		},
		"another app": {"nameOverride: other", slices.Repeat([]string{"app: other"}, 15), slices.Repeat([]string{"app: strimzi"}, 15)},
	}
	before := lines(manifests(t, "kafka", ""))
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			after := lines(manifests(t, "kafka", c.values))
			if diff := cmp.Diff(c.more, missing(after, before)); diff != "" {
				t.Errorf("new lines (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.less, missing(before, after)); diff != "" {
				t.Errorf("lines that went (-want +got):\n%s", diff)
			}
		})
	}
}

func lines(manifests string) []string {
	var out []string
	for line := range strings.Lines(manifests) {
		if line = strings.TrimSpace(line); line != "" && line != "---" {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

// missing are the lines of a that are not in b, as often as they are missing.
func missing(a, b []string) []string {
	count := map[string]int{}
	for _, line := range b {
		count[line]++
	}
	var out []string
	for _, line := range a {
		if count[line]--; count[line] < 0 {
			out = append(out, line)
		}
	}
	return out
}

func TestObjectsThatAreAskedForOrNot(t *testing.T) {
	cases := map[string]struct {
		values     string
		more, less []string
	}{
		"no rights": {
			values: "rbac: {create: false}",
			less: []string{
				"ClusterRole strimzi-cluster-operator-global", "ClusterRole strimzi-cluster-operator-leader-election",
				"ClusterRole strimzi-cluster-operator-namespaced", "ClusterRole strimzi-cluster-operator-watched",
				"ClusterRole strimzi-entity-operator", "ClusterRole strimzi-kafka-broker", "ClusterRole strimzi-kafka-client",
				"ClusterRoleBinding strimzi-cluster-operator", "ClusterRoleBinding strimzi-cluster-operator-kafka-broker-delegation",
				"RoleBinding strimzi-cluster-operator", "RoleBinding strimzi-cluster-operator-entity-operator-delegation",
				"RoleBinding strimzi-cluster-operator-leader-election", "RoleBinding strimzi-cluster-operator-watched",
			},
		},
		"nothing outside of namespaces": {
			values: "createGlobalResources: false",
			less: []string{
				"ClusterRole strimzi-cluster-operator-global", "ClusterRole strimzi-cluster-operator-leader-election",
				"ClusterRole strimzi-cluster-operator-namespaced", "ClusterRole strimzi-cluster-operator-watched",
				"ClusterRole strimzi-entity-operator", "ClusterRole strimzi-kafka-broker", "ClusterRole strimzi-kafka-client",
				"ClusterRoleBinding strimzi-cluster-operator", "ClusterRoleBinding strimzi-cluster-operator-kafka-broker-delegation",
			},
		},
		"roles for people":        {values: "createAggregateRoles: true", more: []string{"ClusterRole strimzi-admin", "ClusterRole strimzi-view"}},
		"an account that exists":  {values: "{serviceAccountCreate: false, serviceAccount: other}", less: []string{"ServiceAccount strimzi-cluster-operator"}},
		"a budget":                {values: "podDisruptionBudget: {enabled: true}", more: []string{"PodDisruptionBudget strimzi-cluster-operator-pdb"}},
		"a policy of the network": {values: "operatorNetworkPolicy: {enabled: true}", more: []string{"NetworkPolicy strimzi-cluster-operator-network-policy"}},
	}
	before := objectNames(t, "")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			after := objectNames(t, c.values)
			if diff := cmp.Diff(c.more, missing(after, before)); diff != "" {
				t.Errorf("new objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.less, missing(before, after)); diff != "" {
				t.Errorf("objects that went (-want +got):\n%s", diff)
			}
		})
	}
}

func objectNames(t *testing.T, values string) []string {
	t.Helper()
	var out []string
	for _, o := range decode(t, []byte(manifests(t, "kafka", values))) {
		out = append(out, o.GetKind()+" "+o.GetName())
	}
	slices.Sort(out)
	return out
}
