package user

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/maintenance"
	"castellan.io/castellan/internal/user/credential"
)

// keepSecret makes the Secret of a user, and its copies, what they should be.
func (o *Operator) keepSecret(ctx context.Context, j *job) {
	if err := o.keepOwnSecret(ctx, j); err != nil {
		j.later = passing(err)
		if met(err) {
			j.deed = nothing
			return
		}
		j.fail(err)
		return
	}
	if err := o.copySecret(ctx, j); err != nil {
		j.later = passing(err)
		if !met(err) {
			j.note(err) // what Kafka holds does not depend on copies
		}
	}
}

// met tells whether somebody else was faster, so that what is there now comes to the queue, or is about to be.
func met(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || errors.Is(err, errChanging)
}

// passing tells whether it may go well without anybody changing anything.
func passing(err error) bool {
	_, is := errors.AsType[*problem](err)
	return !is
}

var errChanging = errors.New("the clients CA is being changed")

func (o *Operator) keepOwnSecret(ctx context.Context, j *job) error {
	there := o.secrets.get(o.secretName(j.key.Name))
	if j.deed == remove || !j.hasSecret() {
		if there == nil {
			return nil
		}
		return o.deleteSecret(ctx, there)
	}
	j.secret = o.secretName(j.key.Name)
	ca := &opened{}
	if j.wish.How == v1.UserAuthenticationTLS {
		if ca = o.clientsCA(); ca.changing(o.Now()) {
			return errChanging
		}
	}
	if ca.err != nil {
		return ca.err
	}
	meta := o.describeSecret(j.resource)
	if there != nil && o.decide(j, there.kept, ca).Deed == credential.Keep && there.describedAs(meta) {
		j.password, j.content = there.kept.Password(), there.content
		return nil
	}
	return o.writeSecret(ctx, j, ca, meta)
}

func (o *Operator) secretName(resource string) string { return o.SecretPrefix + resource }

// decide decides about the Secret as it was seen.
func (o *Operator) decide(j *job, kept credential.Kept, ca *opened) credential.Decision {
	now := o.Now()
	open, _ := maintenance.Open(o.Windows, now) // what is wrong with them was told at the start
	out := credential.Decide(kept, j.wish, ca.trusted, credential.Moment{Now: now, WindowOpen: open, Unreachable: o.changes.Silent() || o.held.unread() != nil})
	j.again, j.vain = out.Look, ""
	if out.Deed == credential.Keep && !out.Postponed {
		j.vain = out.Reason
	}
	return out
}

// writeSecret writes the Secret, decided anew about what is really there. One that was not seen is most likely new, and is made without asking.
func (o *Operator) writeSecret(ctx context.Context, j *job, ca *opened, meta metav1.ObjectMeta) error {
	if o.secrets.get(j.secret) == nil {
		if err := o.writeOver(ctx, j, ca, nil, meta); !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	is, err := o.secretOf(ctx, o.Namespace, j.secret)
	if err != nil {
		return err
	}
	if is != nil {
		if err := o.ours(is, j); err != nil {
			return err
		}
	}
	return o.writeOver(ctx, j, ca, is, meta)
}

// writeOver writes the Secret over that which is there, or makes it where there is none.
func (o *Operator) writeOver(ctx context.Context, j *job, ca *opened, is *corev1.Secret, meta metav1.ObjectMeta) error {
	old := credential.Secret{}
	if is != nil {
		old = credential.Secret{Data: is.Data, Annotations: is.Annotations}
	}
	decision := o.decide(j, credential.Examine(old), ca)
	maker := credential.Maker{Authority: ca.signing, NewKey: o.NewKey, Random: o.Random}
	made, err := maker.Make(decision, j.wish, old, o.Now())
	if err != nil {
		return err
	}
	kept := credential.Examine(made)
	maps.Copy(made.Data, old.Others())
	target, doing := &corev1.Secret{ObjectMeta: *meta.DeepCopy()}, "make Secret %s"
	if is != nil {
		target, doing = is, "write Secret %s"
		for _, name := range credential.Annotations() {
			delete(target.Annotations, name)
		}
		describe(target, meta)
	}
	maps.Copy(target.Annotations, made.Annotations)
	target.Data = made.Data
	if err := o.storeSecret(ctx, target); err != nil {
		return problemOf(err, doing, j.secret)
	}
	j.data, j.content, j.password = made.Data, contentOf(made.Data), kept.Password()
	if decision.Deed == credential.Issue {
		log.FromContext(ctx).Info("new credentials", "user", j.key.Name, "secret", j.secret, "why", decision.Reason)
		o.decide(j, kept, ca) // when to look at them again
	}
	return nil
}

// ours refuses a Secret that is not known to be this user's: whatever it holds, somebody may need it.
func (o *Operator) ours(is *corev1.Secret, j *job) error {
	owned := func(r metav1.OwnerReference) bool { return r.Kind == kind && r.Name == j.resource.Name }
	if slices.ContainsFunc(is.OwnerReferences, owned) || is.Labels[v1.LabelKind] == kind && len(is.OwnerReferences) == 0 {
		return nil
	}
	return &problem{v1.ReasonExecution, fmt.Sprintf("%s: metadata.name: Secret %s exists and is not this user's: rename the user or the Secret; or label the Secret %s=%s to hand it over",
		v1.ReasonInvalidResource, is.Name, v1.LabelKind, kind)}
}

// describeSecret is what the Secret of a user is called, and how it is found.
func (o *Operator) describeSecret(u *v1.KafkaUser) metav1.ObjectMeta {
	out := metav1.ObjectMeta{
		Namespace: u.Namespace, Name: o.secretName(u.Name), Labels: map[string]string{}, Annotations: map[string]string{},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: v1.GroupVersion().String(), Kind: kind, Name: u.Name, UID: u.UID, Controller: new(false), BlockOwnerDeletion: new(false),
		}},
	}
	for name, value := range u.Labels {
		if !o.LabelExclusion(name) {
			out.Labels[name] = value
		}
	}
	if t := u.Spec.Template; t != nil && t.Secret != nil && t.Secret.Metadata != nil {
		maps.Copy(out.Labels, t.Secret.Metadata.Labels)
		maps.Copy(out.Annotations, t.Secret.Metadata.Annotations)
		for _, name := range append(credential.Annotations(), v1.AnnotationForceRenew) {
			delete(out.Annotations, name) // they are about the credentials in the Secret
		}
	}
	maps.Copy(out.Labels, o.Labels)
	out.Labels[v1.LabelKind] = kind
	out.Labels[v1.LabelAppName], out.Labels[v1.LabelAppManagedBy] = managedBy, managedBy
	out.Labels[v1.LabelAppInstance], out.Labels[v1.LabelAppPartOf] = v1.LabelValue(u.Name), v1.LabelValue("strimzi-"+u.Name)
	return out
}

const managedBy = "strimzi-user-operator"

// describe gives an object these labels, annotations and owners, beside those that somebody else gave it.
func describe(is *corev1.Secret, meta metav1.ObjectMeta) {
	if is.Labels == nil {
		is.Labels = map[string]string{}
	}
	maps.Copy(is.Labels, meta.Labels)
	if is.Annotations == nil {
		is.Annotations = map[string]string{}
	}
	maps.Copy(is.Annotations, meta.Annotations)
	for _, owner := range meta.OwnerReferences {
		// An owner of the same name that is gone was deleted and made again.
		same := func(r metav1.OwnerReference) bool { return r.Kind == owner.Kind && r.Name == owner.Name }
		is.OwnerReferences = append(slices.DeleteFunc(is.OwnerReferences, same), owner)
	}
}
