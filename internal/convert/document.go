package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// document is one YAML document of an input.
type document struct {
	// separator is the line that begins it, or nothing.
	separator string
	// body is all below, as it was.
	body string
	// root is nil when there is nothing but comments.
	root *yaml.Node
	// resources in it: one, or the items of a List.
	resources []*resource
	// items is the sequence that the resources are in, or nil.
	items *yaml.Node
}

// parse reads a file. The error names the place.
func parse(input Input) ([]*document, error) {
	var documents []*document
	line := 0
	for _, d := range split(string(input.Data)) {
		line += strings.Count(d.separator, "\n")
		// The empty lines make every line that is told one of the file.
		node, err := tree(strings.Repeat("\n", line) + d.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %s; expected YAML or JSON as kubectl reads it (templates must be rendered first)", input.Name, strings.Join(strings.Fields(err.Error()), " "))
		}
		if node != nil {
			d.root = node
			d.find(input.Name)
		}
		line += strings.Count(d.body, "\n")
		documents = append(documents, d)
	}
	return documents, nil
}

// tree reads a document; nil for one of comments alone. Aliases that contain themselves, or swell beyond reason, are errors, as for kubectl.
func tree(body string) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(body))
	var node, next yaml.Node
	if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&next); err == nil {
		return nil, fmt.Errorf("line %d: another document begins without a line of three dashes before it", next.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if aliased(&node) == nil {
		return &node, nil
	}
	var values any
	return &node, node.Decode(&values)
}

// aliased is the first alias below a node; nil when there is none.
func aliased(root *yaml.Node) *yaml.Node {
	var found *yaml.Node
	yamltree.Walk(root, func(n *yaml.Node) {
		if found == nil && n.Kind == yaml.AliasNode {
			found = n
		}
	})
	return found
}

// split cuts a file into documents. A line of three dashes cannot be within one: block texts are indented.
func split(text string) []*document {
	current := &document{}
	documents := []*document{current}
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, "---")
		if !found || strings.TrimLeft(rest, " \t\r\n") == rest && rest != "" {
			current.body += line
			continue
		}
		if current.body != "" || current.separator != "" {
			current = &document{}
			documents = append(documents, current)
		}
		if content := strings.TrimSpace(rest); content != "" && content[0] != '#' {
			current.separator, current.body = "---", rest
			continue
		}
		current.separator = line
	}
	return documents
}

// find lists the resources of a document. If one of them is of an older version, aliases are written out: what they stand for may part ways.
func (d *document) find(file string) {
	alias := aliased(d.root)
	d.list(file)
	if alias == nil || !slices.ContainsFunc(d.resources, (*resource).old) {
		return
	}
	d.root = yamltree.Expand(d.root)
	d.list(file)
	for _, r := range d.resources {
		if r.old() {
			r.changed(alias, "aliases in this document are written out")
			return
		}
	}
}

func (d *document) list(file string) {
	d.resources, d.items = nil, nil
	root := d.root.Content[0]
	found := []*yaml.Node{root}
	if strings.HasSuffix(yamltree.Value(root, "kind"), "List") && yamltree.Child(root, "items") != nil {
		d.items = yamltree.Child(root, "items")
		found = yamltree.Items(d.items)
	}
	for _, n := range found {
		d.resources = append(d.resources, newResource(n, file))
	}
}

// write returns all documents. Those that did not change come as they were.
func write(documents []*document) ([]byte, error) {
	var out bytes.Buffer
	for i, d := range documents {
		if i > 0 && out.Len() > 0 && out.Bytes()[out.Len()-1] != '\n' {
			out.WriteByte('\n')
		}
		if i > 0 && d.separator == "" && (d.root != nil || strings.TrimSpace(d.body) != "") {
			out.WriteString("---\n")
		}
		if err := d.write(&out); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func (d *document) write(out *bytes.Buffer) error {
	if !slices.ContainsFunc(d.resources, func(r *resource) bool { return r.edited }) {
		out.WriteString(d.separator + d.body)
		return nil
	}
	out.WriteString(d.separator)
	if d.separator == "---" {
		out.WriteByte('\n')
	}
	if strings.HasPrefix(strings.TrimSpace(d.body), "{") {
		toBlocks(d.root)
	}
	yamltree.Walk(d.root, func(n *yaml.Node) {
		if yamltree.IsNull(n) && n.Value == "" {
			n.Value = "null" // the encoder would make a text of it within braces
		}
	})
	roots := []*yaml.Node{d.root}
	if d.items != nil {
		d.items.Content = nil
	}
	for _, r := range d.resources {
		if d.items != nil {
			d.items.Content = append(append(d.items.Content, r.root), r.more...)
			continue
		}
		roots = append(roots, r.more...)
	}
	encoder := yaml.NewEncoder(out) // puts the lines of dashes between documents
	encoder.SetIndent(2)
	if compact(d.root) {
		encoder.CompactSeqIndent()
	}
	for _, root := range roots {
		if err := encoder.Encode(root); err != nil {
			return err
		}
	}
	return encoder.Close()
}

// toBlocks makes a document of JSON one of YAML as people write it.
func toBlocks(root *yaml.Node) {
	yamltree.Walk(root, func(n *yaml.Node) {
		if len(n.Content) > 0 {
			n.Style &^= yaml.FlowStyle
		} else if n.Kind == yaml.ScalarNode {
			yamltree.Unquote(n)
		}
	})
}

// compact is true when the dashes of sequences are not indented, as kubectl writes them.
func compact(root *yaml.Node) bool {
	var indented, flush int
	yamltree.Walk(root, func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if value.Kind != yaml.SequenceNode || value.Style&yaml.FlowStyle != 0 || value.Line <= key.Line {
				continue
			}
			if value.Column > key.Column {
				indented++
			} else {
				flush++
			}
		}
	})
	return flush > indented
}

// notes are those of all resources, in the order of the input.
func notes(inputs []Input, documents []*document) []Note {
	var out []Note
	for _, d := range documents {
		for _, r := range d.resources {
			out = append(out, r.notes...)
		}
	}
	place := func(n Note) int {
		return slices.IndexFunc(inputs, func(i Input) bool { return i.Name == n.File })
	}
	slices.SortStableFunc(out, func(a, b Note) int {
		if byFile := place(a) - place(b); byFile != 0 {
			return byFile
		}
		return a.Line - b.Line
	})
	return out
}
