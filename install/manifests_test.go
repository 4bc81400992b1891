package install_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"castellan.io/castellan/install"
)

// objects are the operator's manifests as Kubernetes reads them.
func objects(t *testing.T, o install.Options) []*unstructured.Unstructured {
	t.Helper()
	manifests, err := install.Operator(o)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, manifests)
}

func decode(t *testing.T, manifests []byte) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
}

func TestTheFilesAreAppliedAsTheyAreButForTheNamespace(t *testing.T) {
	names, err := filepath.Glob("cluster-operator/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []*unstructured.Unstructured
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, decode(t, content)...)
	}
	got := objects(t, install.Options{Namespace: "myproject"})
	for _, o := range got {
		o.SetNamespace("") // which kubectl's --namespace sets for files
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-files +printed):\n%s", diff)
	}
}

func TestDefinitionsAreThoseOfTheOperator(t *testing.T) {
	var want []*unstructured.Unstructured
	for _, o := range objects(t, install.Options{Namespace: "n"}) {
		if o.GetKind() == "CustomResourceDefinition" {
			want = append(want, o)
		}
	}
	manifests, err := install.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, decode(t, manifests)); diff != "" || len(want) == 0 {
		t.Errorf("%d definitions (-want +got):\n%s", len(want), diff)
	}
}

func TestCommentsStay(t *testing.T) {
	manifests, err := install.Operator(install.Options{Namespace: "n"})
	if err != nil {
		t.Fatal(err)
	}
	for _, comment := range []string{"# One for each watched namespace.", "# Why a pod was restarted.", "# One image for each supported version of Kafka."} {
		if !bytes.Contains(manifests, []byte(comment)) {
			t.Errorf("the comment %q is gone", comment)
		}
	}
}

func TestNothingOfThePlaceholdersIsLeft(t *testing.T) {
	o := install.Options{Namespace: "kafka-system", Watch: []string{"*"}, Registry: "registry.example.com:5000/castellan/"}
	for name, render := range map[string]func(install.Options) ([]byte, error){
		"operator": install.Operator, "storage": install.StorageProvisioner, "topics": install.TopicOperator, "users": install.UserOperator,
	} {
		t.Run(name, func(t *testing.T) {
			manifests, err := render(o)
			if err != nil {
				t.Fatal(err)
			}
			for _, placeholder := range []string{"myproject", "namespace: castellan-storage", "castellan.local", "//castellan:"} {
				if bytes.Contains(manifests, []byte(placeholder)) {
					t.Errorf("it still says %q", placeholder)
				}
			}
			if !bytes.Contains(manifests, []byte("image: registry.example.com:5000/castellan/castellan:dev")) {
				t.Error("the image does not come from the registry")
			}
		})
	}
}

func TestImagesOfAllKafkaVersionsFollowTheRegistry(t *testing.T) {
	want := "4.2.0=r.example.com/kafka:4.2.0\n4.2.1=r.example.com/kafka:4.2.1\n4.3.0=r.example.com/kafka:4.3.0\n4.3.1=r.example.com/kafka:4.3.1\n"
	if got := variable(t, install.Options{Namespace: "n", Registry: "r.example.com"}, "STRIMZI_KAFKA_IMAGES")["value"]; got != want {
		t.Errorf("images: %v", got)
	}
}

// variable is an environment variable of the operator's container.
func variable(t *testing.T, o install.Options, name string) map[string]any {
	t.Helper()
	all := objects(t, o)
	deployment := all[len(all)-1]
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("%s %s has %d containers: %v", deployment.GetKind(), deployment.GetName(), len(containers), err)
	}
	for _, entry := range containers[0].(map[string]any)["env"].([]any) {
		if v := entry.(map[string]any); v["name"] == name {
			return v
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

func TestTheOperatorHasRightsWhereItWatches(t *testing.T) {
	const cluster = "ClusterRoleBinding strimzi-cluster-operator -> strimzi-cluster-operator-global"
	const racks = "ClusterRoleBinding strimzi-cluster-operator-kafka-broker-delegation -> strimzi-kafka-broker"
	const election = "RoleBinding home/strimzi-cluster-operator-leader-election -> strimzi-cluster-operator-leader-election"
	cases := map[string]struct {
		watch    []string
		variable map[string]any
		bindings []string
	}{
		"without a word in its own namespace": {
			variable: map[string]any{"valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.namespace"}}},
			bindings: []string{
				"RoleBinding home/strimzi-cluster-operator -> strimzi-cluster-operator-namespaced",
				cluster, election,
				"RoleBinding home/strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
				racks,
				"RoleBinding home/strimzi-cluster-operator-entity-operator-delegation -> strimzi-entity-operator",
			},
		},
		"in some namespaces, of which its own is none": {
			watch:    []string{"two", "one"},
			variable: map[string]any{"value": "one,two"},
			bindings: []string{
				"RoleBinding one/strimzi-cluster-operator -> strimzi-cluster-operator-namespaced",
				"RoleBinding two/strimzi-cluster-operator -> strimzi-cluster-operator-namespaced",
				cluster, election,
				"RoleBinding one/strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
				"RoleBinding two/strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
				racks,
				"RoleBinding one/strimzi-cluster-operator-entity-operator-delegation -> strimzi-entity-operator",
				"RoleBinding two/strimzi-cluster-operator-entity-operator-delegation -> strimzi-entity-operator",
			},
		},
		"everywhere, but for the lease": {
			watch:    []string{"*"},
			variable: map[string]any{"value": "*"},
			bindings: []string{
				"ClusterRoleBinding strimzi-cluster-operator-namespaced -> strimzi-cluster-operator-namespaced",
				cluster, election,
				"ClusterRoleBinding strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
				racks,
				"ClusterRoleBinding strimzi-cluster-operator-entity-operator-delegation -> strimzi-entity-operator",
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := install.Options{Namespace: "home", Watch: c.watch}
			got := variable(t, o, "STRIMZI_NAMESPACE")
			delete(got, "name")
			if diff := cmp.Diff(c.variable, got); diff != "" {
				t.Errorf("STRIMZI_NAMESPACE (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.bindings, bindings(t, objects(t, o))); diff != "" {
				t.Errorf("bindings (-want +got):\n%s", diff)
			}
		})
	}
}

// bindings tells what is bound, and fails if it is to anybody but the operator.
func bindings(t *testing.T, all []*unstructured.Unstructured) []string {
	t.Helper()
	var out []string
	for _, o := range all {
		if !strings.HasSuffix(o.GetKind(), "Binding") {
			continue
		}
		subjects := o.Object["subjects"]
		operator := []any{map[string]any{"kind": "ServiceAccount", "name": "strimzi-cluster-operator", "namespace": "home"}}
		if diff := cmp.Diff(operator, subjects); diff != "" {
			t.Errorf("subjects of %s (-want +got):\n%s", o.GetName(), diff)
		}
		role, _, _ := unstructured.NestedString(o.Object, "roleRef", "name")
		name := strings.TrimPrefix(o.GetNamespace()+"/"+o.GetName(), "/")
		out = append(out, o.GetKind()+" "+name+" -> "+role)
	}
	return out
}

func TestWhatBelongsToNoNamespaceHasNone(t *testing.T) {
	for _, o := range objects(t, install.Options{Namespace: "home", Watch: []string{"*"}}) {
		outside := strings.HasPrefix(o.GetKind(), "Cluster") || o.GetKind() == "CustomResourceDefinition"
		if outside != (o.GetNamespace() == "") {
			t.Errorf("%s %s is in namespace %q", o.GetKind(), o.GetName(), o.GetNamespace())
		}
	}
}

func TestAnnotationsReachPodsAlone(t *testing.T) {
	want := map[string]string{"example.com/a": "1", "example.com/b": "true"}
	var annotated []string
	for _, o := range objects(t, install.Options{Namespace: "n", PodAnnotations: want}) {
		got, found, err := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations")
		if err != nil {
			t.Fatal(err)
		}
		if found {
			annotated = append(annotated, o.GetKind())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		}
		if o.GetKind() != "CustomResourceDefinition" && len(o.GetAnnotations()) > 0 {
			t.Errorf("%s %s has annotations", o.GetKind(), o.GetName())
		}
	}
	if !slices.Equal(annotated, []string{"Deployment"}) {
		t.Errorf("annotated are %v", annotated)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	cases := map[string]struct {
		options install.Options
		want    string
	}{
		"no namespace":               {install.Options{}, `namespace "": expected at most 63`},
		"a namespace that cannot be": {install.Options{Namespace: "My_Project"}, `namespace "My_Project": expected at most 63`},
		"a watched one that cannot be": {
			install.Options{Namespace: "n", Watch: []string{"a", "b c"}}, `watched namespace "b c": expected at most 63`,
		},
		"a star among names":  {install.Options{Namespace: "n", Watch: []string{"a", "*"}}, `watched namespaces ["a" "*"]: expected names, or * alone`},
		"a name that returns": {install.Options{Namespace: "n", Watch: []string{"a", "b", "a"}}, `watched namespace "a" comes twice`},
		"a registry that is a page": {
			install.Options{Namespace: "n", Registry: "https://registry.example.com"}, `registry "https://registry.example.com": expected a host and a path`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			manifests, err := install.Operator(c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error: %v, want %q", err, c.want)
			}
			if manifests != nil {
				t.Error("there are manifests all the same")
			}
		})
	}
}
