package topicimport

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
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
func Print(to io.Writer, format Format, resources []*v1.KafkaTopic) error {
	for _, r := range resources {
		text, err := document(format, r)
		if err != nil {
			return fmt.Errorf("write KafkaTopic %s: %w", r.Name, err)
		}
		if _, err := to.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func document(format Format, r *v1.KafkaTopic) ([]byte, error) {
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
func Name(r *v1.KafkaTopic) string { return "kafkatopic." + v1.GroupVersion().Group + "/" + r.Name }

// workers is how many resources are created at the same time.
const workers = 8

// Apply creates resources and returns those that were, in their order, also when it fails. One that was created by somebody else
// since they were looked for is left as it is and is not among them.
func Apply(ctx context.Context, to client.Client, resources []*v1.KafkaTopic, progress func(string)) ([]*v1.KafkaTopic, error) {
	created := make([]bool, len(resources))
	all, limited := errgroup.WithContext(ctx)
	all.SetLimit(workers)
	for i, r := range resources {
		if limited.Err() != nil {
			break
		}
		progress(fmt.Sprintf("created %d of %d resources", i, len(resources)))
		all.Go(func() error {
			err := to.Create(limited, r.DeepCopy(), client.FieldValidation(metav1.FieldValidationStrict))
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("create KafkaTopic %s: %w", r.Name, err)
			}
			created[i] = err == nil
			return nil
		})
	}
	err := all.Wait()
	var out []*v1.KafkaTopic
	for i := range resources {
		if created[i] {
			out = append(out, resources[i])
		}
	}
	return slices.Clip(out), err
}

// Existing are the resources of a namespace.
func Existing(ctx context.Context, from client.Reader, namespace string) ([]v1.KafkaTopic, error) {
	var list v1.KafkaTopicList
	if err := from.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list the KafkaTopics in namespace %s: %w", namespace, err)
	}
	return list.Items, nil
}
