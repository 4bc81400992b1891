package kafka

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// storeAuthorities makes the secrets of generated authorities what was decided. A secret that is right is not written.
func (r *Reconciler) storeAuthorities(ctx context.Context, k *v1.Kafka, owner plan.Owner, ours authorities, seen observed) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range []*authority{ours.cluster, ours.clients} {
		if a.spec.generated() {
			group.Go(func() error { return r.storeAuthority(ctx, k, owner, a, seen) })
		}
	}
	return group.Wait()
}

// storeAuthority stores the key first: a certificate without its key could not be completed any more, while a key
// without its certificate can (see pki.CompleteReplacement).
func (r *Reconciler) storeAuthority(ctx context.Context, k *v1.Kafka, owner plan.Owner, a *authority, seen observed) error {
	if err := r.storeSecret(ctx, owner, seen.secrets, a.key(), a.executedOnKey()); err != nil {
		return err
	}
	certificate, err := r.certificate(a, seen.secrets[a.certificateSecret()])
	if err != nil {
		return err
	}
	if err := r.storeSecret(ctx, owner, seen.secrets, certificate, a.executedOnCertificate()); err != nil {
		return err
	}
	r.tell(ctx, k, a.changes())
	return nil
}

func authorityComponent() plan.Component {
	return plan.Component{Type: v1.ComponentCertificateAuthority, Name: v1.NameStrimzi}
}

// key is the authority's key as a secret.
func (a *authority) key() plan.Secret {
	return plan.Secret{
		Name: a.keySecret(), Component: authorityComponent(), Unowned: a.spec.unowned(),
		Data:  map[string][]byte{pki.KeyEntry: a.is.Key},
		Facts: map[string]string{v1.AnnotationCAKeyGeneration: strconv.Itoa(a.is.KeyGeneration)},
	}
}

// certificate is the authority's certificates as a secret. A password that exists is kept.
func (r *Reconciler) certificate(a *authority, stored plan.Secret) (plan.Secret, error) {
	data := maps.Clone(a.is.Old)
	if data == nil {
		data = map[string][]byte{}
	}
	data[pki.CertificateEntry] = a.is.Certificate
	if r.KeyStores {
		if err := r.addTrustStore(data, a.is, stored.Data[pki.PasswordEntry]); err != nil {
			return plan.Secret{}, err
		}
	}
	out := plan.Secret{
		Name: a.certificateSecret(), Component: authorityComponent(), Unowned: a.spec.unowned(), Data: data,
		Facts: kafka.WithEnd(map[string]string{v1.AnnotationCACertGeneration: strconv.Itoa(a.is.CertificateGeneration)}, a.is.Certificate),
	}
	if a.spec.template != nil {
		out.Template = a.spec.template
	}
	return out, nil
}

func (r *Reconciler) addTrustStore(data map[string][]byte, a pki.Authority, password []byte) error {
	if len(password) == 0 {
		made, err := pki.NewPassword(pki.TrustStorePasswordLength, r.Random)
		if err != nil {
			return fmt.Errorf("make a password for the trust store: %w", err)
		}
		password = []byte(made)
	}
	store, err := a.TrustStore(string(password))
	if err != nil {
		return fmt.Errorf("make the trust store of the %s: %w", a.Kind, err)
	}
	data[pki.TrustStoreEntry], data[pki.PasswordEntry] = store, password
	return nil
}

// executedOnKey are annotations of the key's secret that have been carried out.
func (a *authority) executedOnKey() []string {
	if a.is.KeyGeneration == a.was.KeyGeneration {
		return nil
	}
	return []string{v1.AnnotationForceReplace}
}

// executedOnCertificate are annotations of the certificate's secret that have been carried out.
func (a *authority) executedOnCertificate() []string {
	if a.is.CertificateGeneration == a.was.CertificateGeneration {
		return nil
	}
	return []string{v1.AnnotationForceRenew}
}

// storeSecret makes a secret that does not exist, and otherwise changes it to what is wanted. The data become exactly
// that; labels and annotations that others put there stay, but for the executed ones.
func (r *Reconciler) storeSecret(ctx context.Context, owner plan.Owner, seen map[string]plan.Secret, want plan.Secret, executed []string) error {
	was, exists := seen[want.Name]
	if !exists {
		return r.Runtime.Keep(ctx, owner, want)
	}
	if sameData(was.Data, want.Data) && len(executed) == 0 && settledMetadata(owner, was, want) {
		return nil
	}
	return r.rewriteSecret(ctx, owner, was, want, executed)
}

// settledMetadata tells whether what can be seen of a secret's metadata is as wanted.
func settledMetadata(owner plan.Owner, was, want plan.Secret) bool {
	return want.Template == nil && holds(was.Facts, want.Facts) && (was.OwnerUID == owner.UID) == !want.Unowned
}

// rewriteSecret changes a secret that is still what the decision was made on.
func (r *Reconciler) rewriteSecret(ctx context.Context, owner plan.Owner, was, want plan.Secret, executed []string) error {
	var secret corev1.Secret
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: owner.Namespace, Name: want.Name}, &secret)
	if apierrors.IsNotFound(err) || err == nil && !sameData(secret.Data, was.Data) {
		return fmt.Errorf("change Secret %s: %w", want.Name, runtime.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("read Secret %s: %w", want.Name, err)
	}
	changed := rewritten(&secret, owner, want, executed)
	if equality.Semantic.DeepEqual(&secret, changed) {
		return nil
	}
	// A secret that was changed meanwhile may hold what a person has just restored.
	unless := client.MergeFromWithOptions(&secret, client.MergeFromWithOptimisticLock{})
	err = r.Client.Patch(ctx, changed, unless)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return fmt.Errorf("change Secret %s: %w", want.Name, runtime.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("change Secret %s: %w", want.Name, err)
	}
	return nil
}

func rewritten(is *corev1.Secret, owner plan.Owner, want plan.Secret, executed []string) *corev1.Secret {
	out := is.DeepCopy()
	out.Data = want.Data
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	if template, set := want.Template.(*v1.ResourceTemplate); set && template.Metadata != nil {
		maps.Copy(out.Labels, template.Metadata.Labels)
		maps.Copy(out.Annotations, template.Metadata.Annotations)
	}
	maps.Copy(out.Annotations, want.Facts)
	for _, annotation := range executed {
		delete(out.Annotations, annotation)
	}
	out.OwnerReferences = owners(is.OwnerReferences, owner, want.Unowned)
	return out
}

// owners are those of a secret with or without the cluster among them.
func owners(is []metav1.OwnerReference, owner plan.Owner, unowned bool) []metav1.OwnerReference {
	ours := func(o metav1.OwnerReference) bool { return string(o.UID) == owner.UID }
	if unowned {
		return slices.DeleteFunc(slices.Clone(is), ours)
	}
	if slices.ContainsFunc(is, ours) {
		return is
	}
	return append(slices.Clone(is), metav1.OwnerReference{
		APIVersion: owner.APIVersion, Kind: owner.Kind, Name: owner.Name, UID: types.UID(owner.UID),
		Controller: ptr(false), BlockOwnerDeletion: ptr(true),
	})
}

func ptr[T any](v T) *T { return &v }

func sameData(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }

// holds tells whether all of some entries are in a map.
func holds(all, some map[string]string) bool {
	for key, value := range some {
		if is, set := all[key]; !set || is != value {
			return false
		}
	}
	return true
}

// changes tell what was done about the authority.
func (a *authority) changes() []change {
	var out []change
	subject := "Secret " + a.certificateSecret()
	switch a.decision.Action {
	case pki.Create:
		out = append(out, change{v1.EventAuthorityCreated, subject, a.decision.Reason})
	case pki.RenewCertificate:
		out = append(out, change{v1.EventAuthorityRenewed, subject, a.decision.Reason})
	case pki.ReplaceKey, pki.CompleteReplacement:
		out = append(out, change{v1.EventAuthorityReplaced, subject, a.decision.Reason})
	case pki.None, pki.Postponed, pki.Refused:
	}
	if len(a.dropped) > 0 {
		out = append(out, change{v1.EventOldCertificatesRemoved, subject + ": " + strings.Join(a.dropped, ", "), a.why})
	}
	return out
}
