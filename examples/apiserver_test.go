//go:build apiserver

package examples_test

import (
	"os"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

// TestAnAPIServerAcceptsEveryExample asks what `kubectl apply --dry-run=server` asks.
func TestAnAPIServerAcceptsEveryExample(t *testing.T) {
	namespace := kubetest.Namespace(t, api)
	for _, m := range manifests(t) {
		for _, object := range m.Objects {
			object.SetNamespace(namespace)
			if err := api.Create(t.Context(), object, client.DryRunAll, client.FieldValidation("Strict")); err != nil {
				t.Errorf("%s: %s %s: %v", m.File, object.GetKind(), object.GetName(), err)
			}
		}
	}
}
