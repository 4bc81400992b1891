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
// when a leaf nears its end but has to wait for a maintenance window; it is then kept.
type LeafDecision struct {
	Issue     bool
	Postponed bool
	Reason    string
}

// leafView is what the checks look at, parsed once.
type leafView struct {
	stored    Leaf
	wanted    LeafRequest
	issuer    Authority
	authority *x509.Certificate
	chain     []*x509.Certificate
	chainErr  error
}

// leafCheck returns why the leaf must be issued anew, or nothing.
type leafCheck func(leafView) string

func leafChecks() []leafCheck {
	return []leafCheck{
		leafMissing,
		leafUnreadable,
		leafKeyWrong,
		leafGenerationDiffers,
		leafSignerDiffers,
		leafSubjectDiffers,
		leafNamesDiffer,
		leafChainIncomplete,
	}
}

// DecideLeaf says whether the stored leaf is what is wanted from the issuer. The first check with an answer wins.
// Only the approaching end of a leaf waits for a maintenance window. An issuer that cannot be read keeps every leaf:
// nothing could be issued from it anyway, and IssueLeaf tells the error.
func DecideLeaf(stored Leaf, wanted LeafRequest, issuer Authority, now time.Time, inWindow bool) LeafDecision {
	authority, err := ParseCertificates(issuer.Certificate)
	if err != nil && len(stored.Certificate) > 0 {
		return LeafDecision{}
	}
	view := leafView{stored: stored, wanted: wanted, issuer: issuer}
	if err == nil {
		view.authority = authority[0]
	}
	view.chain, view.chainErr = ParseCertificates(stored.Certificate)
	for _, check := range leafChecks() {
		if reason := check(view); reason != "" {
			return LeafDecision{Issue: true, Reason: reason}
		}
	}
	return decideExpiry(view, now, inWindow)
}

func decideExpiry(v leafView, now time.Time, inWindow bool) LeafDecision {
	leaf := v.chain[0]
	if !v.wanted.expiring(leaf, now) {
		return LeafDecision{}
	}
	reason := fmt.Sprintf("the certificate expires at %s, within %d days",
		leaf.NotAfter.UTC().Format(time.RFC3339), v.wanted.RenewalDays)
	if !inWindow {
		return LeafDecision{Postponed: true, Reason: "renewal waits for a maintenance window: " + reason}
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

func leafGenerationDiffers(v leafView) string {
	if v.stored.AuthorityGeneration == v.issuer.CertificateGeneration {
		return ""
	}
	return fmt.Sprintf("it was issued by generation %d of %s, the current one is %d",
		v.stored.AuthorityGeneration, v.issuer.Kind, v.issuer.CertificateGeneration)
}

func leafSignerDiffers(v leafView) string {
	if v.chain[0].CheckSignatureFrom(v.authority) == nil {
		return ""
	}
	return fmt.Sprintf("it was not signed by the current %s", v.issuer.Kind)
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
	isAuthority := func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, v.authority.Raw) }
	if slices.ContainsFunc(v.chain[1:], isAuthority) {
		return ""
	}
	return fmt.Sprintf("the stored chain lacks the certificate of %s", v.issuer.Kind)
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
