package install

import (
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
)

// allNamespaces stands for every namespace.
const allNamespaces = "*"

// Options are what every installation chooses.
type Options struct {
	// Namespace is where the operator runs.
	Namespace string
	// Watch are the namespaces that the operator watches: "*" alone for all, none for its own.
	Watch []string
	// Registry, with a path if need be, takes the place of castellan.local in the names of images; empty keeps that.
	Registry string
	// PodAnnotations are added to the operator's pods.
	PodAnnotations map[string]string
}

// registry is a host with or without a port, and a path.
var registry = regexp.MustCompile(`^[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/?$`)

func (o Options) check() error {
	if err := checkNamespace(o.Namespace); err != nil {
		return err
	}
	if o.Registry != "" && !registry.MatchString(o.Registry) {
		return fmt.Errorf("registry %q: expected a host and a path as in registry.example.com/castellan", o.Registry)
	}
	seen := map[string]bool{}
	for _, namespace := range o.Watch {
		if namespace == allNamespaces && len(o.Watch) > 1 {
			return fmt.Errorf("watched namespaces %q: expected names, or * alone", o.Watch)
		}
		if seen[namespace] {
			return fmt.Errorf("watched namespace %q comes twice: expected each name once", namespace)
		}
		seen[namespace] = true
		if namespace == allNamespaces {
			continue
		}
		if err := checkNamespace(namespace); err != nil {
			return fmt.Errorf("watched %w", err)
		}
	}
	return nil
}

func checkNamespace(name string) error {
	if len(validation.IsDNS1123Label(name)) > 0 {
		return fmt.Errorf("namespace %q: expected at most 63 lower case letters, digits and dashes, with a letter or digit at both ends", name)
	}
	return nil
}

// watched are the namespaces that the operator watches, in an order that does not depend on how they were given.
func (o Options) watched() []string {
	if len(o.Watch) == 0 {
		return []string{o.Namespace}
	}
	return slices.Sorted(slices.Values(o.Watch))
}
