package user

import (
	"maps"
	"slices"
	"sync"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
)

// trim leaves out of a resource what nobody here reads, and has resources share what they have in common: there may be ten thousand.
func trim() toolscache.TransformFunc {
	var labels, annotations sharing
	return func(object any) (any, error) {
		u, is := object.(*v1.KafkaUser)
		if !is {
			return object, nil
		}
		u.TypeMeta, u.ManagedFields, u.OwnerReferences, u.GenerateName, u.Finalizers = metav1.TypeMeta{}, nil, nil, "", nil
		maps.DeleteFunc(u.Annotations, func(name, _ string) bool { return !slices.Contains(annotationsRead(), name) })
		u.Namespace = unique.Make(u.Namespace).Value()
		u.Labels, u.Annotations = labels.share(u.Labels), annotations.share(u.Annotations)
		for i := range u.Status.Conditions {
			c := &u.Status.Conditions[i]
			c.Type, c.Status, c.Reason, c.Message = unique.Make(c.Type).Value(), unique.Make(c.Status).Value(), unique.Make(c.Reason).Value(), unique.Make(c.Message).Value()
		}
		shareRules(u.Spec.Authorization)
		shareName(u)
		return u, nil
	}
}

func annotationsRead() []string {
	return []string{
		v1.AnnotationPauseReconciliation, v1.AnnotationUsername, v1.AnnotationLifetime, v1.AnnotationRenewBefore, v1.AnnotationKeyAlgorithm,
		v1.AnnotationScramMechanisms, v1.AnnotationRotateAfter, v1.AnnotationRotate, v1.AnnotationCertificateRequest, v1.AnnotationCopySecretTo, v1.AnnotationDrift,
	}
}

// sharing has resources that follow each other with the same words use one map of them. Nobody changes what the cache holds.
type sharing struct {
	mu   sync.Mutex
	last map[string]string
}

func (s *sharing) share(words map[string]string) map[string]string {
	if len(words) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !maps.Equal(s.last, words) {
		s.last = words
	}
	return s.last
}

// shareName has texts that tell the resource's name be that text.
func shareName(u *v1.KafkaUser) {
	if name, is := user.Username(u.Status.Username); is && name == u.Name {
		u.Name = name
	}
	if u.Status.Secret == u.Name {
		u.Status.Secret = u.Name
	}
}

// shareRules has equal words of rules be the same ones.
func shareRules(a *v1.UserAuthorization) {
	if a == nil {
		return
	}
	rules := make([]v1.ACLRule, len(a.ACLs)) // what was read has room for more
	copy(rules, a.ACLs)
	a.ACLs = rules
	for i := range a.ACLs {
		r := &a.ACLs[i]
		r.Type, r.Host = unique.Make(r.Type).Value(), unique.Make(r.Host).Value()
		r.Resource.Type, r.Resource.PatternType = unique.Make(r.Resource.Type).Value(), unique.Make(r.Resource.PatternType).Value()
		for k := range r.Operations {
			r.Operations[k] = unique.Make(r.Operations[k]).Value()
		}
	}
}
