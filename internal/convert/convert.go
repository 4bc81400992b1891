package convert

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// Input is a file of manifests in YAML or JSON.
type Input struct {
	// Name is what notes and errors call it.
	Name string
	// Data is its content.
	Data []byte
}

// Note says what became of a place in the input.
type Note struct {
	// File is the name of the input.
	File string
	// Line in it, from 1.
	Line int
	// Resource is its kind and name.
	Resource string
	// Left is true for what could not be converted and needs a decision.
	Left bool
	// Text is a sentence without an end.
	Text string
}

// String is the note as compilers write theirs, so that editors find the place.
func (n Note) String() string {
	verb := ""
	if n.Left {
		verb = "NOT CONVERTED: "
	}
	return fmt.Sprintf("%s:%d: %s: %s%s", n.File, n.Line, n.Resource, verb, n.Text)
}

// Manifests converts files of manifests together: a cluster and its pools may be in different ones. Notes are in the order of the input.
// An error means that an input cannot be read; there is no output then.
func Manifests(inputs []Input) ([]byte, []Note, error) {
	c := &conversion{
		seen: map[string]*resource{}, pools: map[clusterName][]*resource{}, names: map[string]bool{},
		remounted: map[clusterName]bool{}, schemas: map[string]*schema{},
	}
	var documents []*document
	for _, input := range inputs {
		read, err := parse(input)
		if err != nil {
			return nil, nil, err
		}
		documents = append(documents, read...)
	}
	for _, d := range documents {
		for _, r := range d.resources {
			if err := c.remember(r); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, d := range documents {
		for _, r := range d.resources {
			if err := c.convert(r); err != nil {
				return nil, nil, err
			}
		}
	}
	out, err := write(documents)
	if err != nil {
		return nil, nil, err
	}
	return out, notes(inputs, documents), nil
}

// conversion is what is known about all inputs together.
type conversion struct {
	// seen resources of the API.
	seen map[string]*resource
	// pools of each cluster in the input.
	pools map[clusterName][]*resource
	// names of pools, as namespace/name: a new one must have another.
	names map[string]bool
	// remounted Connect clusters have volumes at other paths than before.
	remounted map[clusterName]bool
	// schemas of the kinds that were needed.
	schemas map[string]*schema
}

type clusterName struct{ namespace, name string }

// older are the versions that came before v1, by group of the API.
var older = map[string][]string{
	"kafka.strimzi.io": {"v1alpha1", "v1beta1", "v1beta2"},
	"core.strimzi.io":  {"v1beta2"},
}

// kinds are the steps of each kind that older versions have.
var kinds = map[string]func(*conversion, *resource){
	"Kafka":             (*conversion).kafka,
	"KafkaNodePool":     (*conversion).nodePool,
	"KafkaConnect":      (*conversion).connect,
	"KafkaConnectS2I":   (*conversion).connectS2I,
	"KafkaConnector":    (*conversion).connector,
	"KafkaMirrorMaker":  (*conversion).mirrorMaker,
	"KafkaMirrorMaker2": (*conversion).mirrorMaker2,
	"KafkaBridge":       (*conversion).bridge,
	"KafkaUser":         (*conversion).user,
	"KafkaTopic":        unchanged,
	"KafkaRebalance":    unchanged,
	"StrimziPodSet":     unchanged,
}

func unchanged(*conversion, *resource) {}

// remember keeps what other resources have to know about a resource. A resource that comes twice is an error: it would be converted twice.
func (c *conversion) remember(r *resource) error {
	group, _, _ := strings.Cut(yamltree.Value(r.root, "apiVersion"), "/")
	if _, ours := older[group]; !ours {
		return nil
	}
	id := strings.Join([]string{group, r.kind(), r.namespace(), r.name()}, "/")
	if other, twice := c.seen[id]; twice && r.name() != "" {
		return fmt.Errorf("%s:%d: %s is in %s:%d too; convert one of them at a time", r.file, r.root.Line, r.subject, other.file, other.root.Line)
	}
	c.seen[id] = r
	switch r.kind() {
	case "KafkaNodePool":
		c.names[r.namespace()+"/"+r.name()] = true
		c.pools[r.cluster()] = append(c.pools[r.cluster()], r)
	case "KafkaConnect", "KafkaConnectS2I":
		if r.old() && r.spec().has("externalConfiguration.volumes") {
			c.remounted[clusterName{r.namespace(), r.name()}] = true
		}
	}
	return nil
}

// convert converts one resource, if it is one of an older version.
func (c *conversion) convert(r *resource) error {
	kind := yamltree.Key(r.root, "kind")
	if r.kind() == "Template" && yamltree.Child(r.root, "objects") != nil {
		r.left(kind, "what is in a template of OpenShift is not looked at; convert what oc process makes of it")
	}
	if !r.old() {
		if r.kind() == "KafkaConnector" && c.remounted[r.cluster()] {
			externalPaths(r)
		}
		return nil
	}
	steps, known := kinds[r.kind()]
	switch {
	case !known:
		r.left(kind, "v1 has no kind %s", r.kind())
		return nil
	case r.name() == "":
		r.left(kind, "metadata.name is missing; add it")
		return nil
	case yamltree.Child(r.root, "spec") == nil || yamltree.Child(r.root, "spec").Kind != yaml.MappingNode:
		r.left(kind, "it has no spec, which v1 requires; add it")
		return nil
	}
	if wrong, err := c.misshapen(r); wrong || err != nil {
		return err
	}
	if why := runsOnZooKeeper(r); why != "" {
		r.left(r.spec().key("zookeeper"), "%s. Its data would not come along: let the operator that runs it migrate it to KRaft first, then convert what it has become", why)
		return nil
	}
	version := yamltree.Child(r.root, "apiVersion")
	group, _, _ := strings.Cut(version.Value, "/")
	r.changed(yamltree.Key(r.root, "apiVersion"), "apiVersion %s is now %s/v1", version.Value, group)
	version.Value = group + "/v1"
	r.dropNulls()
	steps(c, r)
	r.dropServerFields()
	return c.check(r)
}
