package install_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"castellan.io/castellan/install"
	"castellan.io/castellan/internal/config"
)

// alone is an operator that runs by itself, beside any Kafka.
type alone struct {
	render func(install.Options) ([]byte, error)
	// name is that of all its objects but the definition, which is in another folder too.
	name, definition string
	files, original  string
	port             int32
	rules            []rbacv1.PolicyRule
	// examples are the variables in comments, by what they are for.
	examples []example
}

type example struct {
	what string
	// read is the configuration that the operator makes of variables.
	read func(getenv func(string) string) (config.KafkaAccess, error)
	want func(config.KafkaAccess) bool
}

func aloneTopics() alone {
	read := func(getenv func(string) string) (config.KafkaAccess, error) {
		c, err := config.ReadTopicOperator(getenv)
		return c.Kafka, err
	}
	return alone{
		render: install.TopicOperator, name: "strimzi-topic-operator", definition: "kafkatopics.kafka.strimzi.io", port: 8080,
		files: "topic-operator/%s-strimzi-topic-operator.yaml", original: "043-Crd-kafkatopic.yaml",
		rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkatopics"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update", "delete"}},
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkatopics/status"}, Verbs: []string{"get", "patch", "update"}},
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkatopics/finalizers"}, Verbs: []string{"update"}},
		},
		examples: []example{
			{"nothing", read, func(k config.KafkaAccess) bool { return !k.TLS && k.SASL == nil }},
			{"TLS", read, func(k config.KafkaAccess) bool { return k.TLS && k.TrustSecret != "" && k.KeySecret != "" }},
			{"a password", read, func(k config.KafkaAccess) bool { return k.TLS && k.SASL.Mechanism == "SCRAM-SHA-512" }},
		},
	}
}

func aloneUsers() alone {
	acls := true
	read := func(getenv func(string) string) (config.KafkaAccess, error) {
		c, err := config.ReadUserOperator(getenv)
		acls = c.ACLs
		return c.Kafka, err
	}
	return alone{
		render: install.UserOperator, name: "strimzi-user-operator", definition: "kafkausers.kafka.strimzi.io", port: 8081,
		files: "user-operator/%s-strimzi-user-operator.yaml", original: "044-Crd-kafkauser.yaml",
		rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkausers"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update"}},
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkausers/status"}, Verbs: []string{"get", "patch", "update"}},
			{APIGroups: []string{"kafka.strimzi.io"}, Resources: []string{"kafkausers/finalizers"}, Verbs: []string{"update"}},
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch", "create", "delete", "patch", "update"}},
		},
		examples: []example{
			{"nothing", read, func(k config.KafkaAccess) bool { return !k.TLS && k.SASL == nil && acls }},
			{"no authorizer", read, func(config.KafkaAccess) bool { return !acls }},
			{"TLS", read, func(k config.KafkaAccess) bool {
				return k.TLS && k.TrustSecret != "" && k.KeySecret != "" && k.KeyName == "user.key" && k.CertName == "user.crt"
			}},
			{"a file of properties", read, func(k config.KafkaAccess) bool { return k.TLS && k.SASL.Mechanism == "SCRAM-SHA-512" }},
		},
	}
}

// allAlone are the operators that run by themselves.
func allAlone() map[string]alone {
	return map[string]alone{"topics": aloneTopics(), "users": aloneUsers()}
}

func (a alone) objects(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	manifests, err := a.render(install.Options{Namespace: "home", Watch: []string{"elsewhere"}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*unstructured.Unstructured{}
	for _, o := range decode(t, manifests) {
		out[o.GetKind()] = o
	}
	return out
}

func (a alone) deployment(t *testing.T) appsv1.Deployment {
	t.Helper()
	return as[appsv1.Deployment](t, a.objects(t)["Deployment"])
}

func as[T any](t *testing.T, o *unstructured.Unstructured) T {
	t.Helper()
	var out T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &out, true); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnOperatorByItselfHasTheNamesOfTheAPI(t *testing.T) {
	for name, a := range allAlone() {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for kind, o := range a.objects(t) {
				got[kind] = o.GetNamespace() + "/" + o.GetName()
				if o.GetLabels()["app"] != "strimzi" {
					t.Errorf("%s has labels %v", kind, o.GetLabels())
				}
			}
			own := "home/" + a.name
			want := map[string]string{
				"ServiceAccount": own, "Role": own, "RoleBinding": own, "Deployment": own, "CustomResourceDefinition": "/" + a.definition,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnOperatorByItselfHasTheRightsOfTheAPI(t *testing.T) {
	for name, a := range allAlone() {
		t.Run(name, func(t *testing.T) {
			all := a.objects(t)
			if diff := cmp.Diff(a.rules, as[rbacv1.Role](t, all["Role"]).Rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			binding := as[rbacv1.RoleBinding](t, all["RoleBinding"])
			if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: a.name, Namespace: "home"}}, binding.Subjects); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			if want := (rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: a.name}); binding.RoleRef != want {
				t.Errorf("the role is %+v", binding.RoleRef)
			}
		})
	}
}

func TestOneOperatorByItselfRunsAtATime(t *testing.T) {
	for name, a := range allAlone() {
		t.Run(name, func(t *testing.T) {
			d := a.deployment(t)
			if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || *d.Spec.Replicas != 1 {
				t.Errorf("%d replicas with strategy %s", *d.Spec.Replicas, d.Spec.Strategy.Type)
			}
			pod := d.Spec.Template
			if pod.Labels["name"] != a.name || d.Spec.Selector.MatchLabels["name"] != a.name || pod.Spec.ServiceAccountName != a.name {
				t.Errorf("labels %v of account %s, selected by %v", pod.Labels, pod.Spec.ServiceAccountName, d.Spec.Selector.MatchLabels)
			}
			container := pod.Spec.Containers[0]
			if container.Name != a.name || !*container.SecurityContext.ReadOnlyRootFilesystem || *pod.Spec.AutomountServiceAccountToken {
				t.Errorf("container %s", container.Name)
			}
			if diff := cmp.Diff([]string{strings.TrimPrefix(a.name, "strimzi-")}, container.Args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheHealthOfAnOperatorByItselfIsAskedFor(t *testing.T) {
	for name, a := range allAlone() {
		t.Run(name, func(t *testing.T) {
			pod := a.deployment(t).Spec.Template
			container := pod.Spec.Containers[0]
			for path, probe := range map[string]*corev1.Probe{"/healthy": container.LivenessProbe, "/ready": container.ReadinessProbe} {
				if probe == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != container.Ports[0].Name || container.Ports[0].ContainerPort != a.port {
					t.Errorf("nobody asks %s at port %d: %+v", path, a.port, probe)
				}
			}
			for _, volume := range pod.Spec.Volumes {
				if volume.Name == "strimzi-tmp" && volume.EmptyDir.SizeLimit.String() == "5Mi" {
					return
				}
			}
			t.Error("there is no strimzi-tmp of 5Mi")
		})
	}
}

// comment is a line of the examples in the comments of the variables.
var comment = regexp.MustCompile(`^ {12}# ( *- .*|  .*)$`)

// commented are the examples in comments.
func commented(content string) []string {
	var out []string
	inside := false
	for line := range strings.SplitSeq(content, "\n") {
		found := comment.FindStringSubmatch(line)
		if found != nil && !inside {
			out = append(out, "")
		}
		if inside = found != nil; inside {
			out[len(out)-1] += found[1] + "\n"
		}
	}
	return out
}

// fromSecret is what a variable has that comes from a Secret.
func fromSecret(name string) string {
	if name == "STRIMZI_KAFKA_ADMIN_CLIENT_CONFIGURATION" {
		return "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=x required username=a password=b;"
	}
	return "from-elsewhere"
}

// TestTheVariablesOfAnOperatorByItselfMeanSomething reads them as the operator does, and those in the comments too.
func TestTheVariablesOfAnOperatorByItselfMeanSomething(t *testing.T) {
	for name, a := range allAlone() {
		content, err := os.ReadFile(fmt.Sprintf(a.files, "05-Deployment"))
		if err != nil {
			t.Fatal(err)
		}
		texts := append([]string{""}, commented(string(content))...)
		if len(texts) != len(a.examples) {
			t.Fatalf("%d examples of %s: %q", len(texts), name, texts)
		}
		for i, e := range a.examples {
			t.Run(name+" with "+e.what, func(t *testing.T) { a.check(t, e, texts[i]) })
		}
	}
}

func (a alone) check(t *testing.T, e example, text string) {
	t.Helper()
	var more []corev1.EnvVar
	if err := yaml.UnmarshalStrict([]byte(text), &more); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	set := map[string]string{}
	for _, v := range append(slices.Clip(a.deployment(t).Spec.Template.Spec.Containers[0].Env), more...) {
		set[v.Name] = v.Value
		if v.ValueFrom != nil {
			set[v.Name] = fromSecret(v.Name)
		}
	}
	read := map[string]bool{}
	got, err := e.read(func(name string) string {
		read[name] = true
		return set[name]
	})
	if err != nil || !e.want(got) {
		t.Errorf("configuration %+v: %v", got, err)
	}
	for name := range set {
		if !read[name] {
			t.Errorf("nobody reads %s", name)
		}
	}
}

func TestTheDefinitionOfAnOperatorByItselfIsTheSameEverywhere(t *testing.T) {
	for name, a := range allAlone() {
		copied := filepath.Dir(a.files) + "/04-" + strings.TrimPrefix(a.original, a.original[:4])
		want, err := os.ReadFile("cluster-operator/" + a.original)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(copied)
		if err != nil || !bytes.Equal(want, got) {
			t.Errorf("%s: %s is out of date (%v): run go generate ./install", name, copied, err)
		}
	}
}
