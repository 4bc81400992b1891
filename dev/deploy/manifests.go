package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// Choice is what an installation chooses.
type Choice struct {
	// Namespace is where the operator runs.
	Namespace string
	// AllNamespaces makes it watch every namespace instead of its own.
	AllNamespaces bool
	// Registry takes the place of castellan.local in the names of images; empty keeps that.
	Registry string
	// Digest of Castellan's image, which tells one image from the next under the same tag; may be empty.
	Digest string
}

const (
	// installedRegistry is the registry that install files name.
	installedRegistry = "castellan.local"
	// digestAnnotation on pods makes a new image under an old tag roll out.
	digestAnnotation = "castellan.io/image-digest"
	// watchVariable names the namespaces the operator watches.
	watchVariable = "STRIMZI_NAMESPACE"
)

// object is a manifest.
type object = map[string]any

// read reads the manifests of a folder, in the order of their names.
func read(folder string) ([]object, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no install files in %s", folder)
	}
	objects := make([]object, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading install files: %w", err)
		}
		var read object
		if err := yaml.Unmarshal(text, &read); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		objects = append(objects, read)
	}
	return objects, nil
}

// list is the manifests as one that kubectl takes.
func list(objects []object) ([]byte, error) {
	return json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
}

// choose makes the manifests those of one installation.
func choose(objects []object, choice Choice) {
	for _, o := range objects {
		if choice.AllNamespaces {
			widen(o)
		}
		place(o, choice.Namespace)
		if pod := child(o, "spec", "template"); pod != nil {
			choosePod(pod, choice)
		}
	}
}

// widen makes a binding in a watched namespace one for all namespaces, with the
// name the role has. The lease stays in the operator's own namespace.
func widen(o object) {
	role, _ := child(o, "roleRef")["name"].(string)
	if o["kind"] != "RoleBinding" || strings.HasSuffix(role, "-leader-election") {
		return
	}
	o["kind"] = "ClusterRoleBinding"
	child(o, "metadata")["name"] = role
}

// place puts the manifest, and the accounts it names, into the namespace.
func place(o object, namespace string) {
	switch o["kind"] {
	case "ClusterRole", "ClusterRoleBinding", "StorageClass", "CustomResourceDefinition":
	default:
		child(o, "metadata")["namespace"] = namespace
	}
	subjects, _ := o["subjects"].([]any)
	for _, subject := range subjects {
		if account, isObject := subject.(object); isObject {
			account["namespace"] = namespace
		}
	}
}

func choosePod(pod object, choice Choice) {
	if choice.Digest != "" {
		metadata := child(pod, "metadata")
		metadata["annotations"] = object{digestAnnotation: choice.Digest}
	}
	containers, _ := child(pod, "spec")["containers"].([]any)
	for _, entry := range containers {
		container, isObject := entry.(object)
		if !isObject {
			continue
		}
		container["image"] = renamed(container["image"], choice.Registry)
		variables, _ := container["env"].([]any)
		for _, variable := range variables {
			if v, isObject := variable.(object); isObject {
				chooseVariable(v, choice)
			}
		}
	}
}

func chooseVariable(variable object, choice Choice) {
	if variable["name"] == watchVariable && choice.AllNamespaces {
		delete(variable, "valueFrom")
		variable["value"] = "*"
		return
	}
	if value, isText := variable["value"].(string); isText {
		variable["value"] = renamed(value, choice.Registry)
	}
}

// renamed is the text with images of another registry.
func renamed(value any, registry string) any {
	text, isText := value.(string)
	if !isText || registry == "" {
		return value
	}
	return strings.ReplaceAll(text, installedRegistry+"/", strings.TrimSuffix(registry, "/")+"/")
}

// child follows the path; nil when it ends early.
func child(o object, path ...string) object {
	for _, name := range path {
		o, _ = o[name].(object)
	}
	return o
}
