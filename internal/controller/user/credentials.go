package user

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/maintenance"
	"castellan.io/castellan/internal/runtime/kube/render"
	"castellan.io/castellan/internal/user/credential"
)

// keepSecret makes the Secret of a user, and its copies, what they should be.
func (o *Operator) keepSecret(ctx context.Context, j *job) {
	err := o.keepOwnSecret(ctx, j)
	if err == nil && (j.deed == keep || j.deed == remove) {
		err = o.copySecret(ctx, j)
	}
	if err == nil {
		return
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		// Somebody was faster, and what is there now comes to the queue.
		j.deed, j.later = nothing, true
		return
	}
	j.fail(err)
	_, ours := err.(*problem) //nolint:errorlint // those that are wrapped are not the user's to solve
	j.later = !ours
}

func (o *Operator) keepOwnSecret(ctx context.Context, j *job) error {
	there := o.secrets.get(o.secretName(j.key.Name))
	if j.deed == remove || !j.hasSecret() {
		if there == nil {
			return nil
		}
		return o.deleteSecret(ctx, there)
	}
	j.secret = o.secretName(j.key.Name)
	decision, err := o.decide(j, there)
	if err != nil {
		return err
	}
	meta := o.describeSecret(j.resource)
	if there != nil && decision.Deed == credential.Keep && there.describedAs(meta) {
		j.password = there.kept.Password()
		return nil
	}
	return o.writeSecret(ctx, j, meta)
}

func (o *Operator) secretName(resource string) string { return o.SecretPrefix + resource }

// decide decides about the Secret as it was seen; nil if there was none.
func (o *Operator) decide(j *job, there *stored) (credential.Decision, error) {
	var kept credential.Kept
	if there != nil {
		kept = there.kept
	}
	ca := &opened{}
	if j.wish.How == v1.UserAuthenticationTLS {
		if ca = o.clientsCA(); ca.err != nil {
			return credential.Decision{}, ca.err
		}
	}
	now := o.Now()
	open, wrong := maintenance.Open(o.Windows, now)
	if len(wrong) > 0 {
		open = true // they were read at the start, so this does not happen; a certificate must not end because of it
	}
	out := credential.Decide(kept, j.wish, ca.trusted, credential.Moment{Now: now, WindowOpen: open})
	j.again = out.Look
	j.vain = ""
	if out.Deed == credential.Keep && !out.Postponed {
		j.vain = out.Reason
	}
	return out, nil
}

// writeSecret writes the Secret, decided anew about what is really there.
func (o *Operator) writeSecret(ctx context.Context, j *job, meta metav1.ObjectMeta) error {
	is, err := o.secretOf(ctx, o.Namespace, j.secret)
	if err != nil {
		return err
	}
	old, seen := credential.Secret{}, (*stored)(nil)
	if is != nil {
		if err := o.ours(is, j); err != nil {
			return err
		}
		old, seen = credential.Secret{Data: is.Data, Annotations: is.Annotations}, remember(is)
	}
	decision, err := o.decide(j, seen)
	if err != nil {
		return err
	}
	maker := credential.Maker{NewKey: o.NewKey, Random: o.Random}
	if j.wish.How == v1.UserAuthenticationTLS {
		maker.Authority = o.clientsCA().signing
	}
	made, err := maker.Make(decision, j.wish, old, o.Now())
	if err != nil {
		return err
	}
	j.data = made.Data
	j.password = credential.Examine(credential.Secret{Data: made.Data}).Password()
	maps.Copy(meta.Annotations, made.Annotations)
	if decision.Deed == credential.Issue {
		log.FromContext(ctx).Info("new credentials", "user", j.key.Name, "secret", j.secret, "why", decision.Reason)
		j.again = credential.Decide(credential.Examine(made), j.wish, o.trusted(j), credential.Moment{Now: o.Now()}).Look
	}
	if is == nil {
		return problemOf(o.Client.Create(ctx, &corev1.Secret{ObjectMeta: meta, Data: made.Data, Type: corev1.SecretTypeOpaque}), "make Secret %s", j.secret)
	}
	describe(is, meta)
	delete(is.Annotations, v1.AnnotationForceRenew)
	is.Data = made.Data
	return problemOf(o.Client.Update(ctx, is), "write Secret %s", j.secret)
}

// trusted is the clients CA for a user with a certificate.
func (o *Operator) trusted(j *job) credential.Trusted {
	if j.wish.How != v1.UserAuthenticationTLS {
		return credential.Trusted{}
	}
	return o.clientsCA().trusted
}

// ours refuses a Secret that holds something else.
func (o *Operator) ours(is *corev1.Secret, j *job) error {
	owned := slices.ContainsFunc(is.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == j.resource.UID })
	if owned || is.Labels[v1.LabelKind] == kind {
		return nil
	}
	foreign := remember(is).kept.Foreign || len(is.OwnerReferences) > 0 || is.Type != corev1.SecretTypeOpaque && is.Type != ""
	if !foreign {
		return nil
	}
	return &problem{v1.ReasonExecution, fmt.Sprintf("%s: metadata.name: Secret %s exists and holds something else than credentials of this user: rename the user or the Secret", v1.ReasonInvalidResource, is.Name)}
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
	}
	maps.Copy(out.Labels, o.Labels)
	out.Labels[v1.LabelKind] = kind
	out.Labels[v1.LabelAppName], out.Labels[v1.LabelAppManagedBy] = managedBy, managedBy
	out.Labels[v1.LabelAppInstance], out.Labels[v1.LabelAppPartOf] = render.LabelValue(u.Name), render.LabelValue("strimzi-"+u.Name)
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
		if !slices.ContainsFunc(is.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == owner.UID }) {
			is.OwnerReferences = append(is.OwnerReferences, owner)
		}
	}
}
