package pki

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"
)

// Action is what to do with an authority.
type Action string

const (
	// None leaves the authority as it is.
	None Action = "None"
	// Create makes the authority's key and certificate.
	Create Action = "Create"
	// RenewCertificate makes a new certificate for the same key.
	RenewCertificate Action = "RenewCertificate"
	// ReplaceKey makes a new key and a certificate for it; the old certificate stays trusted.
	ReplaceKey Action = "ReplaceKey"
	// CompleteReplacement makes the certificate of a new key that is already stored; the old certificate stays trusted.
	CompleteReplacement Action = "CompleteReplacement"
	// Postponed means that something is due but has to wait for a maintenance window.
	Postponed Action = "Postponed"
	// Refused means that a person has to decide: whatever the operator did could make worthless what is in use. The reason
	// says what can be done.
	Refused Action = "Refused"
)

// Decision is an action with the reason for it, written for a person. The reason of None is empty.
type Decision struct {
	Action Action
	Reason string
}

// Policy is how the owner of a cluster wants a generated authority kept.
type Policy struct {
	Lifetime
	// Key is the kind of the keys that are made; a key that exists is not replaced because it is of another kind.
	Key KeyAlgorithm
	// ReplaceKeyOnExpiry makes a new key when the certificate nears its end, instead of a new certificate only.
	ReplaceKeyOnExpiry bool
}

// AuthorityState is a generated authority as found, with what its owner asked for by annotation.
type AuthorityState struct {
	Authority
	ForceRenew   bool
	ForceReplace bool
}

// authorityView is what the checks look at, parsed once.
type authorityView struct {
	state          AuthorityState
	policy         Policy
	now            time.Time
	certificate    *x509.Certificate
	certificateErr error
	key            crypto.Signer
	keyErr         error
}

type authorityCheck func(authorityView) Decision

// urgentChecks find an authority that cannot work. They do not wait for a maintenance window.
func urgentChecks() []authorityCheck {
	return []authorityCheck{
		nothingExists,
		givenUp,
		keyMissing,
		keyUnreadable,
		certificateMissing,
		certificateUnreadable,
		replacementInterrupted,
		keyOfAnotherCertificate,
		certificateExpired,
		certificateNotYetValid,
	}
}

// plannedChecks find work on an authority that still serves. They wait for a maintenance window.
func plannedChecks() []authorityCheck {
	return []authorityCheck{
		renewalForced,
		replacementForced,
		nearExpiry,
	}
}

// DecideAuthority says what a generated authority needs. The first check with an answer wins.
func DecideAuthority(state AuthorityState, policy Policy, now time.Time, inWindow bool) Decision {
	view := viewAuthority(state, policy, now)
	if decision := firstDecision(urgentChecks(), view); decision.Action != None {
		return decision
	}
	decision := firstDecision(plannedChecks(), view)
	if decision.Action != None && !inWindow {
		return Decision{Postponed, fmt.Sprintf("%s waits for a maintenance window: %s", decision.Action, decision.Reason)}
	}
	return decision
}

func firstDecision(checks []authorityCheck, view authorityView) Decision {
	for _, check := range checks {
		if decision := check(view); decision.Action != None {
			return decision
		}
	}
	return Decision{Action: None}
}

func viewAuthority(state AuthorityState, policy Policy, now time.Time) authorityView {
	view := authorityView{state: state, policy: policy, now: now}
	view.key, view.keyErr = ParseKey(state.Key)
	certificates, err := ParseCertificates(state.Certificate)
	if err != nil {
		view.certificateErr = err
		return view
	}
	view.certificate = certificates[0]
	return view
}

func nothingExists(v authorityView) Decision {
	if len(v.state.Key) > 0 || len(v.state.Certificate) > 0 {
		return Decision{Action: None}
	}
	return Decision{Create, fmt.Sprintf("there is no %s yet", v.state.Kind)}
}

// givenUp lets a person say that a key which cannot be used is lost. Its certificate stays trusted, so that nodes
// keep talking to each other until they have certificates of the new key.
func givenUp(v authorityView) Decision {
	if !v.state.ForceReplace || v.keyErr == nil && (v.certificate == nil || samePublicKey(v.certificate, v.key)) {
		return Decision{Action: None}
	}
	return Decision{ReplaceKey, fmt.Sprintf("replacement of the key of %s, which cannot be used, was asked for", v.state.Kind)}
}

// keyMissing makes no new key: whatever was issued by the lost one would become worthless, and a backup may have it.
func keyMissing(v authorityView) Decision {
	if len(v.state.Key) > 0 {
		return Decision{Action: None}
	}
	return Decision{Refused, fmt.Sprintf("%s of %s is missing, while its %s exists", KeyEntry, v.state.Kind, CertificateEntry)}
}

func keyUnreadable(v authorityView) Decision {
	if v.keyErr == nil {
		return Decision{Action: None}
	}
	return Decision{Refused, fmt.Sprintf("%s of %s cannot be read: %v", KeyEntry, v.state.Kind, v.keyErr)}
}

func certificateMissing(v authorityView) Decision {
	if len(v.state.Certificate) > 0 {
		return Decision{Action: None}
	}
	return Decision{RenewCertificate, fmt.Sprintf("%s of %s is missing", CertificateEntry, v.state.Kind)}
}

func certificateUnreadable(v authorityView) Decision {
	if v.certificateErr == nil {
		return Decision{Action: None}
	}
	return Decision{RenewCertificate, fmt.Sprintf("%s of %s cannot be read: %v", CertificateEntry, v.state.Kind, v.certificateErr)}
}

// replacementInterrupted finds a replacement that stopped between writing the two Secrets: the key's is written first
// and says that it is one generation ahead of the one that the certificate names.
func replacementInterrupted(v authorityView) Decision {
	of := keyGenerationOf(v.state.Kind, v.certificate)
	if samePublicKey(v.certificate, v.key) || of < 0 || v.state.KeyGeneration != of+1 {
		return Decision{Action: None}
	}
	return Decision{CompleteReplacement, fmt.Sprintf("a replacement of the key of %s was interrupted: generation %d of the key has no certificate yet",
		v.state.Kind, v.state.KeyGeneration)}
}

func keyOfAnotherCertificate(v authorityView) Decision {
	if samePublicKey(v.certificate, v.key) {
		return Decision{Action: None}
	}
	return Decision{Refused, fmt.Sprintf("%s of %s does not belong to its %s", KeyEntry, v.state.Kind, CertificateEntry)}
}

// certificateExpired does not wait for a window: nothing works any more that a window could protect.
func certificateExpired(v authorityView) Decision {
	if !expired(v.certificate, v.now) {
		return Decision{Action: None}
	}
	return Decision{v.actionOnExpiry(), fmt.Sprintf("%s of %s expired at %s", CertificateEntry, v.state.Kind, at(v.certificate.NotAfter))}
}

// certificateNotYetValid finds what an operator made whose clock was far ahead.
func certificateNotYetValid(v authorityView) Decision {
	if !early(v.certificate, v.now) {
		return Decision{Action: None}
	}
	return Decision{RenewCertificate, fmt.Sprintf("%s of %s is not valid before %s", CertificateEntry, v.state.Kind, at(v.certificate.NotBefore))}
}

func renewalForced(v authorityView) Decision {
	if !v.state.ForceRenew {
		return Decision{Action: None}
	}
	return Decision{RenewCertificate, fmt.Sprintf("renewal of %s was asked for", v.state.Kind)}
}

func replacementForced(v authorityView) Decision {
	if !v.state.ForceReplace {
		return Decision{Action: None}
	}
	return Decision{ReplaceKey, fmt.Sprintf("replacement of the key of %s was asked for", v.state.Kind)}
}

func nearExpiry(v authorityView) Decision {
	if !v.policy.expiring(v.certificate, v.now) {
		return Decision{Action: None}
	}
	return Decision{v.actionOnExpiry(), fmt.Sprintf("%s of %s expires at %s, within %s",
		CertificateEntry, v.state.Kind, at(v.certificate.NotAfter), spell(v.policy.RenewBefore))}
}

func (v authorityView) actionOnExpiry() Action {
	if v.policy.ReplaceKeyOnExpiry {
		return ReplaceKey
	}
	return RenewCertificate
}
