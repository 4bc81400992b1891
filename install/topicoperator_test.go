package install_test

import (
	"bytes"
	"os"
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

const (
	topicOperator   = "strimzi-topic-operator"
	topicDeployment = "topic-operator/05-Deployment-strimzi-topic-operator.yaml"
)

func topicOperatorObjects(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	manifests, err := install.TopicOperator(install.Options{Namespace: "home", Watch: []string{"elsewhere"}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*unstructured.Unstructured{}
	for _, o := range decode(t, manifests) {
		out[o.GetKind()] = o
	}
	return out
}

func as[T any](t *testing.T, o *unstructured.Unstructured) T {
	t.Helper()
	var out T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &out, true); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestATopicOperatorByItselfHasTheNamesOfTheAPI(t *testing.T) {
	got := map[string]string{}
	for kind, o := range topicOperatorObjects(t) {
		got[kind] = o.GetNamespace() + "/" + o.GetName()
		if o.GetLabels()["app"] != "strimzi" {
			t.Errorf("%s has labels %v", kind, o.GetLabels())
		}
	}
	own := "home/" + topicOperator
	want := map[string]string{
		"ServiceAccount": own, "Role": own, "RoleBinding": own, "Deployment": own, "CustomResourceDefinition": "/kafkatopics.kafka.strimzi.io",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestATopicOperatorByItselfHasTheRightsOfTheAPI(t *testing.T) {
	all := topicOperatorObjects(t)
	group := []string{"kafka.strimzi.io"}
	want := []rbacv1.PolicyRule{
		{APIGroups: group, Resources: []string{"kafkatopics"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update", "delete"}},
		{APIGroups: group, Resources: []string{"kafkatopics/status"}, Verbs: []string{"get", "patch", "update"}},
		{APIGroups: group, Resources: []string{"kafkatopics/finalizers"}, Verbs: []string{"update"}},
	}
	if diff := cmp.Diff(want, as[rbacv1.Role](t, all["Role"]).Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	binding := as[rbacv1.RoleBinding](t, all["RoleBinding"])
	if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: topicOperator, Namespace: "home"}}, binding.Subjects); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	if want := (rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: topicOperator}); binding.RoleRef != want {
		t.Errorf("the role is %+v", binding.RoleRef)
	}
}

func TestOneTopicOperatorRunsAtATime(t *testing.T) {
	d := as[appsv1.Deployment](t, topicOperatorObjects(t)["Deployment"])
	if d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType || *d.Spec.Replicas != 1 {
		t.Errorf("%d replicas with strategy %s", *d.Spec.Replicas, d.Spec.Strategy.Type)
	}
	pod := d.Spec.Template
	if pod.Labels["name"] != topicOperator || d.Spec.Selector.MatchLabels["name"] != topicOperator || pod.Spec.ServiceAccountName != topicOperator {
		t.Errorf("labels %v of account %s, selected by %v", pod.Labels, pod.Spec.ServiceAccountName, d.Spec.Selector.MatchLabels)
	}
	container := pod.Spec.Containers[0]
	if container.Name != topicOperator || !*container.SecurityContext.ReadOnlyRootFilesystem || *pod.Spec.AutomountServiceAccountToken {
		t.Errorf("container %s", container.Name)
	}
}

func TestTheHealthOfATopicOperatorIsAskedFor(t *testing.T) {
	pod := as[appsv1.Deployment](t, topicOperatorObjects(t)["Deployment"]).Spec.Template
	container := pod.Spec.Containers[0]
	for path, probe := range map[string]*corev1.Probe{"/healthy": container.LivenessProbe, "/ready": container.ReadinessProbe} {
		if probe == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != container.Ports[0].Name || container.Ports[0].ContainerPort != 8080 {
			t.Errorf("nobody asks %s at port 8080: %+v", path, probe)
		}
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == "strimzi-tmp" && volume.EmptyDir.SizeLimit.String() == "5Mi" {
			return
		}
	}
	t.Error("there is no strimzi-tmp of 5Mi")
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

// TestTheVariablesOfATopicOperatorMeanSomething reads them as the operator does, and those in the comments too.
func TestTheVariablesOfATopicOperatorMeanSomething(t *testing.T) {
	content, err := os.ReadFile(topicDeployment)
	if err != nil {
		t.Fatal(err)
	}
	examples := commented(string(content))
	if len(examples) != 2 {
		t.Fatalf("%d examples: %q", len(examples), examples)
	}
	plain := as[appsv1.Deployment](t, topicOperatorObjects(t)["Deployment"]).Spec.Template.Spec.Containers[0].Env
	cases := map[string]struct {
		example string
		want    func(config.KafkaAccess) bool
	}{
		"as they are":     {"", func(k config.KafkaAccess) bool { return !k.TLS && k.SASL == nil }},
		"with TLS":        {examples[0], func(k config.KafkaAccess) bool { return k.TLS && k.TrustSecret != "" && k.KeySecret != "" }},
		"with a password": {examples[1], func(k config.KafkaAccess) bool { return k.TLS && k.SASL.Mechanism == "SCRAM-SHA-512" }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var more []corev1.EnvVar
			if err := yaml.UnmarshalStrict([]byte(c.example), &more); err != nil {
				t.Fatalf("%v in:\n%s", err, c.example)
			}
			set := map[string]string{}
			for _, v := range append(slices.Clip(plain), more...) {
				set[v.Name] = v.Value
				if v.ValueFrom != nil {
					set[v.Name] = "from-elsewhere"
				}
			}
			read := map[string]bool{}
			got, err := config.ReadTopicOperator(func(name string) string {
				read[name] = true
				return set[name]
			})
			if err != nil || !c.want(got.Kafka) {
				t.Errorf("configuration %+v: %v", got.Kafka, err)
			}
			for name := range set {
				if !read[name] {
					t.Errorf("nobody reads %s", name)
				}
			}
		})
	}
}

func TestTheDefinitionOfTopicsIsTheSameEverywhere(t *testing.T) {
	want, err := os.ReadFile("cluster-operator/043-Crd-kafkatopic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("topic-operator/04-Crd-kafkatopic.yaml")
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("topic-operator/04-Crd-kafkatopic.yaml is out of date (%v): run go generate ./install", err)
	}
}
