package v1_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
)

// TestManifestsSurviveARoundTrip decodes every manifest strictly and expects to get the same JSON back, in three ways: as the
// API server gets it, as a copy, and as a generic object the way fake clients and patches convert it.
func TestManifestsSurviveARoundTrip(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()

	manifests, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(manifests) == 0 {
		t.Fatalf("found %d manifests: %v", len(manifests), err)
	}
	for _, manifest := range manifests {
		t.Run(filepath.Base(manifest), func(t *testing.T) {
			content, err := os.ReadFile(manifest)
			if err != nil {
				t.Fatal(err)
			}
			typed, _, err := decoder.Decode(content, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			generic, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
			if err != nil {
				t.Fatal(err)
			}
			want := tree(t, content)
			for way, object := range map[string]any{
				"typed": typed, "copied": typed.DeepCopyObject(), "generic": generic, "from generic": fromGeneric(t, scheme, generic),
			} {
				if diff := cmp.Diff(want, encoded(t, object)); diff != "" {
					t.Errorf("%s object differs from the manifest (-want +got):\n%s", way, diff)
				}
			}
		})
	}
}

// fromGeneric converts a generic object to the type its kind names.
func fromGeneric(t *testing.T, scheme *runtime.Scheme, generic map[string]any) runtime.Object {
	t.Helper()
	typed, err := scheme.New(v1.GroupVersion().WithKind(generic["kind"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(generic, typed); err != nil {
		t.Fatal(err)
	}
	return typed
}

func encoded(t *testing.T, object any) any {
	t.Helper()
	content, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return tree(t, content)
}

// tree parses YAML or JSON and keeps the text of numbers.
func tree(t *testing.T, content []byte) any {
	t.Helper()
	content, err := yaml.YAMLToJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}
