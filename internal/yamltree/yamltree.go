package yamltree

import (
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Child follows keys of mappings; nil when there is no such key.
func Child(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		i := index(n, key)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// Key is the node of a key itself, which has its line and its comments; nil when there is no such key.
func Key(n *yaml.Node, key string) *yaml.Node {
	if i := index(n, key); i >= 0 {
		return n.Content[i]
	}
	return nil
}

// Value is the text of a scalar at a path, or nothing.
func Value(n *yaml.Node, path ...string) string {
	n = Child(n, path...)
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// index is where a mapping has a key; its value comes next.
func index(n *yaml.Node, key string) int {
	if n == nil || n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// Items are the elements of a sequence.
func Items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// Keys are the keys of a mapping, in its order.
func Keys(n *yaml.Node) []string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var keys []string
	for i := 0; i < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

// Set gives a mapping a value. A new key comes after the name, before what is longer.
func Set(n *yaml.Node, key string, value *yaml.Node) {
	if i := index(n, key); i >= 0 {
		n.Content[i+1] = value
		return
	}
	at := 0
	if i := index(n, "name"); i >= 0 {
		at = i + 2
	}
	n.Content = slices.Insert(n.Content, at, Text(key), value)
}

// Append puts a key and its value at the end of a mapping, which must not have the key.
func Append(n *yaml.Node, key, value *yaml.Node) {
	n.Content = append(n.Content, key, value)
}

// Replace puts another key and value into the place of a key.
func Replace(n *yaml.Node, key, newKey string, value *yaml.Node) {
	if i := index(n, key); i >= 0 {
		n.Content[i].Value, n.Content[i+1] = newKey, value
	}
}

// Take cuts a key and its value out of a mapping; nil when there is no such key.
func Take(n *yaml.Node, key string) (*yaml.Node, *yaml.Node) {
	i := index(n, key)
	if i < 0 {
		return nil, nil
	}
	k, v := n.Content[i], n.Content[i+1]
	n.Content = slices.Delete(n.Content, i, i+2)
	return k, v
}

// Text is a scalar; it is quoted if it would be read as something else.
func Text(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if oldTruth.MatchString(text) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// oldTruth are the words that YAML 1.1 takes for true and false, as kubectl does, and the encoder, which knows 1.2, does not quote.
var oldTruth = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// Tag is the type of a scalar as kubectl reads it.
func Tag(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && oldTruth.MatchString(n.Value) {
		return "!!bool"
	}
	return n.ShortTag()
}

// IsNull is true for a value that is as good as none.
func IsNull(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// word is a text that needs no quotes, whatever reads it, unless it is one of oldTruth.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*$`)

// Unquote takes the quotes of JSON from a text that is the same without them.
func Unquote(n *yaml.Node) {
	if word.MatchString(n.Value) && !oldTruth.MatchString(n.Value) {
		n.Style &^= yaml.DoubleQuotedStyle // and the encoder quotes what YAML 1.2 takes for something else
	}
}

// Plain is a scalar that YAML reads as the number or truth value that it looks like.
func Plain(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: value}
}

// Mapping has the values in the order of their keys.
func Mapping(values map[string]string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		n.Content = append(n.Content, Text(key), Text(values[key]))
	}
	return n
}

// Pairs is a mapping of keys and their values, in this order; a key without a value (nil) is left out.
func Pairs(pairs ...Pair) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, pair := range pairs {
		if pair.Value != nil {
			n.Content = append(n.Content, Text(pair.Key), pair.Value)
		}
	}
	return n
}

// Pair is a key and its value.
type Pair struct {
	// Key is a text.
	Key string
	// Value is any node, or nil.
	Value *yaml.Node
}

// Sequence has the elements.
func Sequence(elements ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: elements}
}

// Clone copies a node and all below. Aliases become copies of what they stand for.
func Clone(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return Clone(n.Alias)
	}
	copied := *n
	copied.Anchor = ""
	copied.Content = make([]*yaml.Node, 0, len(n.Content))
	for _, child := range n.Content {
		copied.Content = append(copied.Content, Clone(child))
	}
	return &copied
}

// Expand copies a document without anchors, aliases and merge keys: what they stand for is written out.
func Expand(n *yaml.Node) *yaml.Node {
	expanded := Clone(n)
	Walk(expanded, merge)
	return expanded
}

// merge puts what a merge key holds into the mapping that has it. Keys that are there already win.
func merge(n *yaml.Node) {
	_, merged := Take(n, "<<")
	if merged == nil {
		return
	}
	sources := []*yaml.Node{merged}
	if merged.Kind == yaml.SequenceNode {
		sources = merged.Content
	}
	for _, source := range sources {
		merge(source)
		for _, key := range Keys(source) {
			if index(n, key) < 0 {
				Append(n, Text(key), Child(source, key))
			}
		}
	}
}

// Walk calls visit for a node and all below, parents first.
func Walk(n *yaml.Node, visit func(*yaml.Node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, child := range n.Content {
		Walk(child, visit)
	}
}
