package install_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// TestEveryUnionBranchHasAManifest finds the objects whose field `type` chooses between variants, and expects every variant in
// a manifest that is known to survive the types. Objects with the same fields count as one, wherever they are.
func TestEveryUnionBranchHasAManifest(t *testing.T) {
	byKind, wanted, covered := schemas(t), map[string]bool{}, map[string]bool{}
	for _, manifest := range manifests(t) {
		content, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		object := parse(t, content)
		branches(t, byKind[object["kind"].(string)], object, wanted, covered)
	}
	if len(wanted) < 50 {
		t.Fatalf("found only %d branches", len(wanted))
	}
	for _, branch := range slices.Sorted(maps.Keys(wanted)) {
		if !covered[branch] {
			t.Errorf("no manifest has %s", branch)
		}
	}
}

// branches notes the variants that a schema has in wanted, and those that a value below it has in covered.
func branches(t *testing.T, schema *apiextensionsv1.JSONSchemaProps, value any, wanted, covered map[string]bool) {
	t.Helper()
	object, _ := value.(map[string]any)
	if discriminator := schema.Properties["type"]; len(discriminator.Enum) > 0 {
		union := " of " + strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", ")
		for _, variant := range discriminator.Enum {
			var name string
			if err := json.Unmarshal(variant.Raw, &name); err != nil {
				t.Fatal(err)
			}
			wanted[name+union] = true
		}
		if name, given := object["type"].(string); given {
			covered[name+union] = true
		}
	}
	for name, child := range schema.Properties {
		branches(t, &child, object[name], wanted, covered)
	}
	if schema.Items == nil {
		return
	}
	branches(t, schema.Items.Schema, nil, wanted, covered)
	list, _ := value.([]any)
	for _, item := range list {
		branches(t, schema.Items.Schema, item, wanted, covered)
	}
}

// manifests returns the manifests that the tests of the types use.
func manifests(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"../api/*/testdata/*.yaml", "../api/*/*/testdata/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("found %d manifests at %s: %v", len(found), pattern, err)
		}
		out = append(out, found...)
	}
	return out
}

// schemas returns the schema of each kind.
func schemas(tb testing.TB) map[string]*apiextensionsv1.JSONSchemaProps {
	tb.Helper()
	out := map[string]*apiextensionsv1.JSONSchemaProps{}
	for _, file := range definitionFiles(tb) {
		definition := readFile(tb, file)
		out[definition.Spec.Names.Kind] = definition.Spec.Versions[0].Schema.OpenAPIV3Schema
	}
	return out
}
