package kafka

import (
	"fmt"
	"slices"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/pki"
)

// LauncherAddress is the host and port at which a node's launcher answers.
func (c *Cluster) LauncherAddress(n Node) string { return fmt.Sprintf("%s:%d", c.host(n), healthPort) }

// NotServed says what a node's listeners do not serve, or whom they do not trust, of what the plan gives the node. It is empty when
// the node has taken over everything.
func (c *Cluster) NotServed(n Node, certs Certificates, seen []report.Listener) (string, error) {
	for _, l := range c.tlsListeners(n, certs) {
		i := slices.IndexFunc(seen, func(s report.Listener) bool { return s.Name == l.name })
		if i < 0 {
			return fmt.Sprintf("node %s says nothing about listener %s", n.Name, l.name), nil
		}
		chain, err := pki.ParseCertificates(l.chain)
		if err != nil {
			return "", fmt.Errorf("certificate of listener %s on node %s: %w", l.name, n.Name, err)
		}
		if difference := l.missing(seen[i], chain[0].SerialNumber.Text(16)); difference != "" {
			return fmt.Sprintf("node %s, listener %s: %s", n.Name, l.name, difference), nil
		}
	}
	return "", nil
}

// tlsListener is a listener of a node with the certificates that it should go by.
type tlsListener struct {
	name         string
	chain, trust []byte
}

func (l tlsListener) missing(seen report.Listener, serial string) string {
	switch {
	case seen.Failure != "":
		return seen.Failure
	case seen.Serial != serial:
		return fmt.Sprintf("it serves the certificate with serial number %s instead of %s", seen.Serial, serial)
	case l.trust != nil && seen.Trust != (pki.Trust{Bundle: l.trust}).Digest():
		return "it does not go by the present trusted certificates"
	}
	return ""
}

func (c *Cluster) tlsListeners(n Node, certs Certificates) []tlsListener {
	own := certs.Nodes[n.Name].CertPEM
	var out []tlsListener
	if n.Controller {
		out = append(out, tlsListener{controlName, own, certs.ClusterTrust})
	}
	if !n.Broker {
		return out
	}
	out = append(out, tlsListener{replicationName, own, certs.ClusterTrust})
	for _, l := range c.Listeners {
		if l.Spec.TLS {
			out = append(out, c.userListener(l, own, certs.ClientsTrust))
		}
	}
	return out
}

func (c *Cluster) userListener(l listener.Listener, own, clientsTrust []byte) tlsListener {
	out := tlsListener{name: l.KafkaName(), chain: own}
	if user, exists := c.certificates[l.ID()]; exists {
		out.chain = user.chain
	}
	if l.Authentication() == v1.ListenerAuthenticationTLS {
		out.trust = clientsTrust
	}
	return out
}

// Internal sums up what a node was seen to do on the listeners that nodes use among themselves. It is false if they differ, or
// did not answer.
func Internal(seen []report.Listener) (pki.Served, bool) {
	var out pki.Served
	found := false
	for _, l := range seen {
		if l.Name != controlName && l.Name != replicationName {
			continue
		}
		one := pki.Served{Serial: l.Serial, NotAfter: l.NotAfter, Trust: l.Trust}
		if l.Failure != "" || found && one != out {
			return pki.Served{}, false
		}
		out, found = one, true
	}
	return out, found
}
