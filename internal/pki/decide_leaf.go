package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// LeafDecision says whether a leaf has to be issued (anew), with the reason, written for a person. Postponed is set
// when a leaf is due but has to wait, for a maintenance window or for nodes to trust a new key; it is then kept.
type LeafDecision struct {
	Issue     bool
	Postponed bool
	Reason    string
	// Until is when the wait of a postponed leaf is over; zero if that is not known beforehand.
	Until time.Time
}

// Moment is when a leaf is decided about, and what holds then.
type Moment struct {
	Now time.Time
	// WindowOpen tells whether a maintenance window is open.
	WindowOpen bool
	// Awaits says why leaves of a new key must not be issued yet, as AwaitTrust does; empty when they may.
	Awaits string
}

// leafView is what the checks look at, parsed once.
type leafView struct {
	stored   Leaf
	wanted   LeafRequest
	trust    Trust
	moment   Moment
	issuer   *x509.Certificate
	trusted  []*x509.Certificate
	chain    []*x509.Certificate
	chainErr error
}

// leafCheck returns why the leaf must be issued anew, or nothing.
type leafCheck func(leafView) string

// brokenLeafChecks find a leaf that cannot work. It is issued anew whatever the moment is.
func brokenLeafChecks() []leafCheck {
	return []leafCheck{
		leafMissing,
		leafUnreadable,
		leafKeyWrong,
		leafExpired,
		leafNotYetValid,
	}
}

// wrongLeafChecks find a leaf that works and is not what is wanted.
func wrongLeafChecks() []leafCheck {
	return []leafCheck{
		leafGenerationDiffers,
		leafSignerDiffers,
		leafSubjectDiffers,
		leafNamesDiffer,
		leafChainIncomplete,
	}
}

// DecideLeaf says whether the stored leaf is what is wanted of the issuer. The first check with an answer wins.
// Only the approaching end of a leaf waits for a maintenance window. An issuer that cannot be read keeps every leaf:
// nothing could be issued from it anyway, and issuing tells the error.
func DecideLeaf(stored Leaf, wanted LeafRequest, trust Trust, moment Moment) LeafDecision {
	issuer, err := ParseCertificates(trust.Certificate)
	if err != nil && len(stored.Certificate) > 0 {
		return LeafDecision{}
	}
	view := leafView{stored: stored, wanted: wanted, trust: trust, moment: moment}
	if err == nil {
		view.issuer = issuer[0]
	}
	view.trusted, _ = ParseCertificates(trust.Bundle) // without any, no earlier key vouches for the leaf
	view.chain, view.chainErr = ParseCertificates(stored.Certificate)
	if reason := firstReason(brokenLeafChecks(), view); reason != "" {
		return LeafDecision{Issue: true, Reason: reason}
	}
	if reason, until := awaitsTrust(view); reason != "" {
		return LeafDecision{Postponed: true, Reason: reason, Until: until}
	}
	if reason := firstReason(wrongLeafChecks(), view); reason != "" {
		return LeafDecision{Issue: true, Reason: reason}
	}
	return decideExpiry(view)
}

func firstReason(checks []leafCheck, view leafView) string {
	for _, check := range checks {
		if reason := check(view); reason != "" {
			return reason
		}
	}
	return ""
}

// awaitsTrust keeps a leaf of an earlier key that everybody trusts, as long as not everybody trusts the new key. Once
// nothing vouches for the leaf any more, there is nothing to wait for.
func awaitsTrust(v leafView) (reason string, until time.Time) {
	leaf := v.chain[0]
	awaits := v.moment.Awaits
	if awaits == "" {
		awaits, until = awaitsClients(v)
	}
	if awaits == "" || leaf.CheckSignatureFrom(v.issuer) == nil {
		return "", time.Time{}
	}
	vouches := func(c *x509.Certificate) bool { return !expired(c, v.moment.Now) && leaf.CheckSignatureFrom(c) == nil }
	if !slices.ContainsFunc(v.trusted, vouches) {
		return "", time.Time{}
	}
	return "the certificate of the earlier key stays: " + awaits, until
}

// awaitsClients gives those who read the trusted certificates from Secrets the time to notice a new key. Nobody tells when they have.
// A leaf that nears its end has no time to give. Who replaces an authority of their own decides by themselves when clients know it.
func awaitsClients(v leafView) (reason string, until time.Time) {
	if v.trust.Supplied {
		return "", time.Time{}
	}
	until = Spread(v.issuer)
	if late := v.wanted.Latest(v.chain[0].NotAfter); late.Before(until) {
		until = late
	}
	if !v.moment.Now.Before(until) {
		return "", time.Time{}
	}
	return fmt.Sprintf("clients have until %s to trust the present key", at(until)), until
}

func decideExpiry(v leafView) LeafDecision {
	leaf := v.chain[0]
	if !v.wanted.expiring(leaf, v.moment.Now) {
		return LeafDecision{}
	}
	reason := fmt.Sprintf("the certificate expires at %s, within %s", at(leaf.NotAfter), spell(v.wanted.RenewBefore))
	// A life of minutes may see no window at all.
	if latest := v.wanted.Latest(leaf.NotAfter); !v.moment.WindowOpen && v.moment.Now.Before(latest) {
		return LeafDecision{Postponed: true, Reason: "renewal waits for a maintenance window: " + reason, Until: latest}
	}
	return LeafDecision{Issue: true, Reason: reason}
}

func leafMissing(v leafView) string {
	if len(v.stored.Certificate) == 0 {
		return "the certificate is missing"
	}
	if len(v.stored.Key) == 0 {
		return "the key is missing"
	}
	return ""
}

func leafUnreadable(v leafView) string {
	if v.chainErr == nil {
		return ""
	}
	return fmt.Sprintf("the certificate cannot be read: %v", v.chainErr)
}

func leafKeyWrong(v leafView) string {
	key, err := ParseKey(v.stored.Key)
	if err != nil {
		return fmt.Sprintf("the key cannot be read: %v", err)
	}
	if !samePublicKey(v.chain[0], key) {
		return "the key does not belong to the certificate"
	}
	return ""
}

func leafExpired(v leafView) string {
	if !expired(v.chain[0], v.moment.Now) {
		return ""
	}
	return "the certificate expired at " + at(v.chain[0].NotAfter)
}

func leafNotYetValid(v leafView) string {
	if !early(v.chain[0], v.moment.Now) {
		return ""
	}
	return "the certificate is not valid before " + at(v.chain[0].NotBefore)
}

func leafGenerationDiffers(v leafView) string {
	if v.stored.AuthorityGeneration == v.trust.Generation {
		return ""
	}
	return fmt.Sprintf("it was issued by generation %d of %s, the current one is %d",
		v.stored.AuthorityGeneration, v.trust.Name, v.trust.Generation)
}

func leafSignerDiffers(v leafView) string {
	if v.chain[0].CheckSignatureFrom(v.issuer) == nil {
		return ""
	}
	return fmt.Sprintf("it was not signed by the current %s", v.trust.Name)
}

func leafSubjectDiffers(v leafView) string {
	have, want := v.chain[0].Subject.String(), leafSubject(v.wanted).String()
	if have == want {
		return ""
	}
	return fmt.Sprintf("the subject is %s instead of %s", have, want)
}

func leafNamesDiffer(v leafView) string {
	have := nameSet(v.chain[0].DNSNames, v.chain[0].IPAddresses)
	want := nameSet(splitNames(v.wanted.Names))
	missing := without(want, have)
	surplus := without(have, want)
	if len(missing)+len(surplus) == 0 {
		return ""
	}
	return fmt.Sprintf("the alternative names differ: missing [%s], surplus [%s]",
		strings.Join(missing, " "), strings.Join(surplus, " "))
}

func leafChainIncomplete(v leafView) string {
	if !v.wanted.Chain {
		return ""
	}
	isAuthority := func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, v.issuer.Raw) }
	if slices.ContainsFunc(v.chain[1:], isAuthority) {
		return ""
	}
	return fmt.Sprintf("the stored chain lacks the certificate of %s", v.trust.Name)
}

func nameSet(names []string, addresses []net.IP) []string {
	set := slices.Clone(names)
	for _, address := range addresses {
		set = append(set, address.String())
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}
