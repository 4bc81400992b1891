package user

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
)

// copiesIn are the copies of users' Secrets in another namespace.
func (o *Operator) copiesIn(namespace string) *secrets {
	selector := metav1.ListOptions{LabelSelector: selectorOf(o.Labels) + separator(o.Labels) + v1.LabelCopyOf}
	return o.watchSecrets(namespace, selector, o.rememberCopy, o.secretEvents(func(s *stored) (string, bool) { return s.copyOf, s.copyOf != "" }))
}

func separator(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	return ","
}

// rememberCopy remembers of whom a Secret is a copy, too.
func (o *Operator) rememberCopy(s *corev1.Secret) *stored {
	out := remember(s)
	if s.Annotations[v1.AnnotationCopiedFrom] == o.Namespace {
		out.copyOf = s.Labels[v1.LabelCopyOf]
	}
	return out
}

// copiesOf are the copies that exist of the Secret of a resource.
func (o *Operator) copiesOf(resource string) []*stored {
	var out []*stored
	for _, in := range o.copies {
		if s := in.get(o.SecretPrefix + resource); s != nil && s.copyOf == resource {
			out = append(out, s)
		}
	}
	return out
}

// copySecret makes the copies of a Secret like it, and removes those that are not wanted.
func (o *Operator) copySecret(ctx context.Context, j *job) error {
	wanted := o.copiesFor(j)
	var errs []error
	for _, s := range o.copiesOf(j.key.Name) {
		if !slices.Contains(wanted, s.namespace) {
			errs = append(errs, o.deleteSecret(ctx, s))
		}
	}
	for _, namespace := range wanted {
		if in, may := o.copies[namespace]; may {
			errs = append(errs, o.copyTo(ctx, j, in))
		}
	}
	// One namespace where it does not work keeps no other one from its copy.
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// copiesFor are the namespaces that are to have a copy. A password that the user has read from somewhere is not carried on: who writes
// KafkaUsers could have any Secret of the namespace copied.
func (o *Operator) copiesFor(j *job) []string {
	if j.deed == remove || j.secret == "" {
		return nil
	}
	if _, supplied := j.suppliedFrom(); supplied {
		return nil
	}
	return namespacesOf(j.resource)
}

// copyTo makes one copy. A Secret that is something else is left alone.
func (o *Operator) copyTo(ctx context.Context, j *job, in *secrets) error {
	meta := o.describeSecret(j.resource)
	meta.Namespace, meta.OwnerReferences = in.namespace, nil
	delete(meta.Labels, v1.LabelKind) // a user operator over there would take it for one of its own
	meta.Labels[v1.LabelCopyOf] = j.resource.Name
	meta.Annotations[v1.AnnotationCopiedFrom] = o.Namespace
	if there := in.get(meta.Name); there != nil && there.content == j.content && there.describedAs(meta) {
		return nil
	}
	if err := o.readOwnSecret(ctx, j); err != nil {
		return err
	}
	there, err := o.secretOf(ctx, in.namespace, meta.Name)
	if err != nil {
		return err
	}
	if there == nil {
		return problemOf(o.storeSecret(ctx, &corev1.Secret{ObjectMeta: meta, Data: j.data}), "copy Secret %s to namespace %s", j.secret, in.namespace)
	}
	if there.Labels[v1.LabelCopyOf] != j.resource.Name || there.Annotations[v1.AnnotationCopiedFrom] != o.Namespace {
		return &problem{v1.ReasonExecution, fmt.Sprintf("%s: Secret %s in namespace %s is no copy of this user's: rename or delete it, or take the namespace out of the annotation %s",
			v1.ReasonInvalidResource, meta.Name, in.namespace, v1.AnnotationCopySecretTo)}
	}
	describe(there, meta)
	there.Data = j.data
	return problemOf(o.storeSecret(ctx, there), "copy Secret %s to namespace %s", j.secret, in.namespace)
}

// deleteSecret deletes the Secret that was seen, and no other one of its name.
func (o *Operator) deleteSecret(ctx context.Context, s *stored) error {
	seen := &metav1.Preconditions{UID: &s.uid, ResourceVersion: &s.version}
	err := o.API.Secrets(s.namespace).Delete(ctx, s.name, metav1.DeleteOptions{Preconditions: seen})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return problemOf(err, "delete Secret %s in namespace %s", s.name, s.namespace)
}

func problemOf(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(doing+": %w", append(args, err)...)
}
