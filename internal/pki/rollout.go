package pki

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// Clients notice a new key within longestSpread: the kubelet brings a changed Secret to their files within a minute and a half, and
// they may look at the files every now and then. An authority with a short life leaves them a part of it, one in spreadPart.
const (
	longestSpread = 5 * time.Minute
	spreadPart    = 8
)

// Spread is until when some clients may not trust an authority yet.
func Spread(authority *x509.Certificate) time.Time {
	made := authority.NotBefore.Add(ClockSkew)
	return made.Add(min(longestSpread, authority.NotAfter.Sub(made)/spreadPart))
}

// RunningNode is a node that exists.
type RunningNode struct {
	Name string
	// Served is what the node was seen to serve and to trust; nil when that is not known.
	Served *Served
	// Leaf is the PEM of the certificate that was issued to the node.
	Leaf []byte
}

// trusts tells whether a node was seen to trust all that is to be trusted.
func (n RunningNode) trusts(t Trust) bool { return n.Served != nil && n.Served.Trust == t.Digest() }

// serves tells whether a node was seen to serve its present leaf, and that leaf is of the present key.
func (n RunningNode) serves(t Trust) bool {
	leaf, err := ParseCertificates(n.Leaf)
	if err != nil {
		return false
	}
	present, err := ParseCertificates(t.Certificate)
	if err != nil || leaf[0].CheckSignatureFrom(present[0]) != nil {
		return false
	}
	return n.Served != nil && n.Served.Serial == leaf[0].SerialNumber.Text(16)
}

// AwaitTrust says why leaves of a new key must not be issued yet: some node would refuse whoever shows one. Empty when
// all nodes were seen to trust the present bundle; nodes that do not exist will start with it.
func AwaitTrust(t Trust, nodes []RunningNode) string {
	for _, n := range nodes {
		if !n.trusts(t) {
			return fmt.Sprintf("node %s was not seen to trust the present certificates of %s", n.Name, t.Name)
		}
	}
	return ""
}

// CutOff tells whether a leaf that still holds, and so does the chain that it is shown with, is vouched for by none of what
// is trusted: whoever goes on showing it is refused.
func CutOff(leaf Leaf, t Trust, now time.Time) bool {
	chain, err := ParseCertificates(leaf.Certificate)
	if err != nil {
		return false
	}
	trusted, err := ParseCertificates(t.Bundle)
	if err != nil {
		return false
	}
	ended := func(c *x509.Certificate) bool { return expired(c, now) }
	vouches := func(c *x509.Certificate) bool { return chain[0].CheckSignatureFrom(c) == nil }
	return !slices.ContainsFunc(chain, ended) && !slices.ContainsFunc(trusted, vouches)
}

// AwaitService says why the certificates of earlier keys are still needed: some node may still show a leaf of one, or
// trust by one. Empty when every node was seen to serve a leaf of the present key and to trust the present bundle. Where no node
// runs there is nobody to see, and no hurry.
func AwaitService(t Trust, nodes []RunningNode) string {
	if len(nodes) == 0 {
		return "no node runs"
	}
	if awaits := AwaitTrust(t, nodes); awaits != "" {
		return awaits
	}
	for _, n := range nodes {
		if !n.serves(t) {
			return fmt.Sprintf("node %s was not seen to serve a certificate of the present key", n.Name)
		}
	}
	return ""
}
