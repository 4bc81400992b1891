package install_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	accessv1alpha1 "castellan.io/castellan/api/access/v1alpha1"
	podsetv1 "castellan.io/castellan/api/core/v1"
	kafkav1 "castellan.io/castellan/api/v1"
)

// FuzzTypesKeepWhatTheSchemasKnow makes an object of each kind from its schema, with every field or some of them and values up
// to the limits, decodes it strictly into the type and encodes it again. Nothing may be refused or lost, and nothing but zero
// values may be added.
func FuzzTypesKeepWhatTheSchemasKnow(f *testing.F) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{kafkav1.AddToScheme, podsetv1.AddToScheme, accessv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			f.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	byKind := schemas(f)
	for seed := range uint64(16) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, kind := range slices.Sorted(maps.Keys(byKind)) {
			random := rand.New(rand.NewPCG(seed, 0))
			want := maker{random, seed%4 == 0}.object(t, byKind[kind], "")
			want["apiVersion"], want["kind"] = apiVersion(kind), kind
			want["metadata"] = map[string]any{"name": "a"}
			content, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			typed, _, err := decoder.Decode(content, nil, nil)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			again, err := json.Marshal(typed.DeepCopyObject())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read(t, content), withoutZeroes(read(t, content), read(t, again))); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", kind, diff)
			}
		}
	})
}

func apiVersion(kind string) string {
	switch kind {
	case "StrimziPodSet":
		return podsetv1.GroupVersion().String()
	case "KafkaAccess":
		return accessv1alpha1.GroupVersion().String()
	default:
		return kafkav1.GroupVersion().String()
	}
}

// maker makes values that a schema allows.
type maker struct {
	random *rand.Rand
	all    bool // every field is there
}

func (m maker) object(t *testing.T, schema *apiextensionsv1.JSONSchemaProps, path string) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		child := schema.Properties[name]
		// Counters in a status are always written.
		counter := child.Type == "integer" && strings.HasPrefix(path, ".status")
		if m.all || counter || slices.Contains(schema.Required, name) || m.random.IntN(2) == 0 {
			out[name] = m.value(t, &child, path+"."+name)
		}
	}
	return out
}

func (m maker) value(t *testing.T, schema *apiextensionsv1.JSONSchemaProps, path string) any {
	t.Helper()
	if schema.XIntOrString {
		return m.one("100m", "1500m", `"2"`, "3Gi", "1500M")
	}
	if len(schema.Enum) > 0 {
		return schema.Enum[m.random.IntN(len(schema.Enum))]
	}
	switch schema.Type {
	case "boolean":
		return m.random.IntN(2) == 0 || strings.HasSuffix(path, ".readOnly") // Kubernetes' types write no false there
	case "integer":
		return m.integer(schema)
	case "number":
		return m.one("0.5", "1")
	case "string":
		return m.text(t, schema.Pattern, path)
	case "array":
		items := make([]any, 1+m.random.IntN(2))
		for i := range items {
			items[i] = m.value(t, schema.Items.Schema, path+"[]")
		}
		return items
	case "object":
		if schema.XPreserveUnknownFields != nil && schema.Properties == nil {
			return m.freeForm()
		}
		if schema.AdditionalProperties == nil {
			return m.object(t, schema, path)
		}
		return map[string]any{
			"a": m.value(t, schema.AdditionalProperties.Schema, path+"{}"), "b.c/d": m.value(t, schema.AdditionalProperties.Schema, path+"{}"),
		}
	default:
		t.Fatalf("%s has type %q", path, schema.Type)
		return nil
	}
}

// integer returns the smallest or largest number that is allowed, or one in between.
func (m maker) integer(schema *apiextensionsv1.JSONSchemaProps) int64 {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if schema.Format == "int32" {
		low, high = math.MinInt32, math.MaxInt32
	}
	if schema.Minimum != nil {
		low = int64(*schema.Minimum)
	}
	if schema.Maximum != nil {
		high = int64(*schema.Maximum)
	}
	return []int64{low, high, max(low, 1)}[m.random.IntN(3)]
}

func (m maker) text(t *testing.T, pattern, path string) any {
	t.Helper()
	switch pattern {
	case "":
		return m.one(`"a"`, `" "`, `"{\"a\":1}"`, `"ä→€"`, `"true"`)
	case `^([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`:
		return m.one(`"1Gi"`, `"0.5"`, `"1e3"`)
	case `^[0-9]+[mMgG]?$`:
		return m.one(`"512m"`, `"2G"`, `"1"`)
	case `^[0-9]+([.][0-9]{0,3}|[m]?)$`:
		return m.one(`"1.5"`, `"1500m"`)
	case `^[0-9]+([KMG]i?)?B/s$`:
		return m.one(`"10000KiB/s"`, `"1B/s"`)
	case `^[a-z0-9]{1,11}$`, `^[a-zA-Z0-9\._\-]{1,100}$`, `^[a-z0-9][-_a-z0-9]*[a-z0-9]$`:
		return m.one(`"aa"`, `"a1"`)
	case `^(https?|ftp)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]$`:
		return m.one(`"https://example.com/a?b=c"`)
	default:
		t.Fatalf("%s has a pattern without an example: %s", path, pattern)
		return nil
	}
}

// freeForm returns an object of which no schema says anything.
func (m maker) freeForm() any {
	return map[string]any{
		"a.b": m.one(`"text"`, `1`, `9007199254740993`, `0.5`, `true`, `null`, `[1,"a",{"b":null}]`, `{}`, `""`),
		"c":   m.one(`{"d":{"e":[]}}`, `"é"`, `-1`),
	}
}

// one returns one of several JSON texts. Those that are no JSON are taken for strings.
func (m maker) one(texts ...string) any {
	text := texts[m.random.IntN(len(texts))]
	if !json.Valid([]byte(text)) {
		return text
	}
	return json.RawMessage(text)
}

// read parses JSON and keeps the text of numbers.
func read(t *testing.T, content []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// withoutZeroes returns got without the members that want lacks, if they say nothing.
func withoutZeroes(want, got any) any {
	switch got := got.(type) {
	case map[string]any:
		wanted, _ := want.(map[string]any)
		for name, member := range got {
			if _, ok := wanted[name]; !ok && zero(member) {
				delete(got, name)
				continue
			}
			got[name] = withoutZeroes(wanted[name], member)
		}
	case []any:
		wanted, _ := want.([]any)
		for i := range min(len(wanted), len(got)) {
			got[i] = withoutZeroes(wanted[i], got[i])
		}
	}
	return got
}

func zero(value any) bool {
	object, isObject := value.(map[string]any)
	if isObject {
		return !slices.ContainsFunc(slices.Collect(maps.Values(object)), func(member any) bool { return !zero(member) })
	}
	return slices.Contains([]string{"", "0", "<nil>", "[]"}, fmt.Sprint(value))
}
