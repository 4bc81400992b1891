package kafka

import (
	"crypto/tls"
	"fmt"
	"strconv"
	"strings"
	"time"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// Certificates are what a plan needs besides the cluster.
type Certificates struct {
	// ClusterCACertGeneration and ClusterCAKeyGeneration count the certificates and keys of the cluster's authority.
	ClusterCACertGeneration, ClusterCAKeyGeneration int
	// ClientsCACertGeneration counts the certificates of the clients' authority.
	ClientsCACertGeneration int
	// Nodes maps the name of every node to its certificate.
	Nodes map[string]NodeCertificate
	// ClusterTrust and ClientsTrust are all certificates to trust of either authority, concatenated PEM.
	ClusterTrust, ClientsTrust []byte
}

// NodeCertificate is the certificate of one node.
type NodeCertificate struct {
	// CertPEM is the leaf followed by its authority, KeyPEM the PKCS#8 key.
	CertPEM, KeyPEM []byte
	// Hash is the SHA-1 fingerprint of the leaf, 40 hex digits.
	Hash string
	// Generation of the authority's certificate that signed the leaf: pki.Leaf.AuthorityGeneration. While a new key of the
	// authority spreads it is older than ClusterCACertGeneration.
	Generation int
}

// listenerCertificate is the user's own certificate for a listener.
type listenerCertificate struct {
	chain, key []byte
	thumbprint string
}

// resolveCertificates reads the users' own certificates.
func (r *resolution) resolveCertificates() {
	r.cluster.certificates = map[string]listenerCertificate{}
	for _, l := range r.cluster.Listeners {
		source := l.Certificate()
		if source == nil || source.SecretName == "" {
			continue
		}
		certificate, err := r.readCertificate(l, *source)
		if err != nil {
			r.problems.add(v1.ReasonInvalidResource, err.Error())
			continue
		}
		r.cluster.certificates[l.ID()] = certificate
	}
}

func (r *resolution) readCertificate(l listener.Listener, source v1.CertAndKeySecretSource) (listenerCertificate, error) {
	at := l.Path + ".configuration.brokerCertChainAndKey"
	secret, exists := r.in.Seen.Secrets[source.SecretName]
	if !exists {
		return listenerCertificate{}, fmt.Errorf("Secret %s with custom TLS certificate does not exist: %s.secretName must name a Secret in namespace %s", source.SecretName, at, r.cluster.Namespace)
	}
	chain, hasChain := secret[source.Certificate]
	if !hasChain {
		return listenerCertificate{}, fmt.Errorf("Secret %s does not contain certificate under the key %s (%s.certificate)", source.SecretName, source.Certificate, at)
	}
	key, hasKey := secret[source.Key]
	if !hasKey {
		return listenerCertificate{}, fmt.Errorf("Secret %s does not contain custom certificate private key under the key %s (%s.key)", source.SecretName, source.Key, at)
	}
	thumbprint, err := pki.ShortFingerprint(chain)
	if err != nil {
		return listenerCertificate{}, fmt.Errorf("Secret %s: key %s does not hold a certificate in PEM (%s.certificate): %w", source.SecretName, source.Certificate, at, err)
	}
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		return listenerCertificate{}, fmt.Errorf("Secret %s: key %s does not hold the private key, in PEM and without password, of the certificate under the key %s (%s): %w", source.SecretName, source.Key, source.Certificate, at, err)
	}
	if key, err = pki.PKCS8(key); err != nil {
		return listenerCertificate{}, fmt.Errorf("Secret %s: key %s: %w (%s.key)", source.SecretName, source.Key, err, at)
	}
	return listenerCertificate{chain: chain, key: key, thumbprint: thumbprint}, nil
}

// thumbprints tells the users' own certificates apart; empty when there are none.
func (c *Cluster) thumbprints() string {
	var prints []string
	for _, l := range c.Listeners {
		if own, exists := c.certificates[l.ID()]; exists {
			prints = append(prints, l.Spec.Name+"="+own.thumbprint)
		}
	}
	if len(prints) == 0 {
		return ""
	}
	return "{" + strings.Join(prints, ", ") + "}"
}

// LeafRequests maps the name of every node to the certificate that it needs.
func (c *Cluster) LeafRequests() map[string]pki.LeafRequest {
	requests := make(map[string]pki.LeafRequest, len(c.Nodes))
	for _, n := range c.Nodes {
		requests[n.Name] = pki.LeafRequest{
			CommonName: c.Name + "-kafka", Organization: pki.Organization,
			Names: c.names(n), Key: c.leafKey(), Chain: true, Lifetime: c.Leaves.Lifetime,
		}
	}
	return requests
}

// leafKey is what was asked for. Otherwise it is ECDSA unless all cipher suites that the user allows, but for those of TLS 1.3 that go with any key, need RSA.
func (c *Cluster) leafKey() pki.KeyAlgorithm {
	if c.Leaves.Key != nil {
		return *c.Leaves.Key
	}
	allowed := c.options["ssl.cipher.suites"]
	if strings.Contains(allowed, "_RSA_") && !strings.Contains(allowed, "_ECDSA_") {
		return pki.RSA2048
	}
	return pki.ECDSAP256
}

// names are all names under which a node is reached over TLS.
func (c *Cluster) names(n Node) []string {
	names := append(c.serviceNames(bootstrapEndpoint(c.Name)), c.serviceNames(c.nodesEndpoint())...)
	names = append(names, c.host(n)+"."+c.settings.DNSDomain, c.host(n))
	if !n.Broker {
		return names
	}
	for i, l := range c.Listeners {
		names = append(names, l.Bootstrap().AlternativeNames...)
		if !l.Spec.TLS {
			continue
		}
		if !l.Internal() {
			names = append(names, c.serviceNames(l.BootstrapName(c.Name))...)
			names = append(names, c.serviceNames(l.BrokerName(c.pool(n.Pool).Set, n.ID))...)
		}
		if host := l.AdvertisedHost(listener.Broker{ID: n.ID, Name: n.Name}); host != "" {
			names = append(names, c.addresses[n.ID][i].host)
		}
	}
	return names
}

// serviceNames are the names of an endpoint inside the platform, from short to full.
func (c *Cluster) serviceNames(endpoint string) []string {
	local := endpoint + "." + c.Namespace
	return []string{endpoint, local, local + ".svc", local + ".svc." + c.settings.DNSDomain}
}

// secrets are what the nodes trust, and each node's own key and certificate.
func (c *Cluster) secrets(certs Certificates) []plan.Secret {
	list := []plan.Secret{{
		Name:      TrustSecret(c.Name),
		Component: plan.Component{Type: v1.ComponentTrustBundle, Name: v1.NameStrimzi},
		Data:      map[string][]byte{ClusterTrust: certs.ClusterTrust, ClientsTrust: certs.ClientsTrust},
		Facts: map[string]string{
			v1.AnnotationClusterCACertGeneration: strconv.Itoa(certs.ClusterCACertGeneration),
			v1.AnnotationClientsCACertGeneration: strconv.Itoa(certs.ClientsCACertGeneration),
		},
	}}
	for _, n := range c.Nodes {
		own := certs.Nodes[n.Name]
		data := map[string][]byte{n.Name + ".crt": own.CertPEM, n.Name + ".key": own.KeyPEM}
		for id, certificate := range c.certificates {
			data[id+".crt"], data[id+".key"] = certificate.chain, certificate.key
		}
		list = append(list, plan.Secret{
			Name: n.Name, Data: data,
			Facts: WithEnd(map[string]string{v1.AnnotationClusterCACertGeneration: strconv.Itoa(own.Generation)}, own.CertPEM),
		})
	}
	return list
}

// WithEnd adds to the facts of a Secret when its certificate (PEM, a chain begins with it) ends. One that cannot be read has no end.
func WithEnd(facts map[string]string, certificate []byte) map[string]string {
	if chain, err := pki.ParseCertificates(certificate); err == nil && len(chain) > 0 {
		facts[v1.AnnotationNotAfter] = chain[0].NotAfter.UTC().Format(time.RFC3339)
	}
	return facts
}

func (c *Cluster) trustSecret() string { return TrustSecret(c.Name) }

// TrustSecret names the secret with what the nodes of a cluster trust.
func TrustSecret(cluster string) string { return cluster + "-trustbundle" }

// ClusterTrust and ClientsTrust are the entries of that secret: what nodes trust of each other and of the operator, and
// what they trust of clients.
const (
	ClusterTrust = clusterTrust
	ClientsTrust = clientsTrust
)
