package kafka

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

func authoritySecrets(cluster string) []string {
	var out []string
	for _, kind := range []pki.Kind{pki.ClusterAuthority, pki.ClientsAuthority} {
		out = append(out, keySecret(cluster, kind), certificateSecret(cluster, kind))
	}
	return out
}

func keySecret(cluster string, kind pki.Kind) string { return cluster + "-" + string(kind) }

func certificateSecret(cluster string, kind pki.Kind) string {
	return cluster + "-" + string(kind) + "-cert"
}

// authoritySpec is one authority as the resource wants it.
type authoritySpec struct {
	kind     pki.Kind
	path     string
	spec     v1.CertificateAuthority
	policy   pki.Policy
	template *v1.ResourceTemplate
}

func clusterAuthority(k *v1.Kafka, policy pki.Policy) authoritySpec {
	out := authoritySpec{kind: pki.ClusterAuthority, path: "spec.clusterCa", policy: policy}
	if k.Spec.ClusterCA != nil {
		out.spec = *k.Spec.ClusterCA
	}
	if t := k.Spec.Kafka.Template; t != nil {
		out.template = t.ClusterCACert
	}
	return out
}

func clientsAuthority(k *v1.Kafka, policy pki.Policy) authoritySpec {
	out := authoritySpec{kind: pki.ClientsAuthority, path: "spec.clientsCa", policy: policy}
	if k.Spec.ClientsCA != nil {
		out.spec = *k.Spec.ClientsCA
	}
	return out
}

func (a authoritySpec) generated() bool {
	return a.spec.GenerateCertificateAuthority == nil || *a.spec.GenerateCertificateAuthority
}

func (a authoritySpec) unowned() bool {
	return a.spec.GenerateSecretOwnerReference != nil && !*a.spec.GenerateSecretOwnerReference
}

// authority is one authority of a cluster in the course of a reconciliation.
type authority struct {
	spec    authoritySpec
	cluster string
	// was is the authority as it was found, is what it becomes.
	was, is pki.Authority
	// decision is what a generated authority needs.
	decision pki.Decision
	// dropped are entries of certificates that nobody needs any more, because of why.
	dropped []string
	why     string
}

type authorities struct{ cluster, clients *authority }

func (a *authority) keySecret() string { return keySecret(a.cluster, a.spec.kind) }

func (a *authority) certificateSecret() string { return certificateSecret(a.cluster, a.spec.kind) }

// decideAuthorities says what both authorities need, or why a person must act first.
func (r *Reconciler) decideAuthorities(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, seen observed, open bool) (authorities, error) {
	out := authorities{}
	var err error
	if out.cluster, err = r.decideAuthority(ctx, cluster.Owner, clusterAuthority(k, cluster.ClusterCA), seen, open); err != nil {
		return out, err
	}
	out.clients, err = r.decideAuthority(ctx, cluster.Owner, clientsAuthority(k, cluster.ClientsCA), seen, open)
	return out, err
}

func (r *Reconciler) decideAuthority(ctx context.Context, owner plan.Owner, spec authoritySpec, seen observed, open bool) (*authority, error) {
	stored := storedAuthority(seen.secrets, owner.Name, spec.kind)
	stored.Supplied = !spec.generated()
	a := &authority{spec: spec, cluster: owner.Name, was: stored, is: stored, decision: pki.Decision{Action: pki.None}}
	if !spec.generated() {
		return a, a.supplied(r.Now())
	}
	if len(stored.Certificate) == 0 {
		a.is = restored(stored, owner, seen.secrets, r.Now())
	}
	state := pki.AuthorityState{
		Authority:    a.is,
		ForceRenew:   isTrue(seen.secrets[a.certificateSecret()].Facts[v1.AnnotationForceRenew]),
		ForceReplace: isTrue(seen.secrets[a.keySecret()].Facts[v1.AnnotationForceReplace]),
	}
	a.decision = pki.DecideAuthority(state, spec.policy, r.Now(), open)
	if err := r.nothingHidden(ctx, owner, a, seen); err != nil {
		return a, err
	}
	if a.decision.Action == pki.Refused {
		return a, a.refused(seen)
	}
	if a.decision.Action == pki.Postponed {
		log.FromContext(ctx).Info("work on a certificate authority is postponed", "authority", spec.kind, "why", a.decision.Reason)
	}
	return a, nil
}

// isTrue reads a boolean annotation: everything but true is false.
func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// refused says what a person can do about a key that cannot be used.
func (a *authority) refused(seen observed) error {
	remedy := fmt.Sprintf("annotate that Secret with %s: \"true\" to have a new key made, which nodes take over while they run", v1.AnnotationForceReplace)
	if _, exists := seen.secrets[a.keySecret()]; !exists {
		remedy = fmt.Sprintf("delete Secret %s to have a new authority made", a.certificateSecret())
	}
	return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: %s: restore Secret %s from a backup, so that it fits Secret %s; or, if the key is lost, %s",
		a.spec.path, a.decision.Reason, a.keySecret(), a.certificateSecret(), remedy))
}

// restored is an authority whose certificate Secret was lost, with what nodes still trust of it.
func restored(stored pki.Authority, owner plan.Owner, secrets map[string]plan.Secret, now time.Time) pki.Authority {
	bundle := secrets[kafka.TrustSecret(owner.Name)]
	if bundle.OwnerUID != owner.UID {
		return stored
	}
	fact, entry := v1.AnnotationClusterCACertGeneration, kafka.ClusterTrust
	if stored.Kind == pki.ClientsAuthority {
		fact, entry = v1.AnnotationClientsCACertGeneration, kafka.ClientsTrust
	}
	stored.CertificateGeneration = max(stored.CertificateGeneration, generation(bundle.Facts[fact]))
	return stored.WithTrusted(bundle.Data[entry], now)
}

// nothingHidden makes sure that secrets which are not seen do not exist without the labels by which the operator finds them,
// and that a key is not made where there may have been one.
func (r *Reconciler) nothingHidden(ctx context.Context, owner plan.Owner, a *authority, seen observed) error {
	for _, name := range []string{a.certificateSecret(), a.keySecret()} {
		if _, found := seen.secrets[name]; found {
			continue
		}
		var secret corev1.Secret
		found, err := r.read(ctx, owner.Namespace, name, &secret)
		if err != nil {
			return err
		}
		if found && secret.DeletionTimestamp == nil && (secret.Labels[v1.LabelKind] != owner.Kind || secret.Labels[v1.LabelCluster] != owner.Name) {
			return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secret %s exists without the labels %s: %s and %s: %s: add them if it belongs to this cluster, or delete it",
				a.spec.path, name, v1.LabelKind, owner.Kind, v1.LabelCluster, owner.Name))
		}
	}
	if _, exists := seen.secrets[a.keySecret()]; exists && a.decision.Action == pki.Create {
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secret %s exists without %s: restore that entry, or delete the Secret to have it made",
			a.spec.path, a.keySecret(), pki.KeyEntry))
	}
	return nil
}

// supplied checks an authority that the user brings.
func (a *authority) supplied(now time.Time) error {
	if len(a.was.Key) == 0 || len(a.was.Certificate) == 0 {
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf(
			"%s.generateCertificateAuthority is false: Secrets %s with %s and %s with %s must exist and carry the labels %s: Kafka and %s: %s",
			a.spec.path, a.keySecret(), pki.KeyEntry, a.certificateSecret(), pki.CertificateEntry, v1.LabelKind, v1.LabelCluster, a.cluster))
	}
	if err := a.was.ValidateSupplied(now); err != nil {
		return outcome.Invalid(v1.ReasonInvalidResource, fmt.Errorf("%s: Secrets %s and %s: %w", a.spec.path, a.keySecret(), a.certificateSecret(), err))
	}
	return nil
}

// makeAuthorities carries the decisions out, without storing anything yet. Both at once: a key takes a second.
func (r *Reconciler) makeAuthorities(ours authorities) error {
	var group errgroup.Group
	for _, a := range []*authority{ours.cluster, ours.clients} {
		if !a.spec.generated() {
			continue
		}
		group.Go(func() error {
			made, err := a.is.Apply(a.decision.Action, a.spec.policy, r.Now(), r.Random)
			if err != nil {
				return fmt.Errorf("%s: %w", a.spec.path, err)
			}
			a.is, a.dropped = made.WithoutExpired(r.Now())
			a.why = "they have expired"
			return nil
		})
	}
	return group.Wait()
}

// retireOld drops certificates of earlier keys once no node depends on them.
func (a *authority) retireOld(ctx context.Context, nodes []pki.RunningNode) {
	if !a.spec.generated() || len(a.is.Old) == 0 {
		return
	}
	if awaits := pki.AwaitService(a.is.Trust(), nodes); awaits != "" {
		log.FromContext(ctx).Info("certificates of earlier keys stay", "authority", a.spec.kind, "why", awaits)
		return
	}
	a.is, a.dropped = a.is.WithoutOld()
	a.why = "every node serves a certificate of the present key and trusts it"
}

// warnings tell what is due and not done.
func (a *authority) warnings(now time.Time) []v1.Condition {
	warn := func(reason, message string) []v1.Condition {
		return []v1.Condition{{Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: reason, Message: a.spec.path + ": " + message}}
	}
	if a.spec.generated() {
		if a.decision.Action == pki.Postponed {
			return warn(v1.WarningCertificatePostponed, a.decision.Reason)
		}
		return nil
	}
	due := pki.DecideAuthority(pki.AuthorityState{Authority: a.is}, a.spec.policy, now, true)
	if due.Action == pki.None {
		return nil
	}
	return warn(v1.WarningAuthorityExpires, fmt.Sprintf("%s: put a new certificate into Secret %s and raise its annotation %s",
		due.Reason, a.certificateSecret(), v1.AnnotationCACertGeneration))
}

func storedAuthority(secrets map[string]plan.Secret, cluster string, kind pki.Kind) pki.Authority {
	key, certificate := secrets[keySecret(cluster, kind)], secrets[certificateSecret(cluster, kind)]
	out := pki.Authority{
		Kind:                  kind,
		Certificate:           certificate.Data[pki.CertificateEntry],
		Key:                   key.Data[pki.KeyEntry],
		CertificateGeneration: generation(certificate.Facts[v1.AnnotationCACertGeneration]),
		KeyGeneration:         generation(key.Facts[v1.AnnotationCAKeyGeneration]),
		Old:                   map[string][]byte{},
	}
	for name, data := range certificate.Data {
		if name != pki.CertificateEntry && isCertificate(name) {
			out.Old[name] = data
		}
	}
	return out
}

func isCertificate(entry string) bool { return len(entry) > 4 && entry[len(entry)-4:] == ".crt" }

func generation(annotation string) int {
	n, err := strconv.Atoi(annotation)
	if err != nil {
		return 0
	}
	return n
}
