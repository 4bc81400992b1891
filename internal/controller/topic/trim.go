package topic

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
)

// trim leaves out of a resource what nobody here reads, and has resources share what they have in common: there may be tens of
// thousands. What is shared is never changed: nobody changes a resource that was seen.
func trim() toolscache.TransformFunc {
	shared := &sharing{configs: map[string]v1.FreeForm{}}
	return func(object any) (any, error) {
		t, is := object.(*v1.KafkaTopic)
		if !is {
			return object, nil
		}
		t.TypeMeta, t.ManagedFields, t.OwnerReferences, t.GenerateName = metav1.TypeMeta{}, nil, nil, ""
		maps.DeleteFunc(t.Annotations, func(name, _ string) bool { return !slices.Contains(annotationsRead(), name) })
		if len(t.Annotations) == 0 {
			t.Annotations = nil
		}
		shared.share(t)
		return t, nil
	}
}

func annotationsRead() []string {
	return []string{v1.AnnotationManaged, v1.AnnotationPauseReconciliation, v1.AnnotationAgreed, v1.AnnotationConfirmDeletion, v1.AnnotationDrift}
}

// configsShared is how many different sets of options are shared at most: those of clusters with many topics are few.
const configsShared = 500

// sharing has what resources have in common.
type sharing struct {
	mu      sync.Mutex
	labels  map[string]string
	configs map[string]v1.FreeForm
}

// finalizers are those of nearly all resources.
var finalizers = []string{v1.FinalizerTopic}

func (s *sharing) share(t *v1.KafkaTopic) {
	t.Namespace = unique.Make(t.Namespace).Value()
	if t.Status.TopicName == t.Name {
		t.Status.TopicName = t.Name // one text instead of two equal ones
	}
	if slices.Equal(t.Finalizers, finalizers) {
		t.Finalizers = finalizers
	}
	for i := range t.Status.Conditions {
		c := &t.Status.Conditions[i]
		c.Type, c.Status, c.Reason, c.Message = unique.Make(c.Type).Value(), unique.Make(c.Status).Value(), unique.Make(c.Reason).Value(), unique.Make(c.Message).Value()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !maps.Equal(s.labels, t.Labels) {
		s.labels = t.Labels
	}
	t.Labels = s.labels
	t.Spec.Config = s.config(t.Spec.Config)
}

// config is the shared one of equal configurations.
func (s *sharing) config(config v1.FreeForm) v1.FreeForm {
	if len(config) == 0 {
		return nil
	}
	text, err := json.Marshal(config)
	if err != nil {
		return config
	}
	if same, known := s.configs[string(text)]; known {
		return same
	}
	if len(s.configs) < configsShared {
		s.configs[string(text)] = config
	}
	return config
}
