package deploy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const installFolder = "../../install"

func installed(t *testing.T, folder string, choice Choice) []object {
	t.Helper()
	objects, err := read(installFolder + "/" + folder)
	if err != nil {
		t.Fatal(err)
	}
	choose(objects, choice)
	return objects
}

func text(t *testing.T, objects []object) string {
	t.Helper()
	manifests, err := list(objects)
	if err != nil {
		t.Fatal(err)
	}
	return string(manifests)
}

// bindings are kind, name and role of all bindings.
func bindings(objects []object) []string {
	var found []string
	for _, o := range objects {
		kind, _ := o["kind"].(string)
		if strings.HasSuffix(kind, "Binding") {
			name, _ := child(o, "metadata")["name"].(string)
			role, _ := child(o, "roleRef")["name"].(string)
			found = append(found, kind+" "+name+" -> "+role)
		}
	}
	slices.Sort(found)
	return found
}

func TestNothingOfThePlaceholdersIsLeft(t *testing.T) {
	choice := Choice{Namespace: "kafka-system", AllNamespaces: true, Registry: "registry.example.com/castellan/"}
	for _, folder := range []string{"cluster-operator", "storage-provisioner"} {
		manifests := text(t, installed(t, folder, choice))
		for _, placeholder := range []string{"myproject", `"castellan.local`, "=castellan.local", "//castellan"} {
			if strings.Contains(manifests, placeholder) {
				t.Errorf("%s still says %q", folder, placeholder)
			}
		}
		if !strings.Contains(manifests, "registry.example.com/castellan/castellan:dev") {
			t.Errorf("%s does not take the image from the registry", folder)
		}
	}
}

func TestImagesOfAllKafkaVersionsFollowTheRegistry(t *testing.T) {
	manifests := text(t, installed(t, "cluster-operator", Choice{Namespace: "n", Registry: "r.example.com"}))
	for _, version := range []string{"4.2.0", "4.2.1", "4.3.0", "4.3.1"} {
		if want := version + "=r.example.com/kafka:" + version; !strings.Contains(manifests, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestBindings(t *testing.T) {
	cases := map[string]struct {
		all  bool
		want []string
	}{
		"in its own namespace the operator has rights there": {
			want: []string{
				"ClusterRoleBinding strimzi-cluster-operator -> strimzi-cluster-operator-global",
				"ClusterRoleBinding strimzi-cluster-operator-kafka-broker-delegation -> strimzi-kafka-broker",
				"RoleBinding strimzi-cluster-operator -> strimzi-cluster-operator-namespaced",
				"RoleBinding strimzi-cluster-operator-leader-election -> strimzi-cluster-operator-leader-election",
				"RoleBinding strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
			},
		},
		"in all namespaces it has rights everywhere, but for the lease": {
			all: true,
			want: []string{
				"ClusterRoleBinding strimzi-cluster-operator -> strimzi-cluster-operator-global",
				"ClusterRoleBinding strimzi-cluster-operator-kafka-broker-delegation -> strimzi-kafka-broker",
				"ClusterRoleBinding strimzi-cluster-operator-namespaced -> strimzi-cluster-operator-namespaced",
				"ClusterRoleBinding strimzi-cluster-operator-watched -> strimzi-cluster-operator-watched",
				"RoleBinding strimzi-cluster-operator-leader-election -> strimzi-cluster-operator-leader-election",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := bindings(installed(t, "cluster-operator", Choice{Namespace: "n", AllNamespaces: tc.all}))
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestClusterWideObjectsHaveNoNamespace(t *testing.T) {
	for _, o := range installed(t, "cluster-operator", Choice{Namespace: "n", AllNamespaces: true}) {
		_, placed := child(o, "metadata")["namespace"]
		kind, _ := o["kind"].(string)
		if want := !strings.HasPrefix(kind, "Cluster"); placed != want {
			t.Errorf("%s %v: in a namespace: %t, want %t", kind, child(o, "metadata")["name"], placed, want)
		}
	}
}

func TestWatchedNamespaces(t *testing.T) {
	cases := map[string]struct {
		all  bool
		want string
	}{
		"its own, by where it runs": {want: `{"name":"STRIMZI_NAMESPACE","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}}`},
		"all":                       {all: true, want: `{"name":"STRIMZI_NAMESPACE","value":"*"}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			manifests := text(t, installed(t, "cluster-operator", Choice{Namespace: "n", AllNamespaces: tc.all}))
			if !strings.Contains(manifests, tc.want) {
				t.Errorf("%s is missing", tc.want)
			}
		})
	}
}

func TestTheDigestMarksPods(t *testing.T) {
	for _, o := range installed(t, "cluster-operator", Choice{Namespace: "n", Digest: "sha256:0123"}) {
		if o["kind"] != "Deployment" {
			continue
		}
		got, err := json.Marshal(child(o, "spec", "template", "metadata")["annotations"])
		if err != nil || string(got) != `{"castellan.io/image-digest":"sha256:0123"}` {
			t.Errorf("annotations are %s (%v)", got, err)
		}
	}
}
