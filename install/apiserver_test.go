//go:build apiserver

package install_test

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/install"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

func TestAnAPIServerAcceptsEveryManifest(t *testing.T) {
	for _, manifest := range manifests(t) {
		content, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{Object: parse(t, content)}
		object.SetNamespace(kubetest.Namespace(t, api))
		if err := api.Create(t.Context(), object, client.FieldValidation("Strict")); err != nil {
			t.Errorf("%s: %v", manifest, err)
		}
	}
}

// TestAnAPIServerAcceptsOperatorsByThemselves asks what `kubectl apply --dry-run=server` asks.
func TestAnAPIServerAcceptsOperatorsByThemselves(t *testing.T) {
	for name, operator := range allAlone() {
		manifests, err := operator.render(install.Options{Namespace: kubetest.Namespace(t, api)})
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range decode(t, manifests) {
			object.SetManagedFields(nil)
			if err := api.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), client.DryRunAll, client.ForceOwnership, client.FieldOwner("test")); err != nil {
				t.Errorf("%s: %s %s: %v", name, object.GetKind(), object.GetName(), err)
			}
		}
	}
}

// TestAnAPIServerTellsAboutTypos: what kubectl asks for by default is strict; other clients get the same as a warning.
func TestAnAPIServerTellsAboutTypos(t *testing.T) {
	manifest := "{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: typo}, spec: {partition: 3}}"
	object := &unstructured.Unstructured{Object: parse(t, []byte(manifest))}
	object.SetNamespace(kubetest.Namespace(t, api))
	err := api.Create(t.Context(), object, client.FieldValidation("Strict"))
	if err == nil || !strings.Contains(err.Error(), `unknown field "spec.partition"`) {
		t.Errorf("want the unknown field, got %v", err)
	}
}
