package credential

import (
	"fmt"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
)

// Deed is what has to happen to a Secret.
type Deed string

const (
	// Keep leaves it as it is.
	Keep Deed = "Keep"
	// Complete keeps the credentials, and makes what else is to be in the Secret.
	Complete Deed = "Complete"
	// Issue makes new credentials.
	Issue Deed = "Issue"
)

// Decision is a deed with its reason, written for a person. To keep has a reason where something waits, or is asked for in vain.
type Decision struct {
	Deed   Deed
	Reason string
	// Postponed is set when new credentials are due but have to wait, for a maintenance window or for others to trust a new key.
	Postponed bool
	// Look is when time alone may change the decision, but for the opening of a maintenance window; zero for never. What was made is to be
	// decided about again.
	Look time.Time
}

// Moment is when it is decided, and what holds then.
type Moment struct {
	Now time.Time
	// WindowOpen tells whether a maintenance window is open.
	WindowOpen bool
	// Unreachable tells that Kafka would not get a new password now: one that works is not replaced.
	Unreachable bool
}

// view is what the checks look at.
type view struct {
	kept    Kept
	wish    Wish
	trusted Trusted
	moment  Moment
}

// check returns why something has to happen, or nothing.
type check func(view) string

func firstReason(checks []check, v view) string {
	for _, c := range checks {
		if reason := c(v); reason != "" {
			return reason
		}
	}
	return ""
}

// Decide says whether the Secret is as wished. The first check with an answer wins, those for new credentials before the others.
func Decide(kept Kept, wish Wish, trusted Trusted, moment Moment) Decision {
	v := view{kept, wish, trusted, moment}
	decide := decidePassword
	if wish.certified() {
		decide = decideCertificate
	}
	decision := decide(v)
	if decision.Deed == Issue {
		return decision
	}
	if reason := firstReason(incompleteChecks(), v); reason != "" {
		decision.Deed, decision.Reason = Complete, reason
	}
	return decision
}

// incompleteChecks find entries that are not as they should be beside credentials that are.
func incompleteChecks() []check {
	return []check{
		entriesMissing,
		entriesSurplus,
		authorityDiffers,
		loginDiffers,
		ageUnknown,
		renewalOfSupplied,
	}
}

func entriesMissing(v view) string {
	missing := v.wish.entries() &^ v.kept.entries
	if missing == 0 {
		return ""
	}
	return fmt.Sprintf("missing: %s", missing)
}

func entriesSurplus(v view) string {
	surplus := v.kept.entries &^ v.wish.entries()
	if surplus == 0 {
		return ""
	}
	return fmt.Sprintf("not wanted any more: %s", surplus)
}

// authorityDiffers leaves a certificate of an earlier key together with the authority that vouches for it.
func authorityDiffers(v view) string {
	if !v.wish.certified() || !v.trusted.present[v.kept.signer] || v.kept.authority == v.trusted.certificate {
		return ""
	}
	return fmt.Sprintf("%s is not the present one of %s", entryAuthority, v.trusted.name)
}

func loginDiffers(v view) string {
	if v.wish.certified() || v.kept.login == digestOf(quoted(v.wish.Username)) {
		return ""
	}
	return fmt.Sprintf("%s does not fit the username and the password", entryLogin)
}

// ageUnknown lets a password of which nobody knows when it was made count from now on.
func ageUnknown(v view) string {
	if v.wish.certified() || v.wish.supplied() || v.wish.RotateAfter == 0 {
		return ""
	}
	if _, known := v.made(); known {
		return ""
	}
	return fmt.Sprintf("the Secret does not say since when the password is in use (%s)", v1.AnnotationIssuedAt)
}

func renewalOfSupplied(v view) string {
	if !v.wish.supplied() || !v.kept.renewalAsked {
		return ""
	}
	return inVain(v1.AnnotationForceRenew)
}

// askedChecks find credentials that work, and that somebody wants replaced.
func askedChecks() []check {
	return []check{renewalAsked, rotationAsked, tooOld}
}

func renewalAsked(v view) string {
	if !v.kept.renewalAsked {
		return ""
	}
	return "renewal was asked for with " + v1.AnnotationForceRenew
}

func rotationAsked(v view) string {
	if v.wish.Rotate == "" || v.kept.rotated == digestOf(v.wish.Rotate) {
		return ""
	}
	return "rotation was asked for with " + v1.AnnotationRotate
}

func tooOld(v view) string {
	due := v.rotation()
	if due.IsZero() || v.moment.Now.Before(due) {
		return ""
	}
	return fmt.Sprintf("the credentials are older than %s", v.wish.RotateAfter)
}

// rotation is when the credentials get too old; zero for never.
func (v view) rotation() time.Time {
	made, known := v.made()
	if v.wish.RotateAfter == 0 || !known {
		return time.Time{}
	}
	return made.Add(v.wish.RotateAfter)
}

// made is when the credentials were made. A certificate tells by itself; of a password an annotation does, unless it tells of the future.
func (v view) made() (time.Time, bool) {
	if v.wish.certified() {
		return time.Unix(v.kept.notBefore, 0).Add(pki.ClockSkew), true
	}
	at := time.Unix(v.kept.issuedAt, 0)
	return at, v.kept.issuedAt != 0 && !at.After(v.moment.Now.Add(pki.ClockSkew))
}

// earliest is the first of the times that are known.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
