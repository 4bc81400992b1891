package credential

import (
	"crypto/x509/pkix"
	"fmt"
	"time"

	"castellan.io/castellan/internal/pki"
)

// brokenChecks find a certificate that does not work, or is not this user's. It is issued anew whatever the moment is.
func brokenChecks() []check {
	return []check{
		certificateMissing,
		certificateUnreadable,
		keyWrong,
		subjectDiffers,
		requestDiffers,
		certificateExpired,
		certificateNotYetValid,
	}
}

// decideCertificate follows pki.DecideLeaf: only the approaching end of a certificate waits for a maintenance window, and past its end nothing does.
func decideCertificate(v view) Decision {
	if reason := firstReason(brokenChecks(), v); reason != "" {
		return Decision{Deed: Issue, Reason: reason}
	}
	if until := v.awaitsTrust(); !until.IsZero() {
		reason := fmt.Sprintf("the certificate of the earlier key stays: clients have until %s to trust the present key", stamp(until))
		return Decision{Deed: Keep, Postponed: true, Reason: reason, Look: until}
	}
	if reason := firstReason(append([]check{signerDiffers}, askedChecks()...), v); reason != "" {
		return Decision{Deed: Issue, Reason: reason}
	}
	return decideExpiry(v)
}

// awaitsTrust is until when a certificate of an earlier key that is still trusted stays, because the present one may not be trusted everywhere
// yet; zero if there is nothing to wait for. A certificate that nears its end has no time to give.
func (v view) awaitsTrust() time.Time {
	if v.trusted.present[v.kept.signer] || !v.trusted.vouches(v.kept.signer, v.moment.Now) {
		return time.Time{}
	}
	until := v.trusted.known
	if late := v.wish.Latest(v.kept.NotAfter()); late.Before(until) {
		until = late
	}
	if !v.moment.Now.Before(until) {
		return time.Time{}
	}
	return until
}

func decideExpiry(v view) Decision {
	end := v.kept.NotAfter()
	renewal := v.wish.Renewal(end)
	if v.moment.Now.Before(renewal) {
		return Decision{Deed: Keep, Look: earliest(renewal, v.rotation())}
	}
	reason := fmt.Sprintf("the certificate expires at %s, its renewal is due since %s", stamp(end), stamp(renewal))
	latest := v.wish.Latest(end) // a life of minutes may see no window at all
	if v.moment.WindowOpen || !v.moment.Now.Before(latest) {
		return Decision{Deed: Issue, Reason: reason}
	}
	return Decision{Deed: Keep, Postponed: true, Reason: "renewal waits for a maintenance window: " + reason, Look: earliest(latest, v.rotation())}
}

func certificateMissing(v view) string {
	needed := v.wish.entries() & (certificate | key)
	missing := needed &^ v.kept.entries
	switch missing {
	case 0:
		return ""
	case needed:
		return "there is no certificate yet"
	default:
		return fmt.Sprintf("missing: %s", missing)
	}
}

func certificateUnreadable(v view) string {
	unreadable := v.kept.unreadable & v.wish.entries()
	if unreadable == 0 {
		return ""
	}
	return fmt.Sprintf("cannot be read: %s", unreadable)
}

func keyWrong(v view) string {
	if v.kept.belongs || !v.wish.entries().has(key) {
		return ""
	}
	return fmt.Sprintf("%s does not belong to %s", entryKey, entryCertificate)
}

func subjectDiffers(v view) string {
	want := pkix.Name{CommonName: v.wish.Username}.String()
	if v.kept.subject == want {
		return ""
	}
	return fmt.Sprintf("the subject is %s instead of %s", v.kept.subject, want)
}

func requestDiffers(v view) string {
	if v.wish.Request == nil || v.wish.Request.digest == v.kept.publicKey {
		return ""
	}
	return "the certificate is not for the key of the user's request"
}

func certificateExpired(v view) string {
	if !v.moment.Now.After(v.kept.NotAfter()) {
		return ""
	}
	return "the certificate expired at " + stamp(v.kept.NotAfter())
}

func certificateNotYetValid(v view) string {
	begin := time.Unix(v.kept.notBefore, 0)
	if !begin.After(v.moment.Now.Add(pki.ClockSkew)) {
		return ""
	}
	return "the certificate is not valid before " + stamp(begin)
}

func signerDiffers(v view) string {
	if v.trusted.present[v.kept.signer] {
		return ""
	}
	return fmt.Sprintf("it was not signed by the present %s", v.trusted.name)
}
