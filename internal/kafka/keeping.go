package kafka

import (
	"fmt"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// LeafPolicy says how long certificates of nodes and of the operator live, and with which keys.
type LeafPolicy struct {
	pki.Lifetime
	// Key is the kind of key that was asked for; nil leaves it to what the listeners need.
	Key *pki.KeyAlgorithm
}

// Defaults of an authority's lifetime.
const (
	defaultValidityDays = 365
	defaultRenewalDays  = 30
	// longestDays is the most that a duration can hold: 292 years.
	longestDays = 106751
)

// keepingAnnotations name the annotations about one lifetime.
type keepingAnnotations struct{ lifetime, renewBefore string }

// resolveKeeping decides how long certificates live and what keys they have.
func (r *resolution) resolveKeeping() {
	k, c := r.in.Kafka, r.cluster
	c.ClusterCA = r.policy("spec.clusterCa", k.Spec.ClusterCA, keepingAnnotations{v1.AnnotationClusterCALifetime, v1.AnnotationClusterCARenewBefore})
	c.ClientsCA = r.policy("spec.clientsCa", k.Spec.ClientsCA, keepingAnnotations{v1.AnnotationClientsCALifetime, v1.AnnotationClientsCARenewBefore})
	c.Leaves.Lifetime = r.lifetime(c.ClusterCA.Lifetime, keepingAnnotations{v1.AnnotationLeafLifetime, v1.AnnotationLeafRenewBefore})
	r.checkLeafWithinAuthority()
	// Kafka reads private keys in PEM of RSA and EC alone (and of DSA, which TLS 1.3 has abolished).
	if key, set := r.algorithm(v1.AnnotationLeafKeyAlgorithm, pki.RSA2048, pki.RSA4096, pki.ECDSAP256, pki.ECDSAP384); set {
		c.Leaves.Key = &key
	}
	ca, set := r.algorithm(v1.AnnotationCAKeyAlgorithm, pki.RSA2048, pki.RSA4096, pki.ECDSAP256, pki.ECDSAP384, pki.Ed25519)
	if !set {
		ca = pki.RSA4096
	}
	c.ClusterCA.Key, c.ClientsCA.Key = ca, ca
}

// policy says how an authority is kept.
func (r *resolution) policy(path string, ca *v1.CertificateAuthority, names keepingAnnotations) pki.Policy {
	out := pki.Policy{Lifetime: daysOf(ca), ReplaceKeyOnExpiry: ca != nil && ca.CertificateExpirationPolicy == v1.ReplaceKey}
	if ca != nil && ca.ValidityDays != nil && *ca.ValidityDays > longestDays {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("%s.validityDays: %d is too much: it must be at most %d", path, *ca.ValidityDays, longestDays))
		return out
	}
	if err := out.Validate(); err != nil {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("%s: %v", path, err))
		return out
	}
	out.Lifetime = r.lifetime(out.Lifetime, names)
	return out
}

// daysOf is the lifetime as the spec has it.
func daysOf(ca *v1.CertificateAuthority) pki.Lifetime {
	validity := defaultValidityDays
	if ca != nil && ca.ValidityDays != nil {
		validity = int(*ca.ValidityDays)
	}
	if ca != nil && ca.RenewalDays != nil {
		return pki.Lifetime{Validity: pki.Days(validity), RenewBefore: pki.Days(int(*ca.RenewalDays))}
	}
	return lasting(pki.Days(validity), pki.Days(defaultRenewalDays))
}

// lasting renews as usual, but not before two thirds of the life are over: for short lives the usual time would mean to
// renew at once and for ever.
func lasting(validity, usual time.Duration) pki.Lifetime {
	return pki.Lifetime{Validity: validity, RenewBefore: min(usual, validity/3)}
}

// lifetime is the one of the annotations, where they are set, or else the given one.
func (r *resolution) lifetime(otherwise pki.Lifetime, names keepingAnnotations) pki.Lifetime {
	out := otherwise
	if validity, set := r.duration(names.lifetime); set {
		out = lasting(validity, otherwise.RenewBefore)
	}
	before, set := r.duration(names.renewBefore)
	if !set {
		return out
	}
	out.RenewBefore = before
	if out.RenewBefore >= out.Validity {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("metadata.annotations[%s]: %s is not less than the lifetime of %s: set it to less, or %s to more",
			names.renewBefore, before, out.Validity, names.lifetime))
	}
	return out
}

// duration reads an annotation.
func (r *resolution) duration(name string) (time.Duration, bool) {
	text, set := r.in.Kafka.Annotations[name]
	if !set {
		return 0, false
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("metadata.annotations[%s]: %q is not a duration: write it like 36h or 90m", name, text))
		return 0, false
	}
	if duration < pki.MinimumLifetime {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("metadata.annotations[%s]: %s is too short: it must be at least %s", name, text, pki.MinimumLifetime))
		return 0, false
	}
	return duration, true
}

// checkLeafWithinAuthority refuses certificates that are asked to outlive the authority which vouches for them.
func (r *resolution) checkLeafWithinAuthority() {
	leaf, authority := r.cluster.Leaves.Validity, r.cluster.ClusterCA.Validity
	if _, set := r.in.Kafka.Annotations[v1.AnnotationLeafLifetime]; !set || leaf <= authority {
		return
	}
	r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("metadata.annotations[%s]: %s is longer than the cluster CA lives (%s): set it to that or less, or %s to more",
		v1.AnnotationLeafLifetime, leaf, authority, v1.AnnotationClusterCALifetime))
}

// algorithm reads an annotation.
func (r *resolution) algorithm(name string, allowed ...pki.KeyAlgorithm) (pki.KeyAlgorithm, bool) {
	text, set := r.in.Kafka.Annotations[name]
	if !set {
		return 0, false
	}
	out, err := pki.ParseKeyAlgorithm(text, allowed...)
	if err != nil {
		r.problems.add(v1.ReasonInvalidResource, fmt.Sprintf("metadata.annotations[%s]: %v", name, err))
	}
	return out, err == nil
}
