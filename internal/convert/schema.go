package convert

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"castellan.io/castellan/install"
	"castellan.io/castellan/internal/yamltree"
)

// schema is the part of a definition that is looked at: fields that there are, those that are required, and what values may be. Rules in CEL are
// not: applying tells. The libraries that know all of JSON schema cost every start of the operator megabytes and tens of milliseconds.
type schema struct {
	Type       string
	Properties map[string]*schema
	Items      *schema
	Values     *schema `json:"additionalProperties"`
	Required   []string
	Enum       []any
	Pattern    string
	Minimum    *float64
	Maximum    *float64
	MinItems   int
	Open       bool `json:"x-kubernetes-preserve-unknown-fields"`
	IntOrText  bool `json:"x-kubernetes-int-or-string"`
}

// check notes what v1 does not take, in a resource and in those that come out of it.
func (c *conversion) check(r *resource) error {
	for _, root := range append([]*yaml.Node{r.root}, r.more...) {
		s, err := c.schema(yamltree.Value(root, "kind"))
		if err != nil {
			return err
		}
		if s != nil {
			(&checker{r, root}).value(s, root, nil)
		}
	}
	return nil
}

// schema is what Kubernetes holds resources of a kind against; nil for kinds that are not ours.
func (c *conversion) schema(kind string) (*schema, error) {
	if s, known := c.schemas[kind]; known {
		return s, nil
	}
	files, err := fs.Glob(install.CRDs, "*/*-Crd-"+strings.ToLower(kind)+".yaml")
	if err != nil || len(files) == 0 {
		return nil, err
	}
	content, err := install.CRDs.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	s, err := schemaOf(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files[0], err)
	}
	c.schemas[kind] = s
	return s, nil
}

func schemaOf(content []byte) (*schema, error) {
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema *schema }
			}
		}
	}
	if err := sigsyaml.Unmarshal(content, &definition); err != nil {
		return nil, err
	}
	for _, version := range definition.Spec.Versions {
		if version.Name == "v1" {
			return version.Schema.OpenAPIV3Schema, nil
		}
	}
	return nil, errors.New("it has no version v1")
}

// checker holds a tree against a schema and notes in the resource what does not fit.
type checker struct {
	resource *resource
	root     *yaml.Node
}

func (c *checker) value(s *schema, n *yaml.Node, at []string) {
	if yamltree.IsNull(n) {
		return // as if it were not there
	}
	if what := mismatch(s, n); what != "" {
		c.object(at, path(at)+" "+what)
		return
	}
	if n.Kind == yaml.MappingNode {
		c.mapping(s, n, at)
	}
	for i, item := range yamltree.Items(n) {
		if s.Items != nil {
			c.value(s.Items, item, below(at, strconv.Itoa(i)))
		}
	}
}

func (c *checker) mapping(s *schema, n *yaml.Node, at []string) {
	for _, field := range s.Required {
		if value := yamltree.Child(n, field); value == nil || yamltree.IsNull(value) {
			c.object(at, "v1 requires "+path(below(at, field)))
		}
	}
	seen := map[string]bool{}
	for _, field := range yamltree.Keys(n) {
		if seen[field] {
			c.object(below(at, field), path(below(at, field))+" is there twice")
		}
		seen[field] = true
		switch property := s.Properties[field]; {
		case property != nil:
			c.value(property, yamltree.Child(n, field), below(at, field))
		case s.Values != nil:
			c.value(s.Values, yamltree.Child(n, field), below(at, field))
		case len(s.Properties) > 0 && !s.Open:
			c.object(below(at, field), "v1 has no field "+path(below(at, field)))
		}
	}
}

// mismatch says what is wrong with a value by itself.
func mismatch(s *schema, n *yaml.Node) string {
	if want := kindOf(s, n); want != "" {
		return "must be " + want
	}
	switch {
	case len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(allowed any) bool { return fmt.Sprint(allowed) == n.Value }):
		return fmt.Sprintf("must be one of %s, not %s", strings.Trim(fmt.Sprint(s.Enum), "[]"), n.Value)
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(n.Value):
		return fmt.Sprintf("must match %s, and %s does not", s.Pattern, n.Value)
	case n.Kind == yaml.SequenceNode && len(n.Content) < s.MinItems:
		return fmt.Sprintf("must have at least %d elements", s.MinItems)
	}
	number, err := strconv.ParseFloat(n.Value, 64)
	switch {
	case n.Kind != yaml.ScalarNode || err != nil:
	case s.Minimum != nil && number < *s.Minimum:
		return fmt.Sprintf("must be at least %v, not %s", *s.Minimum, n.Value)
	case s.Maximum != nil && number > *s.Maximum:
		return fmt.Sprintf("must be at most %v, not %s", *s.Maximum, n.Value)
	}
	return ""
}

// kinds of values: what they are called, and what the nodes look like that have them.
var valueKinds = map[string]struct {
	name string
	node yaml.Kind
	tags []string
}{
	"object":  {"a mapping", yaml.MappingNode, nil},
	"array":   {"a list", yaml.SequenceNode, nil},
	"string":  {"a text: put it into quotes", yaml.ScalarNode, []string{"!!str", "!!timestamp"}},
	"boolean": {"true or false", yaml.ScalarNode, []string{"!!bool"}},
	"integer": {"a whole number", yaml.ScalarNode, []string{"!!int"}},
	"number":  {"a number", yaml.ScalarNode, []string{"!!int", "!!float"}},
}

// kindOf says what kind of value a schema asks for, if that is not the kind of a node.
func kindOf(s *schema, n *yaml.Node) string {
	want, known := valueKinds[s.Type]
	if !known || s.IntOrText && n.Kind == yaml.ScalarNode {
		return ""
	}
	if n.Kind == want.node && (want.tags == nil || slices.Contains(want.tags, yamltree.Tag(n))) {
		return ""
	}
	return want.name
}

// below is the location of a field or an element.
func below(at []string, name string) []string { return append(slices.Clone(at), name) }

// object notes an objection, but where a step has left a place on purpose.
func (c *checker) object(location []string, text string) {
	if slices.ContainsFunc(c.resource.undecided, func(left string) bool { return within(path(location), left) }) {
		return
	}
	if c.root != c.resource.root {
		text = yamltree.Value(c.root, "kind") + " " + yamltree.Value(c.root, "metadata", "name") + ": " + text
	}
	c.resource.left(locate(c.root, location), "%s", text)
}

// within is true for a path that is another, or below it.
func within(path, other string) bool {
	rest, found := strings.CutPrefix(path, other)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// path writes a location as people do: spec.listeners[0].name.
func path(location []string) string {
	var out strings.Builder
	for _, name := range location {
		if _, err := strconv.Atoi(name); err == nil {
			out.WriteString("[" + name + "]")
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('.')
		}
		out.WriteString(name)
	}
	return out.String()
}

// locate is the node at a location, or the last on the way to it that has a line: what is missing has none.
func locate(root *yaml.Node, location []string) *yaml.Node {
	found, n := root, root
	for _, name := range location {
		key := n
		if index, err := strconv.Atoi(name); err == nil && n.Kind == yaml.SequenceNode {
			n = n.Content[index]
			key = n
		} else {
			key, n = yamltree.Key(n, name), yamltree.Child(n, name)
		}
		if n == nil {
			break
		}
		if key.Line > 0 {
			found = key
		}
	}
	return found
}

// mappings and lists that v1 does not have, by the kind that has them.
var oldMappings = map[string][]string{
	"Kafka":             {"kafka", "zookeeper", "zookeeper.template", "topicOperator", "jmxTrans", "kafka.listeners.plain", "kafka.listeners.tls", "kafka.listeners.external"},
	"KafkaConnect":      {"externalConfiguration"},
	"KafkaConnectS2I":   {"externalConfiguration"},
	"KafkaMirrorMaker2": {"externalConfiguration"},
	"KafkaMirrorMaker":  {"consumer", "producer", "consumer.config", "producer.config"},
}

// misshapen is true, with a note, for a resource in which something is no mapping or no list that steps take for one. It is not converted then.
func (c *conversion) misshapen(r *resource) (bool, error) {
	spec := r.spec()
	for _, path := range oldMappings[r.kind()] {
		if n := yamltree.Child(spec.node, steps(path)...); n != nil && !yamltree.IsNull(n) && n.Kind != yaml.MappingNode {
			r.left(spec.key(path), "spec.%s must be a mapping", path)
			return true, nil
		}
	}
	for _, path := range []string{"externalConfiguration.env", "externalConfiguration.volumes", "clusters"} {
		if n := yamltree.Child(spec.node, steps(path)...); n != nil && !yamltree.IsNull(n) && n.Kind != yaml.SequenceNode {
			r.left(spec.key(path), "spec.%s must be a list", path)
			return true, nil
		}
	}
	kind := map[string]string{"KafkaConnectS2I": "KafkaConnect", "KafkaMirrorMaker": "KafkaMirrorMaker2"}[r.kind()]
	s, err := c.schema(cmp.Or(kind, r.kind()))
	if s == nil || err != nil {
		return false, err
	}
	before := len(r.notes)
	(&checker{r, r.root}).shape(s, r.root, nil)
	return len(r.notes) > before, nil
}

// shape looks for mappings and lists only. The listeners of a Kafka resource may be either.
func (c *checker) shape(s *schema, n *yaml.Node, at []string) {
	collection := s.Type == "object" || s.Type == "array"
	if want := kindOf(s, n); collection && want != "" && !yamltree.IsNull(n) && path(at) != "spec.kafka.listeners" {
		c.object(at, path(at)+" must be "+want)
		return
	}
	for _, field := range yamltree.Keys(n) {
		if property := s.Properties[field]; property != nil {
			c.shape(property, yamltree.Child(n, field), below(at, field))
		}
	}
	for i, item := range yamltree.Items(n) {
		if s.Items != nil {
			c.shape(s.Items, item, below(at, strconv.Itoa(i)))
		}
	}
}
