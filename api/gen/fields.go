package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/markers"
)

// catalog knows the types by their names.
type catalog struct {
	// types of the API.
	types map[string]documented
	// others are the types that those refer to, with their packages' paths.
	others map[string]apiextensionsv1.JSONSchemaProps
	// places are where types have a table.
	places map[string]place
}

// documented is a type with its schema, whose parts are references, and with its fields in the order of the source.
type documented struct {
	schema apiextensionsv1.JSONSchemaProps
	fields []markers.FieldInfo
}

func newCatalog(a apiTypes, pages map[string][]byte) catalog {
	c := catalog{types: map[string]documented{}, others: map[string]apiextensionsv1.JSONSchemaProps{}, places: places(pages)}
	for ident, schema := range a.parser.Schemata {
		if !slices.Contains(a.roots, ident.Package) {
			c.others[ident.Package.PkgPath+"."+ident.Name] = schema
			continue
		}
		c.types[ident.Name] = documented{schema, a.parser.Types[ident].Fields}
	}
	return c
}

// members describes the fields of a type whose paths start with a prefix.
func (d *description) members(prefix, name string) {
	of := d.types[name]
	d.addRules(prefix, of.schema)
	embedded := of.schema.AllOf
	for _, field := range of.fields {
		tag := strings.Split(field.Tag.Get("json"), ",")
		if tag[0] == "" {
			d.embedded(prefix, embedded[0])
			embedded = embedded[1:]
			continue
		}
		d.field(prefix+tag[0], of.schema.Properties[tag[0]], slices.Contains(of.schema.Required, tag[0]))
	}
}

// embedded describes the fields that come with another type, or tells where the same page does.
func (d *description) embedded(prefix string, reference apiextensionsv1.JSONSchemaProps) {
	name, _ := d.resolve(reference)
	if at, known := d.places[name]; known && at.page == d.page {
		d.rows = append(d.rows, row{prefix + "…", "", "", fmt.Sprintf("The fields of [%s](%s).", name, at.from(d.page))})
		return
	}
	d.members(prefix, name)
}

// field describes a field and, if it is an object without a table of its own, those below it.
func (d *description) field(path string, schema apiextensionsv1.JSONSchemaProps, required bool) {
	below, list := schema, ""
	for below.Items != nil {
		below, path, list = *below.Items.Schema, path+"[]", list+"list of "
	}
	d.addRules(path, below)
	if schema.Items != nil {
		d.addRules(path, schema)
	}
	name, resolved := d.resolve(below)
	meaning, otherwise := split(schema.Description)
	if required {
		otherwise = "**required**"
	}
	if resolved.Pattern != "" {
		meaning += " Form: `" + resolved.Pattern + "`."
	}
	d.rows = append(d.rows, row{path, list + d.kind(name, resolved) + atLeast(schema.MinItems), otherwise, meaning})
	if d.places[name] == (place{}) && len(d.types[name].fields) > 0 {
		d.members(path+".", name)
	}
}

// resolve follows a reference; the name is empty for what has none.
func (d *description) resolve(schema apiextensionsv1.JSONSchemaProps) (string, apiextensionsv1.JSONSchemaProps) {
	if schema.Ref == nil {
		return "", schema
	}
	name, path, err := crd.RefParts(*schema.Ref)
	if err != nil {
		return "", schema
	}
	resolved, own := d.types[name].schema, path == "" || strings.HasPrefix(path, "castellan.io/")
	if !own {
		name = path + "." + name
		resolved = d.others[name]
	}
	if len(schema.Enum) > 0 {
		resolved.Enum = schema.Enum
	}
	return name, resolved
}

// kind is what a value must be.
func (d *description) kind(name string, schema apiextensionsv1.JSONSchemaProps) string {
	at, described := d.places[name]
	switch {
	case described:
		return fmt.Sprintf("[%s](%s)", name, at.from(d.page))
	case schema.Type == "object" && len(schema.Properties) > 0 && strings.Contains(name, "/"):
		return name[strings.LastIndex(name, ".")+1:] + " of Kubernetes"
	case len(schema.Enum) > 0:
		values := make([]string, len(schema.Enum))
		for i, value := range schema.Enum {
			values[i] = "`" + strings.Trim(string(value.Raw), `"`) + "`"
		}
		return strings.Join(values, ", ")
	case schema.AdditionalProperties != nil:
		_, value := d.resolve(*schema.AdditionalProperties.Schema)
		return "map of " + value.Type
	case schema.XPreserveUnknownFields != nil, strings.HasSuffix(name, ".RawExtension"):
		return "free-form object"
	default:
		return schema.Type + limits(schema)
	}
}

// limits is the range of a number.
func limits(schema apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Minimum != nil && schema.Maximum != nil:
		return fmt.Sprintf(", %g to %g", *schema.Minimum, *schema.Maximum)
	case schema.Minimum != nil:
		return fmt.Sprintf(", at least %g", *schema.Minimum)
	}
	return ""
}

func atLeast(items *int64) string {
	if items == nil {
		return ""
	}
	return fmt.Sprintf(", at least %d", *items)
}

// addRules notes what the schema demands beyond each single field.
func (d *description) addRules(path string, schema apiextensionsv1.JSONSchemaProps) {
	for _, rule := range schema.XValidations {
		where := ""
		if at := strings.TrimSuffix(path, "."); at != "" {
			where = "`" + at + "`: "
		}
		d.rules = append(d.rules, where+rule.Message)
	}
}

// fallback is the sentence that says what an absent field means.
var fallback = regexp.MustCompile(`(?s)\s*Default: (.+?)\.(\s|$)`)

// split takes the default out of a comment.
func split(comment string) (meaning, otherwise string) {
	comment = strings.Join(strings.Fields(comment), " ")
	found := fallback.FindStringSubmatchIndex(comment)
	if found == nil {
		return comment, ""
	}
	return strings.TrimSpace(comment[:found[0]] + " " + comment[found[1]:]), comment[found[2]:found[3]]
}
