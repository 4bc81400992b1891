package convert

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// resource is a resource of an input, or one that comes out of another.
type resource struct {
	root  *yaml.Node
	file  string
	notes []Note
	// subject is its kind and name as they were, for notes.
	subject string
	// undecided are the paths that notes leave to the user.
	undecided []string
	// edited is true when the resource is not what it was.
	edited bool
	// more resources that come out of this one; they follow it.
	more []*yaml.Node
}

func newResource(root *yaml.Node, file string) *resource {
	r := &resource{root: root, file: file}
	r.subject = r.kind() + " " + r.name()
	return r
}

// old is true for a resource of a version before v1.
func (r *resource) old() bool {
	group, version, _ := strings.Cut(yamltree.Value(r.root, "apiVersion"), "/")
	return slices.Contains(older[group], version)
}

func (r *resource) kind() string      { return yamltree.Value(r.root, "kind") }
func (r *resource) name() string      { return yamltree.Value(r.root, "metadata", "name") }
func (r *resource) namespace() string { return yamltree.Value(r.root, "metadata", "namespace") }

// cluster is the one that the resource belongs to.
func (r *resource) cluster() clusterName {
	return clusterName{r.namespace(), yamltree.Value(r.root, "metadata", "labels", "strimzi.io/cluster")}
}

func (r *resource) annotation(name string) string {
	return yamltree.Value(r.root, "metadata", "annotations", name)
}

// live is true for what an API server has written.
func (r *resource) live() bool { return yamltree.Value(r.root, "metadata", "uid") != "" }

func (r *resource) spec() section {
	return section{resource: r, node: yamltree.Child(r.root, "spec"), path: "spec"}
}

// changed notes what was done at a node.
func (r *resource) changed(at *yaml.Node, format string, arguments ...any) {
	r.edited = true
	r.say(at, false, fmt.Sprintf(format, arguments...))
}

// left notes what could not be done at a node.
func (r *resource) left(at *yaml.Node, format string, arguments ...any) {
	r.say(at, true, fmt.Sprintf(format, arguments...))
}

func (r *resource) say(at *yaml.Node, left bool, text string) {
	line := r.root.Line
	if at != nil && at.Line > 0 {
		line = at.Line
	}
	note := Note{File: r.file, Line: line, Resource: r.subject, Left: left, Text: text}
	if !slices.Contains(r.notes, note) {
		r.notes = append(r.notes, note)
	}
}

// dropNulls removes fields without a value: they are as good as not there, and would win over what takes their place.
func (r *resource) dropNulls() {
	yamltree.Walk(yamltree.Child(r.root, "spec"), func(n *yaml.Node) {
		for _, key := range yamltree.Keys(n) {
			if yamltree.IsNull(yamltree.Child(n, key)) {
				at, _ := yamltree.Take(n, key)
				r.changed(at, "%s has no value and is left out", key)
			}
		}
	})
}

// dropServerFields removes what only an API server writes: applying it again is an error or without effect.
func (r *resource) dropServerFields() {
	if !r.live() {
		return
	}
	at := yamltree.Key(r.root, "metadata")
	metadata := section{resource: r, node: yamltree.Child(r.root, "metadata"), path: "metadata"}
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"} {
		metadata.take(field)
	}
	annotations := metadata.in("annotations")
	yamltree.Take(annotations.node, "kubectl.kubernetes.io/last-applied-configuration")
	if annotations.node != nil && len(annotations.node.Content) == 0 {
		metadata.take("annotations")
	}
	yamltree.Take(r.root, "status")
	r.changed(at, "status and the fields of metadata that the API server writes are left out")
}

// section is a mapping within a resource. Its node is nil when the resource does not have it; nothing is found in it then.
type section struct {
	resource *resource
	node     *yaml.Node
	// path from the resource's root, for notes.
	path string
}

// pair is a key and its value; both are nil when there is none.
type pair struct{ key, value *yaml.Node }

func (p pair) exists() bool { return p.value != nil }

// in is a section below this one.
func (s section) in(path string) section {
	return section{resource: s.resource, node: yamltree.Child(s.node, steps(path)...), path: s.path + "." + path}
}

// each are the sections of a sequence below this one.
func (s section) each(path string) []section {
	var out []section
	for i, item := range yamltree.Items(yamltree.Child(s.node, steps(path)...)) {
		out = append(out, section{resource: s.resource, node: item, path: fmt.Sprintf("%s.%s[%d]", s.path, path, i)})
	}
	return out
}

func (s section) has(path string) bool { return yamltree.Child(s.node, steps(path)...) != nil }

func (s section) text(path string) string { return yamltree.Value(s.node, steps(path)...) }

// key is the node of the key at a path, where notes point to.
func (s section) key(path string) *yaml.Node {
	all := steps(path)
	last := len(all) - 1
	return yamltree.Key(yamltree.Child(s.node, all[:last]...), all[last])
}

// take cuts out what is at a path, and mappings on the way that are empty then.
func (s section) take(path string) pair {
	all := steps(path)
	last := len(all) - 1
	key, value := yamltree.Take(yamltree.Child(s.node, all[:last]...), all[last])
	if value == nil {
		return pair{}
	}
	s.resource.edited = true
	for end := last; end > 0; end-- {
		if len(yamltree.Child(s.node, all[:end]...).Content) > 0 {
			break
		}
		yamltree.Take(yamltree.Child(s.node, all[:end-1]...), all[end-1])
	}
	return pair{key, value}
}

// put places a value at a path where there is none, with the comments of the key that it comes from.
func (s section) put(path string, p pair) {
	if !p.exists() {
		return
	}
	all := steps(path)
	last := len(all) - 1
	n := s.node
	for _, step := range all[:last] {
		below := yamltree.Child(n, step)
		if below == nil {
			below = &yaml.Node{Kind: yaml.MappingNode}
			yamltree.Append(n, at(yamltree.Text(step), p), below)
		}
		n = below
	}
	key := at(yamltree.Text(all[last]), p)
	if p.key != nil {
		key.HeadComment, key.LineComment, key.FootComment = p.key.HeadComment, p.key.LineComment, p.key.FootComment
	}
	yamltree.Append(n, key, p.value)
	s.resource.edited = true
}

// at gives a new node the line of what it comes from.
func at(n *yaml.Node, p pair) *yaml.Node {
	if p.key != nil {
		n.Line = p.key.Line
	}
	return n
}

// remove cuts out what is at a path and says why.
func (s section) remove(path, why string) {
	if p := s.take(path); p.exists() {
		s.resource.changed(p.key, "%s.%s is removed: %s", s.path, path, why)
	}
}

// move takes a value to another path of this section. What is there already wins.
func (s section) move(from, to string) {
	p := s.take(from)
	if !p.exists() {
		return
	}
	if s.has(to) {
		s.resource.changed(p.key, "%s.%s is removed: %s.%s is set and counts", s.path, from, s.path, to)
		return
	}
	s.put(to, p)
	s.resource.changed(p.key, "%s.%s is now %s.%s", s.path, from, s.path, to)
}

// left notes that what is at a path stays, and what would be right.
func (s section) left(path, remedy string) {
	if s.has(path) {
		s.undecided(path)
		s.resource.left(s.key(path), "%s.%s %s", s.path, path, remedy)
	}
}

// undecided marks a path about which the user must decide, so that it is not objected to once more.
func (s section) undecided(path string) {
	s.resource.undecided = append(s.resource.undecided, s.path+"."+path)
}

func steps(path string) []string { return strings.Split(path, ".") }
