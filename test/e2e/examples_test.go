//go:build e2e

package e2e

import (
	"io/fs"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"castellan.io/castellan/examples"
	"castellan.io/castellan/install"
)

// TestExamples asks of every example what `kubectl apply --dry-run=server` asks. Nothing is made.
func TestExamples(t *testing.T) {
	w := newWorld(t, "examples")
	w.defineAccess()
	manifests, err := examples.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		for _, object := range m.Objects {
			object.SetNamespace(w.namespace)
			if err := w.client.Create(w.ctx, object, client.DryRunAll, client.FieldValidation("Strict")); err != nil {
				t.Errorf("%s: %s %s: %v", m.File, object.GetKind(), object.GetName(), err)
			}
		}
	}
}

// defineAccess applies the definition of the access operator, which is installed by itself. It stays, as the others do.
func (w *world) defineAccess() {
	w.t.Helper()
	files, err := fs.Glob(install.CRDs, "access-operator/*")
	if err != nil || len(files) != 1 {
		w.t.Fatalf("found %d definitions: %v", len(files), err)
	}
	text, err := install.CRDs.ReadFile(files[0])
	if err != nil {
		w.t.Fatal(err)
	}
	definition := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &definition.Object); err != nil {
		w.t.Fatal(err)
	}
	if err := w.client.Create(w.ctx, definition); err != nil && !apierrors.IsAlreadyExists(err) {
		w.t.Fatalf("define KafkaAccess: %v", err)
	}
	accesses := &unstructured.UnstructuredList{}
	accesses.SetAPIVersion("access.strimzi.io/v1alpha1")
	accesses.SetKind("KafkaAccessList")
	w.eventually("KafkaAccess is served", func() error { return w.client.List(w.ctx, accesses, client.InNamespace(w.namespace)) })
}
