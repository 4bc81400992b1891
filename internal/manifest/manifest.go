package manifest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// Format is a form of output.
type Format string

// The formats: documents of YAML, documents of JSON, and names as kubectl writes them.
const (
	YAML  Format = "yaml"
	JSON  Format = "json"
	Names Format = "name"
)

// Formats are all there are.
func Formats() []Format { return []Format{YAML, JSON, Names} }

// Print writes resources in their order.
func Print[Resource client.Object](to io.Writer, format Format, resources []Resource) error {
	for _, r := range resources {
		text, err := document(format, r)
		if err != nil {
			return fmt.Errorf("write %s %s: %w", kind(r), r.GetName(), err)
		}
		if _, err := to.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func document(format Format, r client.Object) ([]byte, error) {
	switch format {
	case Names:
		return []byte(Name(r) + "\n"), nil
	case JSON:
		text, err := json.MarshalIndent(r, "", "    ")
		return append(text, '\n'), err
	case YAML:
		text, err := yaml.Marshal(r)
		return append([]byte("---\n"), text...), err
	}
	return nil, fmt.Errorf("format %q: expected one of %v", format, Formats())
}

// Name is how kubectl calls a resource.
func Name(r client.Object) string {
	return strings.ToLower(kind(r)) + "." + r.GetObjectKind().GroupVersionKind().Group + "/" + r.GetName()
}

func kind(r client.Object) string { return r.GetObjectKind().GroupVersionKind().Kind }

// workers is how many resources are created at the same time.
const workers = 8

// Apply creates resources and returns those that were, in their order, also when it fails. One that was created by somebody else
// since they were looked for is left as it is and is not among them.
func Apply[Resource client.Object](ctx context.Context, to client.Client, resources []Resource, progress func(string)) ([]Resource, error) {
	created := make([]bool, len(resources))
	all, limited := errgroup.WithContext(ctx)
	all.SetLimit(workers)
	for i, r := range resources {
		if limited.Err() != nil {
			break
		}
		progress(fmt.Sprintf("created %d of %d resources", i, len(resources)))
		all.Go(func() error {
			err := to.Create(limited, r.DeepCopyObject().(client.Object), client.FieldValidation(metav1.FieldValidationStrict))
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("create %s %s: %w", kind(r), r.GetName(), err)
			}
			created[i] = err == nil
			return nil
		})
	}
	err := all.Wait()
	var out []Resource
	for i := range resources {
		if created[i] {
			out = append(out, resources[i])
		}
	}
	return slices.Clip(out), err
}
