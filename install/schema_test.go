package install_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"castellan.io/castellan/install"
)

// ownRules are the rules that the API does not have, with the reason why they refuse nothing that works there.
func ownRules() map[string]string {
	return map[string]string{
		"has(self.certificate) != has(self.pattern)": "there it is said by oneOf",
		"!has(self.value) || !has(self.valueFrom)":   "there it is said by oneOf",

		"self.type != 'persistent-claim' || has(self.size)":                                                             "InvalidResourceException",
		"self.type != 'jbod' || (has(self.volumes) && self.volumes.size() > 0)":                                         "InvalidResourceException",
		"self.type != 'jbod' || !has(self.volumes) || self.volumes.all(v, has(v.id))":                                   "InvalidResourceException",
		"self.type != 'jbod' || !has(self.volumes) || self.volumes.all(v, v.type != 'persistent-claim' || has(v.size))": "InvalidResourceException",
		"self.tls || (self.type != 'route' && self.type != 'ingress')":                                                  "InvalidResourceException",
		"self.tls || !has(self.authentication) || self.authentication.type != 'tls'":                                    "InvalidResourceException",
		"self.type != 'strimzi' || !has(self.minAvailableBytesPerVolume) || !has(self.minAvailableRatioPerVolume)":      "each excludes the other",
		"self.type != 'tls' || has(self.certificateAndKey)":                                                             "InvalidResourceException",
		"self.type == 'tls' || self.type == 'custom' || (has(self.username) && has(self.passwordSecret))":               "InvalidResourceException",
		"has(self.http)":                           "InvalidResourceException",
		"self.type == 'maven' || has(self.url)":    "InvalidConfigurationException",
		"self.type == 'cluster' || has(self.name)": "no access control list can be made",
		"self.type != 'maven' || (has(self.group) && has(self.artifact) && has(self.version))": "InvalidConfigurationException",
	}
}

// ownFields are the fields that the API does not have: members of Kubernetes' types. A `*` at the end stands for all below.
func ownFields() []string {
	return []string{
		".env[].valueFrom.fieldRef*", ".env[].valueFrom.resourceFieldRef*", ".env[].valueFrom.fileKeyRef*",
		".volumeMounts[].bindMountOptions*", ".configMap.defaultUser", ".configMap.items[].user", ".secret.defaultUser", ".secret.items[].user",
	}
}

// described is what a definition says about a field, or about itself: names, columns, subresources.
type described struct {
	kind  string // its type, or for what is not a field, its value
	rest  string // constraints
	rules []string
}

// TestDefinitionsAreThoseOfTheAPI holds every definition beside the list of what the API has, in testdata/schema: path, type
// and constraints of each field. Every line must be met exactly; what is more must be explained above.
func TestDefinitionsAreThoseOfTheAPI(t *testing.T) {
	files := definitionFiles(t)
	references, err := filepath.Glob("testdata/schema/*.tsv")
	if err != nil || len(references) != len(files) {
		t.Fatalf("%d definitions, %d references: %v", len(files), len(references), err)
	}
	for _, file := range files {
		definition := readFile(t, file)
		name := definition.Spec.Names.Singular
		t.Run(name, func(t *testing.T) {
			for _, difference := range differences(reference(t, name), flatten(definition)) {
				t.Error(difference)
			}
		})
	}
}

func TestDifferencesFromTheAPIAreFound(t *testing.T) {
	want := reference(t, "kafkatopic")
	cases := map[string]struct {
		change func(map[string]described)
		want   string
	}{
		"a field is gone":          {func(d map[string]described) { delete(d, ".spec.config") }, ".spec.config is missing"},
		"a column is gone":         {func(d map[string]described) { delete(d, "@column Ready") }, "@column Ready is missing"},
		"a field has another type": {func(d map[string]described) { d[".spec.topicName"] = described{kind: "integer"} }, ".spec.topicName is integer"},
		"a limit is another one":   {func(d map[string]described) { d[".spec.partitions"] = described{kind: "integer", rest: "min=2"} }, ".spec.partitions is integer min=2"},
		"a field is more":          {func(d map[string]described) { d[".spec.colour"] = described{kind: "string"} }, ".spec.colour is more than the API has"},
		"a rule is more": {func(d map[string]described) {
			d[".spec.topicName"] = described{kind: "string", rules: []string{"false"}}
		}, ".spec.topicName has a rule more: false"},
		"a value of an enum is gone": {func(d map[string]described) {
			d[".status.replicasChange.state"] = described{kind: "string", rest: "enum=pending"}
		}, "state is string enum=pending"},
		"an optional one is required": {func(d map[string]described) { d[".spec.topicName"] = described{kind: "string", rest: "required"} }, ".spec.topicName is string required"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := maps.Clone(want)
			test.change(got)
			found := differences(want, got)
			if len(found) != 1 || !strings.Contains(found[0], test.want) {
				t.Errorf("want %q, got %q", test.want, found)
			}
		})
	}
}

// differences returns what the definition lacks, contradicts, or has beyond the API without an explanation.
func differences(want, got map[string]described) []string {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		have, ok := got[path]
		if !ok {
			found = append(found, path+" is missing")
			continue
		}
		if have.kind != want[path].kind || have.rest != want[path].rest {
			found = append(found, fmt.Sprintf("%s is %s %s, not %s %s", path, have.kind, have.rest, want[path].kind, want[path].rest))
		}
		for _, rule := range want[path].rules {
			if !slices.Contains(have.rules, rule) {
				found = append(found, fmt.Sprintf("%s lacks the rule %s", path, rule))
			}
		}
		for _, rule := range have.rules {
			if !slices.Contains(want[path].rules, rule) && ownRules()[rule] == "" {
				found = append(found, fmt.Sprintf("%s has a rule more: %s", path, rule))
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[path]; !ok && !explained(path) {
			found = append(found, path+" is more than the API has")
		}
	}
	return found
}

// explained tells whether a field that the API lacks may be there.
func explained(path string) bool {
	if slices.Contains([]string{".apiVersion", ".kind", ".metadata"}, path) {
		return true // said by the definition or not, every object has them
	}
	return slices.ContainsFunc(ownFields(), func(field string) bool {
		if start, all := strings.CutSuffix(field, "*"); all {
			return strings.Contains(path, start)
		}
		return strings.HasSuffix(path, field)
	})
}

// reference reads the list of what the API has for a kind.
func reference(t *testing.T, name string) map[string]described {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata/schema", name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := map[string]described{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := append(strings.Split(lines.Text(), "\t"), "", "")
		if columns[0] == "@column" {
			columns = []string{columns[0] + " " + columns[1], columns[2], ""}
		}
		rest, rules, _ := strings.Cut(columns[2], "cel[")
		field := described{kind: columns[1], rest: strings.TrimSpace(rest)}
		if rules != "" {
			field.rules = strings.Split(strings.TrimSuffix(rules, "]"), "] cel[")
		}
		out[columns[0]] = field
	}
	return out
}

// flatten lists what a definition says.
func flatten(definition *apiextensionsv1.CustomResourceDefinition) map[string]described {
	names, version := definition.Spec.Names, definition.Spec.Versions[0]
	out := map[string]described{
		"@names": {kind: definition.Spec.Group, rest: fmt.Sprintf("plural=%s singular=%s short=%s categories=%s scope=%s",
			names.Plural, names.Singular, strings.Join(names.ShortNames, ","), strings.Join(names.Categories, ","), definition.Spec.Scope)},
	}
	scale := "-"
	if paths := version.Subresources.Scale; paths != nil {
		selector := "-"
		if paths.LabelSelectorPath != nil {
			selector = *paths.LabelSelectorPath
		}
		scale = strings.Join([]string{paths.SpecReplicasPath, paths.StatusReplicasPath, selector}, " ")
	}
	out["@version"] = described{kind: fmt.Sprintf("served=%t storage=%t status=%t scale=%s",
		version.Served, version.Storage, version.Subresources.Status != nil, scale)}
	for _, column := range version.AdditionalPrinterColumns {
		out["@column "+column.Name] = described{kind: fmt.Sprintf("%s %s priority=%d", column.JSONPath, column.Type, column.Priority)}
	}
	flattenSchema(out, "", version.Schema.OpenAPIV3Schema, false)
	return out
}

func flattenSchema(out map[string]described, path string, schema *apiextensionsv1.JSONSchemaProps, required bool) {
	field := described{kind: schema.Type, rest: constraints(schema, required)}
	if field.kind == "" {
		field.kind = "any"
	}
	for _, rule := range schema.XValidations {
		field.rules = append(field.rules, rule.Rule)
	}
	at := path
	if at == "" {
		at = "."
	}
	out[at] = field
	for name, child := range schema.Properties {
		flattenSchema(out, path+"."+name, &child, slices.Contains(schema.Required, name))
	}
	if schema.AdditionalProperties != nil {
		flattenSchema(out, path+"{}", schema.AdditionalProperties.Schema, false)
	}
	if schema.Items != nil {
		flattenSchema(out, path+"[]", schema.Items.Schema, false)
	}
}

// constraints lists what a value must be besides its type. The format int32 is left out: the API's fields have that size, too.
func constraints(schema *apiextensionsv1.JSONSchemaProps, required bool) string {
	var values []string
	for _, value := range schema.Enum {
		values = append(values, strings.Trim(string(value.Raw), `"`))
	}
	return strings.Join(slices.Concat(
		word("required", required),
		word("enum="+strings.Join(values, "|"), len(values) > 0),
		limit("min", schema.Minimum),
		limit("max", schema.Maximum),
		word("pattern="+schema.Pattern, schema.Pattern != ""),
		limit("default", schema.Default),
		limit("minItems", schema.MinItems),
		limit("maxItems", schema.MaxItems),
		limit("minLength", schema.MinLength),
		limit("maxLength", schema.MaxLength),
		word("format="+schema.Format, schema.Format != "" && schema.Format != "int32"),
		word("preserve-unknown", schema.XPreserveUnknownFields != nil),
		word("int-or-string", schema.XIntOrString),
	), " ")
}

func word(text string, given bool) []string {
	if !given {
		return nil
	}
	return []string{text}
}

func limit[T any](label string, value *T) []string {
	if value == nil {
		return nil
	}
	return []string{fmt.Sprintf("%s=%v", label, *value)}
}

// readFile reads a definition as it is in the file.
func readFile(tb testing.TB, file string) *apiextensionsv1.CustomResourceDefinition {
	tb.Helper()
	content, err := install.CRDs.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(content, definition); err != nil {
		tb.Fatalf("%s: %v", file, err)
	}
	return definition
}
