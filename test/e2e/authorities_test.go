//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/test/rotation"
)

// TestAuthoritiesOfUsers has authorities that are chains of the user's own, and a listener with a certificate of somebody else. All of them are
// replaced while clients use the cluster and nobody restarts.
func TestAuthoritiesOfUsers(t *testing.T) {
	w := newWorld(t, "own-authorities")
	nodes, users := newChain(t, "nodes 1"), newChain(t, "users 1")
	next := newChain(t, "nodes 2") // which clients come to trust before it is used
	w.supply(pki.ClusterAuthority, nodes, "0", next.certificates)
	w.supply(pki.ClientsAuthority, users, "0", nil)
	w.front(newChain(t, "front 1"))
	w.apply("own-authorities.yaml")
	w.waitReady()
	before, err := rotation.StartWatch(w.ctx, rotation.Cluster{Client: w.client, Namespace: w.namespace, Name: clusterName})
	if err != nil {
		t.Fatal(err)
	}
	w.serves(9093, "nodes 1")
	w.serves(9094, "front 1")
	w.createTopic(w.dial(), "records", 6, 3)
	load := w.startLoad("records")

	w.front(newChain(t, "front 2"))
	w.serves(9094, "front 2")

	w.supply(pki.ClusterAuthority, next, "1", nodes.certificates)
	w.serves(9093, "nodes 2")
	w.supply(pki.ClientsAuthority, newChain(t, "users 2"), "1", users.certificates)
	w.eventually("a client of the new authority is let in", func() error { return w.dial().Ping(w.ctx) })
	w.waitReady()

	load.finish()
	seen, err := before.Finish(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Restarts) > 0 || len(seen.Expired) > 0 {
		t.Errorf("restarts %v, expired %v", seen.Restarts, seen.Expired)
	}
	w.refusesOldTLS()
}

// refusesOldTLS: the cluster is configured for TLS 1.3 alone.
func (w *world) refusesOldTLS() {
	w.t.Helper()
	old := &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true}}
	connection, err := old.DialContext(w.ctx, "tcp", w.bootstrap(9094))
	if err == nil {
		defer connection.Close()
		w.t.Error("TLS 1.2 is spoken, and the configuration says TLS 1.3")
		return
	}
	if !strings.Contains(err.Error(), "protocol version") {
		w.t.Errorf("want TLS 1.2 to be refused, got %v", err)
	}
}

// chain is an authority with an intermediate certificate: the intermediate signs, the root vouches for it.
type chain struct {
	key          *ecdsa.PrivateKey
	signer       *x509.Certificate
	certificates []byte
}

func newChain(t *testing.T, name string) chain {
	t.Helper()
	rootKey, key := newKey(t), newKey(t)
	root := certify(t, authorityTemplate(name+" root"), nil, rootKey, rootKey)
	signer := certify(t, authorityTemplate(name), root, key, rootKey)
	return chain{key: key, signer: signer, certificates: append(pemOf("CERTIFICATE", signer.Raw), pemOf("CERTIFICATE", root.Raw)...)}
}

func authorityTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name, Organization: []string{"example"}}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certify signs a template with a serial number and a life of a day. Without a parent the certificate signs itself.
func certify(t *testing.T, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, time.Now().Add(-time.Minute), time.Now().Add(24*time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func keyOf(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", der)
}

// supply writes the Secrets of an authority of the user's own. Another one may be trusted beside it: the earlier, or the next.
func (w *world) supply(kind pki.Kind, authority chain, generation string, other []byte) {
	w.t.Helper()
	certificates := map[string][]byte{pki.CertificateEntry: authority.certificates}
	if other != nil {
		certificates["ca-other.crt"] = other
	}
	name := clusterName + "-" + string(kind)
	w.secret(name, v1.AnnotationCAKeyGeneration, generation, map[string][]byte{pki.KeyEntry: keyOf(w.t, authority.key)})
	w.secret(name+"-cert", v1.AnnotationCACertGeneration, generation, certificates)
}

// front writes the certificate of the listener front, for any name.
func (w *world) front(authority chain) {
	w.t.Helper()
	key := newKey(w.t)
	leaf := certify(w.t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "front"}, DNSNames: []string{"*." + w.namespace + ".svc"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, authority.signer, key, authority.key)
	w.secret("front", "example.com/of", "the user", map[string][]byte{
		"tls.crt": append(pemOf("CERTIFICATE", leaf.Raw), authority.certificates...), "tls.key": keyOf(w.t, key),
	})
}

// secret creates or replaces a Secret with the labels of the cluster.
func (w *world) secret(name, annotation, value string, data map[string][]byte) {
	w.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metaOf(w, name), Data: data}
	secret.Labels = map[string]string{v1.LabelKind: "Kafka", v1.LabelCluster: clusterName}
	secret.Annotations = map[string]string{annotation: value}
	err := w.client.Create(w.ctx, secret)
	if err == nil {
		return
	}
	var is corev1.Secret
	if err := w.client.Get(w.ctx, w.key(name), &is); err != nil {
		w.t.Fatal(err)
	}
	secret.ResourceVersion = is.ResourceVersion
	if err := w.client.Update(w.ctx, secret); err != nil {
		w.t.Fatal(err)
	}
}

// serves waits until every node shows a certificate that an authority of this name has signed.
func (w *world) serves(port int, authority string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("port %d serves what %s signed", port, authority), func() error {
		for name, pod := range w.pods() {
			served, err := w.served(fmt.Sprintf("%s:%d", pod.Status.PodIP, port))
			if err != nil {
				return err
			}
			if served.Issuer.CommonName != authority {
				return fmt.Errorf("%s serves what %s signed", name, served.Issuer.CommonName)
			}
		}
		return nil
	})
}

// served is the certificate that a port shows.
func (w *world) served(address string) (*x509.Certificate, error) {
	connection, err := (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}}).DialContext(w.ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

func (w *world) bootstrap(port int) string {
	return fmt.Sprintf("%s-kafka-bootstrap.%s.svc:%d", clusterName, w.namespace, port)
}

// TestAnOperatorThatWasAwayPastEveryEnd has every certificate of a cluster expire while there is no operator. The next one brings the cluster
// back by itself, its records too. Then Secrets are damaged; what can be made again is, and what cannot is asked for.
func TestAnOperatorThatWasAwayPastEveryEnd(t *testing.T) {
	w := newWorld(t, "away")
	w.apply("away.yaml")
	w.waitReady()
	w.createTopic(w.dial(), "records", 6, 3)
	w.produce("records", 0, 2000)
	pods := w.incarnations()

	t.Cleanup(func() { w.scaleOperator(1) })
	w.scaleOperator(0)
	w.awaitEnds()
	for name, pod := range w.pods() {
		if served, err := w.served(pod.Status.PodIP + ":9093"); err != nil || time.Now().Before(served.NotAfter) {
			t.Errorf("want %s to serve an expired certificate, got %v %v", name, served, err)
		}
	}
	w.scaleOperator(1)
	w.serveValid()
	w.expectRecords("records", 2000)
	w.waitReady()
	if diff := w.incarnations(); !slices.Equal(diff, pods) {
		t.Errorf("containers were %v, are %v", pods, diff)
	}

	w.damage("my-cluster-dual-0", func(s *corev1.Secret) { s.Data["my-cluster-dual-0.crt"] = s.Data["my-cluster-dual-0.crt"][:100] })
	w.damage("my-cluster-dual-1", func(s *corev1.Secret) { delete(s.Data, "my-cluster-dual-1.key") })
	w.damage("my-cluster-cluster-ca-cert", func(s *corev1.Secret) { s.Data[pki.CertificateEntry] = []byte("-----BEGIN CERT") })
	if err := w.client.Delete(w.ctx, &corev1.Secret{ObjectMeta: metaOf(w, "my-cluster-dual-2")}); err != nil {
		t.Fatal(err)
	}
	w.repaired()
	w.expectKeyToBeAskedFor()
	w.serveValid()
	w.expectRecords("records", 2000)
	if diff := w.incarnations(); !slices.Equal(diff, pods) {
		t.Errorf("containers were %v, are %v", pods, diff)
	}
}

// incarnations name the containers of the cluster, sorted.
func (w *world) incarnations() []string {
	w.t.Helper()
	var out []string
	for name, pod := range w.pods() {
		out = append(out, fmt.Sprintf("%s %s %d", name, pod.UID, restarts(pod)))
	}
	slices.Sort(out)
	return out
}

// awaitEnds waits until the last certificate of the cluster has ended, as its Secrets say.
func (w *world) awaitEnds() {
	w.t.Helper()
	var list corev1.SecretList
	if err := w.client.List(w.ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelCluster: clusterName}); err != nil {
		w.t.Fatal(err)
	}
	var last time.Time
	ends := 0
	for _, secret := range list.Items {
		end, err := time.Parse(time.RFC3339, secret.Annotations[v1.AnnotationNotAfter])
		if err != nil {
			continue
		}
		ends++
		if end.After(last) {
			last = end
		}
	}
	if ends != 6 { // two authorities, three nodes, the operator
		w.t.Fatalf("%d Secrets say when their certificate ends", ends)
	}
	w.t.Logf("the last certificate ends in %s", time.Until(last).Round(time.Second))
	w.eventually("every certificate has ended", func() error {
		if time.Now().Before(last.Add(2 * time.Second)) {
			return errors.New("not yet")
		}
		return nil
	})
}

// serveValid waits until a client that verifies everything is let in by every node.
func (w *world) serveValid() {
	w.t.Helper()
	w.eventually("every node serves a valid certificate", func() error {
		config := w.clientTLS("e2e")
		config.ServerName = clusterName + "-kafka-bootstrap." + w.namespace + ".svc"
		for name, pod := range w.pods() {
			connection, err := (&tls.Dialer{Config: config}).DialContext(w.ctx, "tcp", pod.Status.PodIP+":9093")
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			defer connection.Close()
		}
		return nil
	})
}

func (w *world) damage(name string, how func(*corev1.Secret)) {
	w.t.Helper()
	var secret corev1.Secret
	if err := w.client.Get(w.ctx, w.key(name), &secret); err != nil {
		w.t.Fatal(err)
	}
	before := secret.DeepCopy()
	how(&secret)
	if err := w.client.Patch(w.ctx, &secret, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// repaired waits until the Secrets hold pairs of key and certificate again.
func (w *world) repaired() {
	w.t.Helper()
	w.eventually("the Secrets are repaired", func() error {
		for name := range w.pods() {
			var secret corev1.Secret
			if err := w.client.Get(w.ctx, w.key(name), &secret); err != nil {
				return err
			}
			if _, err := tls.X509KeyPair(secret.Data[name+".crt"], secret.Data[name+".key"]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		_, err := pki.ParseCertificates(w.authority(pki.ClusterAuthority).Certificate)
		return err
	})
}

// expectKeyToBeAskedFor takes the key of the authority away: it must not be made anew while a person may have it. Then it comes back.
func (w *world) expectKeyToBeAskedFor() {
	w.t.Helper()
	var key corev1.Secret
	name := clusterName + "-" + string(pki.ClusterAuthority)
	if err := w.client.Get(w.ctx, w.key(name), &key); err != nil {
		w.t.Fatal(err)
	}
	if err := w.client.Delete(w.ctx, &key); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the key is asked for", func() error {
		for _, c := range w.kafka().Status.Conditions {
			if c.Type == v1.ConditionNotReady && strings.Contains(c.Message, name) && strings.Contains(c.Message, "restore") {
				w.t.Logf("condition: %s", c.Message)
				return nil
			}
		}
		return fmt.Errorf("conditions: %+v", w.kafka().Status.Conditions)
	})
	back := &corev1.Secret{ObjectMeta: metaOf(w, name), Data: key.Data}
	back.Labels, back.Annotations = key.Labels, key.Annotations
	if err := w.client.Create(w.ctx, back); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the cluster is ready again", func() error {
		if c := condition(w.kafka(), v1.ConditionReady); c == nil || c.Status != v1.ConditionTrue {
			return fmt.Errorf("conditions: %+v", w.kafka().Status.Conditions)
		}
		return nil
	})
	if is := w.authority(pki.ClusterAuthority).Key; !slices.Equal(is, key.Data[pki.KeyEntry]) {
		w.t.Error("the authority has another key")
	}
}
