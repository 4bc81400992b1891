package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

const (
	// placeholder is the registry that the files name.
	placeholder = "castellan.local/"
	// electionRole is the one that stays in the operator's own namespace, whatever is watched.
	electionRole = "strimzi-cluster-operator-leader-election"
	// delegation ends the names of bindings that let the operator give rights away.
	delegation = "-delegation"
	// watchVariable names the namespaces that the operator watches.
	watchVariable = "STRIMZI_NAMESPACE"
)

// Operator returns the manifests of the cluster operator and its resource definitions, in the order to apply them in.
func Operator(o Options) ([]byte, error) { return o.files("cluster-operator/*.yaml") }

// Definitions returns the operator's resource definitions, for who wants to see them accepted before the operator starts.
func Definitions() ([]byte, error) {
	return Options{Namespace: "none"}.files("cluster-operator/*-Crd-*.yaml")
}

// StorageProvisioner returns the manifests of the storage provisioner. It watches all namespaces, whatever the options say.
func StorageProvisioner(o Options) ([]byte, error) { return o.files("storage-provisioner/*.yaml") }

// TopicOperator returns the manifests of a topic operator by itself, beside any Kafka. It watches the namespace that it runs in.
func TopicOperator(o Options) ([]byte, error) {
	o.Watch = nil
	return o.files("topic-operator/*.yaml")
}

// UserOperator returns the manifests of a user operator by itself, beside any Kafka. It watches the namespace that it runs in.
func UserOperator(o Options) ([]byte, error) {
	o.Watch = nil
	return o.files("user-operator/*.yaml")
}

// files returns the files of a pattern with the options in them. Comments stay: people keep the result and read it.
func (o Options) files(pattern string) ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, file := range names {
		content, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if strings.Contains(file, "-Crd-") { // nothing of it is anybody's choice, and reading it would take most of the time
			out.WriteString("---\n")
			out.Write(content)
			continue
		}
		if err := o.write(&out, content); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return out.Bytes(), nil
}

// write adds a file to the others, once for each namespace that it is for.
func (o Options) write(out *bytes.Buffer, content []byte) error {
	for _, namespace := range o.namespaces(content) {
		document, err := o.render(content, namespace)
		if err != nil {
			return err
		}
		out.WriteString("---\n")
		out.Write(document)
	}
	return nil
}

// render returns a file as it is for a namespace; allNamespaces takes a binding out of its own.
func (o Options) render(content []byte, namespace string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	if document.Kind != yaml.DocumentNode || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not an object")
	}
	object := document.Content[0]
	if yamltree.Child(object, "kind").Value == "RoleBinding" && namespace == allNamespaces {
		widen(object)
	}
	o.place(object, namespace)
	o.fillPod(yamltree.Child(object, "spec", "template"))
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// namespaces are those that a file is for. Only bindings in watched namespaces can be for several.
func (o Options) namespaces(content []byte) []string {
	var binding struct {
		Kind    string
		RoleRef struct{ Name string } `yaml:"roleRef"`
	}
	if err := yaml.Unmarshal(content, &binding); err != nil {
		return []string{o.Namespace} // rendering tells what is wrong
	}
	if binding.Kind != "RoleBinding" || binding.RoleRef.Name == electionRole {
		return []string{o.Namespace}
	}
	return o.watched()
}

// widen makes a binding in a watched namespace one for all namespaces, with the name that its role has. The role of a delegation is
// not the operator's own, so that keeps its name.
func widen(binding *yaml.Node) {
	yamltree.Child(binding, "kind").Value = "ClusterRoleBinding"
	name := yamltree.Child(binding, "metadata", "name")
	if !strings.HasSuffix(name.Value, delegation) {
		name.Value = yamltree.Child(binding, "roleRef", "name").Value
	}
}

// place puts an object into a namespace if it can be in one, and the accounts that it names into the operator's.
func (o Options) place(object *yaml.Node, namespace string) {
	switch yamltree.Child(object, "kind").Value {
	case "ClusterRole", "ClusterRoleBinding", "StorageClass":
	default:
		yamltree.Set(yamltree.Child(object, "metadata"), "namespace", yamltree.Text(namespace))
	}
	for _, subject := range yamltree.Items(yamltree.Child(object, "subjects")) {
		yamltree.Set(subject, "namespace", yamltree.Text(o.Namespace))
	}
}

func (o Options) fillPod(pod *yaml.Node) {
	if pod == nil {
		return
	}
	if len(o.PodAnnotations) > 0 {
		yamltree.Set(yamltree.Child(pod, "metadata"), "annotations", yamltree.Mapping(o.PodAnnotations))
	}
	for _, container := range yamltree.Items(yamltree.Child(pod, "spec", "containers")) {
		o.fillImage(yamltree.Child(container, "image"))
		for _, variable := range yamltree.Items(yamltree.Child(container, "env")) {
			o.fillVariable(variable)
		}
	}
}

func (o Options) fillVariable(variable *yaml.Node) {
	if yamltree.Child(variable, "name").Value == watchVariable && !slices.Equal(o.watched(), []string{o.Namespace}) {
		yamltree.Replace(variable, "valueFrom", "value", yamltree.Text(strings.Join(o.watched(), ",")))
	}
	o.fillImage(yamltree.Child(variable, "value"))
}

// fillImage gives the images that a text names their registry.
func (o Options) fillImage(text *yaml.Node) {
	if text != nil && o.Registry != "" {
		text.Value = strings.ReplaceAll(text.Value, placeholder, strings.TrimSuffix(o.Registry, "/")+"/")
	}
}
