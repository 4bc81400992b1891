package entityoperator_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/test/golden"
)

func TestManifestsResolveToTheirGoldenFiles(t *testing.T) {
	for name, file := range golden.Inputs(t) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := input(t, string(text))
			golden.Equal(t, filepath.Join("testdata", name+".plan.golden"), printed(t, resolve(t, in).Plan(certificates(in.Kafka))))
		})
	}
}

// input is a resource in an operator that allows everything.
func input(t *testing.T, manifest string) entityoperator.Input {
	t.Helper()
	k := &v1.Kafka{}
	if err := yaml.UnmarshalStrict([]byte(manifest), k); err != nil {
		t.Fatal(err)
	}
	return entityoperator.Input{
		Kafka:     k,
		Owner:     plan.Owner{APIVersion: "kafka.strimzi.io/v1", Kind: "Kafka", Namespace: k.Namespace, Name: k.Name, UID: string(k.UID), Labels: k.Labels},
		ClientsCA: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)},
		Settings: entityoperator.Settings{
			TopicOperatorImage: "castellan:1", UserOperatorImage: "castellan:2", Elsewhere: true, KeyStores: true, FeatureGates: "+UseBackgroundPodDeletion", NetworkPolicies: true, DisruptionBudgets: true,
		},
		ConfigMaps: map[string]map[string]string{"logging": {"topics": "name = mine\nrootLogger.level = WARN\n", "odd": "rootLogger.level = LOUD"}},
	}
}

func resolve(t *testing.T, in entityoperator.Input) *entityoperator.EntityOperator {
	t.Helper()
	out, err := entityoperator.Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func certificates(k *v1.Kafka) entityoperator.Certificates {
	out := entityoperator.Certificates{ClusterCACertGeneration: 3, ClusterCAKeyGeneration: 1, Hash: "0123456789abcdef"}
	for _, i := range entityoperator.Identities(k) {
		out.Secrets = append(out.Secrets, plan.Secret{Name: i.Secret, Component: i.Component, Data: map[string][]byte{entityoperator.IdentityEntry + ".key": []byte("key")}})
	}
	return out
}

// printed writes a value as YAML without what is empty.
func printed(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(pruned(tree))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pruned(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		for key, value := range node {
			node[key] = pruned(value)
		}
		maps.DeleteFunc(node, func(_ string, value any) bool { return isEmpty(value) })
	case []any:
		for i := range node {
			node[i] = pruned(node[i])
		}
	}
	return tree
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

const (
	topics = `
metadata: {name: c, namespace: ns}
spec: {entityOperator: {topicOperator: {}}}
`
	users = `
metadata: {name: c, namespace: ns}
spec: {entityOperator: {userOperator: {}}}
`
	both = `
metadata: {name: c, namespace: ns}
spec: {entityOperator: {topicOperator: {}, userOperator: {}}}
`
)

func annotated(name, value string) func(*v1.Kafka) {
	return func(k *v1.Kafka) { k.Annotations = map[string]string{name: value} }
}

func TestWhatCannotWorkIsRefusedWithWhatWouldBeRight(t *testing.T) {
	external := func(key *v1.KeySelector) func(*v1.Kafka) {
		return func(k *v1.Kafka) {
			k.Spec.EntityOperator.TopicOperator.Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: key}}
		}
	}
	template := func(text string) func(*v1.Kafka) {
		return func(k *v1.Kafka) {
			if err := yaml.UnmarshalStrict([]byte(text), &k.Spec.EntityOperator.Template); err != nil {
				t.Fatal(err)
			}
		}
	}
	const mine = "{metadata: {labels: {strimzi.io/kind: mine}}}"
	tests := map[string]struct {
		change func(*v1.Kafka)
		want   []string
	}{
		"another way of topic-sync":     {annotated(v1.AnnotationTopicSync, "both"), []string{"metadata.annotations[castellan.io/topic-sync]", `"both"`, "two-way or one-way"}},
		"an exclusion that cannot be":   {annotated(v1.AnnotationTopicSyncExclude, "a("), []string{"metadata.annotations[castellan.io/topic-sync-exclude]", `"a("`, "regular expression"}},
		"an interval that is no number": {annotated(v1.AnnotationTopicSyncIntervalMs, "1s"), []string{"metadata.annotations[castellan.io/topic-sync-interval-ms]", `"1s"`, "at least 1000"}},
		"an interval that is too short": {annotated(v1.AnnotationTopicSyncIntervalMs, "999"), []string{"metadata.annotations[castellan.io/topic-sync-interval-ms]", "too short", "at least 1000"}},
		"another word for drift":        {annotated(v1.AnnotationDrift, ""), []string{"metadata.annotations[castellan.io/drift]", `""`, "report or revert"}},
		"an interval of nothing": {
			func(k *v1.Kafka) { k.Spec.EntityOperator.TopicOperator.ReconciliationIntervalMs = new(int64(0)) },
			[]string{"spec.entityOperator.topicOperator.reconciliationIntervalMs", "at least 1"},
		},
		"a level that is none": {
			func(k *v1.Kafka) {
				k.Spec.EntityOperator.TopicOperator.Logging = &v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{"rootLogger.level": "LOUD"}}
			},
			[]string{"spec.entityOperator.topicOperator.logging.loggers[rootLogger.level]", `"LOUD"`, "DEBUG, INFO, WARN or ERROR"},
		},
		"a level in a ConfigMap that is none":    {external(&v1.KeySelector{Name: "logging", Key: "odd"}), []string{"rootLogger.level in ConfigMap logging", `"LOUD"`}},
		"external logging that names nothing":    {external(nil), []string{"spec.entityOperator.topicOperator.logging.valueFrom.configMapKeyRef", "incomplete"}},
		"external logging that does not exist":   {external(&v1.KeySelector{Name: "gone", Key: "a"}), []string{"ConfigMap gone does not exist", "namespace ns"}},
		"external logging without its key":       {external(&v1.KeySelector{Name: "logging", Key: "a"}), []string{"has no key a"}},
		"a label of the API on the Deployment":   {template("deployment: " + mine), []string{"spec.entityOperator.template.deployment.metadata.labels", "reserved"}},
		"a label of the API on the pod":          {template("pod: " + mine), []string{"spec.entityOperator.template.pod.metadata.labels"}},
		"a label of the API on the account":      {template("serviceAccount: " + mine), []string{"spec.entityOperator.template.serviceAccount.metadata.labels"}},
		"a label of the API on roles":            {template("entityOperatorRole: " + mine), []string{"spec.entityOperator.template.entityOperatorRole.metadata.labels"}},
		"a label of the API on the role binding": {template("topicOperatorRoleBinding: " + mine), []string{"spec.entityOperator.template.topicOperatorRoleBinding.metadata.labels"}},
		"a label of the API on the budget":       {template("podDisruptionBudget: " + mine), []string{"spec.entityOperator.template.podDisruptionBudget.metadata.labels"}},
		"a volume of the operator's name":        {template("pod: {volumes: [{name: strimzi-to-tmp, emptyDir: {}}]}"), []string{"spec.entityOperator.template.pod.volumes[0].name", "strimzi-to-tmp"}},
		"a mount outside of what is the user's":  {template("topicOperatorContainer: {volumeMounts: [{name: a, mountPath: /opt}]}"), []string{"spec.entityOperator.template.topicOperatorContainer.volumeMounts[0].mountPath", "/mnt"}},
		"more asked for than allowed": {
			func(k *v1.Kafka) {
				if err := yaml.Unmarshal([]byte("{requests: {cpu: 2}, limits: {cpu: 1}}"), &k.Spec.EntityOperator.TopicOperator.Resources); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"spec.entityOperator.topicOperator.resources.requests.cpu"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, topics)
			test.change(in.Kafka)
			refused(t, in, test.want)
		})
	}
}

// refused wants a resource to be refused in words.
func refused(t *testing.T, in entityoperator.Input, words []string) {
	t.Helper()
	_, err := entityoperator.Resolve(in)
	refused, is := errors.AsType[*outcome.Refused](err)
	if !is || refused.Reason != v1.ReasonInvalidResource {
		t.Fatalf("error: %v", err)
	}
	for _, want := range words {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestAnotherNamespaceIsWatchedOnlyWhereThatIsAllowed(t *testing.T) {
	tests := map[string]struct {
		watched   string
		elsewhere bool
		withheld  bool
	}{
		"its own without a word":                {"", false, false},
		"its own by name":                       {"ns", false, false},
		"another one, which is allowed":         {"other", true, false},
		"another one, which nobody has allowed": {"other", false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, topics)
			in.Settings.Elsewhere = test.elsewhere
			in.Kafka.Spec.EntityOperator.TopicOperator.WatchedNamespace = test.watched
			got := resolve(t, in)
			if (got.Withheld != nil) != test.withheld {
				t.Fatalf("withheld: %v", got.Withheld)
			}
			p := got.Plan(certificates(in.Kafka))
			if (p.Workload == nil) != test.withheld || (p.Account.Name == "") != test.withheld || len(p.Secrets) != 1 {
				t.Errorf("plan: %+v", p)
			}
			if !test.withheld {
				return
			}
			refused, is := errors.AsType[*outcome.Refused](got.Withheld)
			if !is || refused.Reason != v1.ReasonInvalidConfiguration || !strings.Contains(refused.Error(), "STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED") {
				t.Errorf("error: %v", got.Withheld)
			}
		})
	}
}

func TestLevelsOfLog4jAreUnderstood(t *testing.T) {
	inline := func(level string) *v1.Logging {
		return &v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{"rootLogger.level": level}}
	}
	external := &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "logging", Key: "text"}}}
	tests := map[string]struct {
		logging *v1.Logging
		text    string
		want    string
	}{
		"nobody says anything":            {nil, "", "INFO"},
		"other loggers alone":             {&v1.Logging{Type: v1.LoggingInline, Loggers: map[string]string{"logger.a.level": "TRACE"}}, "", "INFO"},
		"a level":                         {inline("ERROR"), "", "ERROR"},
		"a level in small letters":        {inline("debug"), "", "DEBUG"},
		"more than there is":              {inline("TRACE"), "", "DEBUG"},
		"less than there is":              {inline("OFF"), "", "ERROR"},
		"a line in a text":                {external, "a = b\n  rootLogger.level=WARN \nc = d\n", "WARN"},
		"a line of another system":        {external, "rootLogger.level = WARN\r\nc = d\r\n", "WARN"},
		"a text without the line":         {external, "# rootLogger.level = WARN\n", "INFO"},
		"a level that is looked up later": {external, "rootLogger.level = ${env:LEVEL:-WARN}\n", "INFO"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, topics)
			in.Kafka.Spec.EntityOperator.TopicOperator.Logging = test.logging
			in.ConfigMaps["logging"]["text"] = test.text
			for _, e := range resolve(t, in).Plan(entityoperator.Certificates{}).Workload.Processes[0].Env {
				if e.Name == "STRIMZI_LOG_LEVEL" && e.Value != test.want {
					t.Errorf("level %s, want %s", e.Value, test.want)
				}
			}
		})
	}
}

func TestOnlyConfigMapsOfOperatorsThatRunAreReferredTo(t *testing.T) {
	k := input(t, topics).Kafka
	if got := entityoperator.References(k); got != nil {
		t.Errorf("references: %v", got)
	}
	k.Spec.EntityOperator.TopicOperator.Logging = &v1.Logging{Type: v1.LoggingExternal, ValueFrom: &v1.ExternalConfig{ConfigMapKeyRef: &v1.KeySelector{Name: "logging"}}}
	if diff := cmp.Diff([]string{"logging"}, entityoperator.References(k)); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	k.Spec.EntityOperator = nil
	if got := entityoperator.References(k); got != nil {
		t.Errorf("references: %v", got)
	}
}

// TestRightsAreThoseThatTheOperatorMayGive compares them with the role that the operator is bound to for that: it could give no other.
func TestRightsAreThoseThatTheOperatorMayGive(t *testing.T) {
	text, err := os.ReadFile("../../install/cluster-operator/031-ClusterRole-strimzi-entity-operator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var role rbacv1.ClusterRole
	if err := yaml.Unmarshal(text, &role); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, rule := range role.Rules {
		want = append(want, spelled(rule.APIGroups[0], rule.Resources, rule.Verbs)...)
	}
	for _, rule := range resolve(t, input(t, topics)).Plan(entityoperator.Certificates{}).Account.Roles[0].Rules {
		got = append(got, spelled(rule.Group, rule.Resources, rule.Verbs)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights (-file +given):\n%s", diff)
	}
}

func spelled(group string, resources, verbs []string) []string {
	var out []string
	for _, resource := range resources {
		for _, verb := range verbs {
			out = append(out, group+"/"+resource+" "+verb)
		}
	}
	return out
}
