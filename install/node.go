package install

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// child follows keys of mappings; nil when there is no such key.
func child(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		i := index(n, key)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
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

// items are the elements of a sequence.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// set gives a mapping a value. A new key comes after the name, before what is longer.
func set(n *yaml.Node, key string, value *yaml.Node) {
	if i := index(n, key); i >= 0 {
		n.Content[i+1] = value
		return
	}
	at := 0
	if i := index(n, "name"); i >= 0 {
		at = i + 2
	}
	n.Content = slices.Insert(n.Content, at, scalar(key), value)
}

// replace puts another key and value into the place of a key.
func replace(n *yaml.Node, key, newKey string, value *yaml.Node) {
	if i := index(n, key); i >= 0 {
		n.Content[i].Value, n.Content[i+1] = newKey, value
	}
}

// scalar is a text; the encoder quotes it if it would be read as something else.
func scalar(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

func mapping(values map[string]string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		n.Content = append(n.Content, scalar(key), scalar(values[key]))
	}
	return n
}
