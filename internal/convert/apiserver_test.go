//go:build apiserver

package convert_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

// TestAnAPIServerAcceptsWhatIsConverted: every resource that no note leaves to the user, with fields that are not known as errors.
func TestAnAPIServerAcceptsWhatIsConverted(t *testing.T) {
	accepted := 0
	for _, file := range inputs(t) {
		out, notes := run(t, file)
		left := map[string]bool{}
		for _, note := range notes {
			left[note.Resource[strings.LastIndex(note.Resource, " ")+1:]] = note.Left || left[note.Resource[strings.LastIndex(note.Resource, " ")+1:]]
		}
		for _, object := range objects(t, out) {
			if left[object.GetName()] {
				continue
			}
			object.SetNamespace(kubetest.Namespace(t, api))
			if err := api.Create(t.Context(), object, client.FieldValidation("Strict"), client.DryRunAll); err != nil {
				t.Errorf("%s: %s %s: %v", file, object.GetKind(), object.GetName(), err)
			}
			accepted++
		}
	}
	if accepted < 15 {
		t.Errorf("only %d objects were tried", accepted)
	}
}

// objects are those of a stream of manifests, the items of lists among them.
func objects(t *testing.T, manifests []byte) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case object.Object == nil:
		case object.IsList():
			err := object.EachListItem(func(item runtime.Object) error {
				out = append(out, item.(*unstructured.Unstructured))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		default:
			out = append(out, object)
		}
	}
}
