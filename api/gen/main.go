package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-tools/pkg/crd"
	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"
	"sigs.k8s.io/yaml"

	kafkav1 "castellan.io/castellan/api/v1"
)

// apiPackages are the packages whose root types become definitions.
const apiPackages = "castellan.io/castellan/api/..."

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want two arguments, the directories with the files to install and with the pages; got %d", len(args))
	}
	types, err := load()
	if err != nil {
		return err
	}
	files, err := types.definitions()
	if err != nil {
		return err
	}
	if err := write(args[0], files); err != nil {
		return err
	}
	pages, err := types.pages(os.DirFS(args[1]))
	if err != nil {
		return err
	}
	return write(args[1], pages)
}

func write(directory string, files map[string][]byte) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// apiTypes are the types of the API and what they refer to, each with a schema.
type apiTypes struct {
	roots  []*loader.Package
	parser *crd.Parser
	kinds  []schema.GroupKind
}

func load() (apiTypes, error) {
	roots, err := loader.LoadRoots(apiPackages)
	if err != nil {
		return apiTypes{}, fmt.Errorf("loading %s: %w", apiPackages, err)
	}
	parser, err := newParser(roots)
	if err != nil {
		return apiTypes{}, err
	}
	// Only now: describing types makes the parser load packages with kinds that are not ours.
	kinds := crd.FindKubeKinds(parser, crd.FindMetav1(roots))
	describeTypes(parser, roots, kinds)
	relaxKubernetesTypes(parser)
	return apiTypes{roots, parser, kinds}, nil
}

// definitions returns the content of every file by its name.
func (a apiTypes) definitions() (map[string][]byte, error) {
	roots, parser, kinds := a.roots, a.parser, a.kinds
	files := map[string][]byte{}
	for _, kind := range kinds {
		parser.NeedCRDFor(kind, nil)
		definition := parser.CustomResourceDefinitions[kind]
		name, err := fileName(definition.Spec.Names.Singular)
		if err != nil {
			return nil, err
		}
		if files[name], err = render(definition); err != nil {
			return nil, fmt.Errorf("rendering %s: %w", name, err)
		}
	}
	// Packages are loaded without all they import, so what the type checker misses means nothing.
	if loader.PrintErrors(roots, packages.TypeError) {
		return nil, fmt.Errorf("some types of %s cannot be described", apiPackages)
	}
	return files, nil
}

// fileName returns the file of a kind, below install. The numbers give the order in which the files are applied.
func fileName(singular string) (string, error) {
	starts := map[string]string{
		"kafka":             "cluster-operator/040",
		"kafkaconnect":      "cluster-operator/041",
		"strimzipodset":     "cluster-operator/042",
		"kafkatopic":        "cluster-operator/043",
		"kafkauser":         "cluster-operator/044",
		"kafkanodepool":     "cluster-operator/045",
		"kafkabridge":       "cluster-operator/046",
		"kafkaconnector":    "cluster-operator/047",
		"kafkamirrormaker2": "cluster-operator/048",
		"kafkarebalance":    "cluster-operator/049",
		"kafkaaccess":       "access-operator/040", // of an operator of its own
	}
	start, ok := starts[singular]
	if !ok {
		return "", fmt.Errorf("no file is known for kind %s", singular)
	}
	return start + "-Crd-" + singular + ".yaml", nil
}

// newParser returns a parser that knows the markers and the packages.
func newParser(roots []*loader.Package) (*crd.Parser, error) {
	registry := &markers.Registry{}
	if err := crdmarkers.Register(registry); err != nil {
		return nil, fmt.Errorf("registering markers: %w", err)
	}
	parser := &crd.Parser{
		Collector:           &markers.Collector{Registry: registry},
		Checker:             &loader.TypeChecker{},
		AllowDangerousTypes: true, // some quotas are fractions
	}
	crd.AddKnownTypes(parser)
	for _, root := range roots {
		parser.NeedPackage(root)
	}
	return parser, nil
}

// describeTypes makes a schema for each kind and for every type it refers to, each by itself.
func describeTypes(parser *crd.Parser, roots []*loader.Package, kinds []schema.GroupKind) {
	for _, kind := range kinds {
		for _, root := range roots {
			if parser.GroupVersions[root].Group == kind.Group {
				parser.NeedSchemaFor(crd.TypeIdent{Package: root, Name: kind.Kind})
			}
		}
	}
}

// relaxKubernetesTypes works on types before they are put together, when it is still known whose type a schema describes.
func relaxKubernetesTypes(parser *crd.Parser) {
	for ident, described := range parser.Schemata {
		if strings.HasPrefix(ident.Package.PkgPath, "k8s.io/") {
			relaxed := described.DeepCopy()
			walk(relaxed, relax)
			parser.Schemata[ident] = *relaxed
		}
	}
}

func relax(props *apiextensionsv1.JSONSchemaProps) {
	props.Description = ""
	props.Default = nil
	props.Enum = nil
	props.Required = nil
	props.XListType = nil
	props.XListMapKeys = nil
	props.XMapType = nil
}

// walk visits a schema and everything below it.
func walk(props *apiextensionsv1.JSONSchemaProps, visit func(*apiextensionsv1.JSONSchemaProps)) {
	visit(props)
	for name, property := range props.Properties {
		walk(&property, visit)
		props.Properties[name] = property
	}
	if props.Items != nil && props.Items.Schema != nil {
		walk(props.Items.Schema, visit)
	}
	if props.AdditionalProperties != nil && props.AdditionalProperties.Schema != nil {
		walk(props.AdditionalProperties.Schema, visit)
	}
	for i := range props.AllOf {
		walk(&props.AllOf[i], visit)
	}
}

// dropFormat keeps a format only where the API server would accept a number that the type cannot hold. One resource with such
// a number would keep every client from listing all others of its kind.
func dropFormat(props *apiextensionsv1.JSONSchemaProps) {
	if props.Format != "int32" {
		props.Format = ""
	}
}

// render returns a definition as YAML.
func render(definition apiextensionsv1.CustomResourceDefinition) ([]byte, error) {
	crd.FixTopLevelMetadata(definition)
	if definition.Labels == nil {
		definition.Labels = map[string]string{}
	}
	definition.Labels["app"] = "strimzi"
	definition.Labels[kafkav1.LabelCRDInstall] = "true"
	definition.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.NoneConverter}
	for _, version := range definition.Spec.Versions {
		walk(version.Schema.OpenAPIV3Schema, dropFormat)
	}
	content, err := json.Marshal(definition)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	delete(object, "status") // Kubernetes' to write
	return yaml.Marshal(object)
}
