//go:build apiserver

package kafka_test

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
)

const (
	clusterKey, clusterCertificate = "one-cluster-ca", "one-cluster-ca-cert"
	clientsKey, clientsCertificate = "one-clients-ca", "one-clients-ca-cert"
)

// newCertifiedWorld has a cluster that serves and makes keys at once.
func newCertifiedWorld(t *testing.T, annotations ...string) *world {
	t.Helper()
	w := newWorld(t, combined(1))
	w.annotate(t, append([]string{v1.AnnotationCAKeyAlgorithm, "ECDSA-P256"}, annotations...)...)
	w.settle(t)
	return w
}

func (w *world) annotate(t *testing.T, pairs ...string) {
	t.Helper()
	w.edit(t, func(k *v1.Kafka) {
		for i := 0; i < len(pairs); i += 2 {
			if k.Annotations == nil {
				k.Annotations = map[string]string{}
			}
			k.Annotations[pairs[i]] = pairs[i+1]
		}
	})
}

func (w *world) editSecret(t *testing.T, name string, edit func(*corev1.Secret)) {
	t.Helper()
	s := w.secret(t, name)
	edit(s)
	must(t, api.Update(t.Context(), s))
}

func (w *world) ask(t *testing.T, secret, annotation string) {
	t.Helper()
	w.editSecret(t, secret, func(s *corev1.Secret) { s.Annotations[annotation] = "true" })
}

// certified is what Secrets say about one authority.
type certified struct {
	KeyGeneration, Generation, LeafGeneration string
	SameKey, SameCertificate                  bool
	Old                                       int
	Asked                                     bool
}

func (w *world) certified(t *testing.T, before map[string]map[string][]byte) certified {
	t.Helper()
	key, certificate := w.secret(t, clusterKey), w.secret(t, clusterCertificate)
	out := certified{
		KeyGeneration: key.Annotations[v1.AnnotationCAKeyGeneration], Generation: certificate.Annotations[v1.AnnotationCACertGeneration],
		LeafGeneration:  w.secret(t, "one-both-0").Annotations[v1.AnnotationClusterCACertGeneration],
		SameKey:         bytes.Equal(key.Data["ca.key"], before[clusterKey]["ca.key"]),
		SameCertificate: bytes.Equal(certificate.Data["ca.crt"], before[clusterCertificate]["ca.crt"]),
		Asked:           key.Annotations[v1.AnnotationForceReplace] != "" || certificate.Annotations[v1.AnnotationForceRenew] != "",
	}
	for name := range certificate.Data {
		if strings.HasSuffix(name, ".crt") && name != "ca.crt" {
			out.Old++
		}
	}
	leaf, authority := parsed(t, w.secret(t, "one-both-0").Data["one-both-0.crt"]), parsed(t, certificate.Data["ca.crt"])
	if out.LeafGeneration == out.Generation && leaf.CheckSignatureFrom(authority) != nil {
		t.Error("the leaf is not signed by the authority whose generation it has")
	}
	return out
}

// told are the reasons of events about certificates since the cluster was made.
func (w *world) told(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, e := range w.events(t, v1.CertificateEventAction) {
		equal(t, "what the event is about", []string{"Kafka", "one", "Normal"}, []string{e.Regarding.Kind, e.Regarding.Name, e.Type})
		if strings.Contains(e.Note, "PRIVATE KEY") {
			t.Error("an event shows a key")
		}
		out = append(out, e.Reason)
	}
	return slices.Compact(sorted(out))
}

func TestAPersonCanHaveAnAuthorityRenewed(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	w.editSecret(t, clusterCertificate, func(s *corev1.Secret) { s.Annotations["example.com/mine"] = "stays" })
	w.ask(t, clusterCertificate, v1.AnnotationForceRenew)
	w.settle(t)
	equal(t, "cluster CA", certified{KeyGeneration: "0", Generation: "1", LeafGeneration: "1", SameKey: true}, w.certified(t, before))
	equal(t, "a person's own annotation", "stays", w.secret(t, clusterCertificate).Annotations["example.com/mine"])
	equal(t, "clients CA", before[clientsCertificate], w.secret(t, clientsCertificate).Data)
	equal(t, "events", []string{v1.EventAuthorityRenewed, v1.EventCertificateIssued}, w.told(t))
}

func TestAPersonCanHaveAKeyReplaced(t *testing.T) {
	const node = "one-both-0"
	w := newCertifiedWorld(t)
	before, pods := data(w.authorities(t)), uids(w.pods(t))
	operator := w.secret(t, "one-cluster-operator-certs").Data
	stale, err := w.launchers.serves(t.Context(), node)
	must(t, err)
	w.launchers.holdUp(node, stale)
	w.ask(t, clusterKey, v1.AnnotationForceReplace)
	for range 3 {
		w.reconcile(t)
		w.others(t)
		equal(t, "as long as the node does not trust the key", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "0", Old: 1}, w.certified(t, before))
	}
	equal(t, "the operator's certificate meanwhile", operator, w.secret(t, "one-cluster-operator-certs").Data)
	equal(t, "certificates in the bundle", 2, bytes.Count(w.secret(t, "one-trustbundle").Data["cluster-ca.crt"], []byte("BEGIN")))
	equal(t, "verdict meanwhile", v1.ConditionReady, verdict(w.cluster(t)).Type)

	trusting, err := w.launchers.serves(t.Context(), node)
	must(t, err)
	w.launchers.holdUp(node, trusting)
	w.reconcile(t)
	equal(t, "as long as clients may not trust the key", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "0", Old: 1}, w.certified(t, before))
	w.now = w.now.Add(clientsTime)
	for range 3 {
		w.reconcile(t)
		w.others(t)
		equal(t, "as long as the node serves the earlier certificate", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "1", Old: 1}, w.certified(t, before))
	}

	w.launchers.release()
	w.settle(t)
	equal(t, "in the end", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "1"}, w.certified(t, before))
	equal(t, "events", []string{v1.EventAuthorityReplaced, v1.EventCertificateIssued, v1.EventOldCertificatesRemoved}, w.told(t))
	equal(t, "pods", pods, uids(w.pods(t)))
}

// clientsTime is more than clients get to notice a new key.
const clientsTime = 6 * time.Minute

func TestAReplacementThatWasInterruptedIsCompleted(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	w.ask(t, clusterKey, v1.AnnotationForceReplace)
	w.requests.killAfter(1)
	_, err := w.shell.Reconcile(t.Context(), w.request())
	if err == nil {
		t.Fatal("the operator was not killed")
	}
	half := data(w.authorities(t))
	equal(t, "certificate when the operator is killed", before[clusterCertificate], half[clusterCertificate])
	w.startOperator(t)
	w.settle(t)
	w.now = w.now.Add(clientsTime)
	w.settle(t)
	equal(t, "key", half[clusterKey], w.secret(t, clusterKey).Data)
	equal(t, "cluster CA", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "1"}, w.certified(t, before))
}

func TestWorkOnAuthoritiesWaitsForAMaintenanceWindow(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	w.edit(t, func(k *v1.Kafka) { k.Spec.MaintenanceTimeWindows = []string{"* * * 1 1 ? 1999"} })
	w.ask(t, clusterCertificate, v1.AnnotationForceRenew)
	w.ask(t, clientsKey, v1.AnnotationForceReplace)
	w.settle(t)
	equal(t, "authorities", before, data(w.authorities(t)))
	equal(t, "cluster CA", certified{KeyGeneration: "0", Generation: "0", LeafGeneration: "0", SameKey: true, SameCertificate: true, Asked: true}, w.certified(t, before))
	if message := warningsOf(w.cluster(t))[v1.WarningCertificatePostponed]; !strings.Contains(message, "waits for a maintenance window") {
		t.Errorf("warning: %q", message)
	}
	w.edit(t, func(k *v1.Kafka) { k.Spec.MaintenanceTimeWindows = nil })
	w.settle(t)
	equal(t, "in the window", certified{KeyGeneration: "0", Generation: "1", LeafGeneration: "1", SameKey: true}, w.certified(t, before))
	equal(t, "warnings", "", warningsOf(w.cluster(t))[v1.WarningCertificatePostponed])
}

func TestAClusterComesBackAfterAllItsCertificatesHaveExpired(t *testing.T) {
	for policy, want := range map[v1.CertificateExpirationPolicy]certified{
		v1.RenewCertificate: {KeyGeneration: "0", Generation: "1", LeafGeneration: "1", SameKey: true},
		v1.ReplaceKey:       {KeyGeneration: "1", Generation: "1", LeafGeneration: "1"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newCertifiedWorld(t)
			before := data(w.authorities(t))
			w.edit(t, func(k *v1.Kafka) {
				k.Spec.MaintenanceTimeWindows = []string{"* * * 1 1 ? 1999"}
				k.Spec.ClusterCA = &v1.CertificateAuthority{CertificateExpirationPolicy: policy}
			})
			w.now = w.now.AddDate(2, 0, 0)
			w.startOperator(t)
			w.reconcile(t)
			equal(t, "cluster CA after one look", want, w.certified(t, before))
			w.settle(t)
			equal(t, "cluster CA", want, w.certified(t, before))
			for _, name := range []string{"one-both-0", "one-cluster-operator-certs"} {
				for entry, value := range w.secret(t, name).Data {
					if strings.HasSuffix(entry, ".crt") && parsed(t, value).NotAfter.Before(w.now) {
						t.Errorf("%s of %s has expired", entry, name)
					}
				}
			}
		})
	}
}

func TestCertificatesThatClientsMayTrustGoWhenTheyExpire(t *testing.T) {
	w := newCertifiedWorld(t, v1.AnnotationClientsCALifetime, "17520h")
	before := w.secret(t, clientsKey).Data["ca.key"]
	w.ask(t, clientsKey, v1.AnnotationForceReplace)
	w.settle(t)
	if bytes.Equal(before, w.secret(t, clientsKey).Data["ca.key"]) {
		t.Error("the key is the earlier one")
	}
	trusted := func() int {
		return bytes.Count(w.secret(t, "one-trustbundle").Data["clients-ca.crt"], []byte("BEGIN"))
	}
	equal(t, "trusted certificates after the replacement", 2, trusted())
	w.now = w.now.AddDate(1, 0, 1) // the first certificate was made for a year, the second for two
	w.settle(t)
	equal(t, "trusted certificates after a year", 1, trusted())
	equal(t, "certificates in the Secret", []string{"ca.crt"}, sortedKeys(w.secret(t, clientsCertificate).Data))
	if !slices.Contains(w.told(t), v1.EventOldCertificatesRemoved) {
		t.Error("no event tells it")
	}
}

func TestDamagedAuthoritiesAreRepairedOrNamed(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	w.editSecret(t, clusterCertificate, func(s *corev1.Secret) { s.Data["ca.crt"] = []byte("half a certifica") })
	w.settle(t)
	equal(t, "after its certificate was damaged", certified{KeyGeneration: "0", Generation: "1", LeafGeneration: "1", SameKey: true}, w.certified(t, before))

	good := data(w.authorities(t))
	w.editSecret(t, clusterKey, func(s *corev1.Secret) { s.Data["ca.key"] = before[clientsKey]["ca.key"] })
	damaged := data(w.authorities(t))
	w.reconcile(t)
	got := verdict(w.cluster(t))
	equal(t, "reason", v1.ReasonInvalidResource, got.Reason)
	for _, want := range []string{"spec.clusterCa", "does not belong", "restore Secret one-cluster-ca ", "strimzi.io/force-replace"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("message %q lacks %q", got.Message, want)
		}
	}
	equal(t, "authorities while a person has to act", damaged, data(w.authorities(t)))

	w.editSecret(t, clusterKey, func(s *corev1.Secret) { s.Data["ca.key"] = good[clusterKey]["ca.key"] })
	w.settle(t)
	equal(t, "authorities after the key was restored", good, data(w.authorities(t)))

	w.editSecret(t, clusterKey, func(s *corev1.Secret) { s.Data["ca.key"] = []byte("junk") })
	w.ask(t, clusterKey, v1.AnnotationForceReplace)
	w.settle(t)
	w.now = w.now.Add(clientsTime)
	w.settle(t)
	equal(t, "after the key was given up", certified{KeyGeneration: "1", Generation: "2", LeafGeneration: "2"}, w.certified(t, good))
}

func TestAnAuthorityThatWasDeletedWhileNodesTrustItIsReplacedInOrder(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	must(t, api.Delete(t.Context(), w.secret(t, clusterKey)))
	must(t, api.Delete(t.Context(), w.secret(t, clusterCertificate)))
	w.reconcile(t)
	equal(t, "as long as the node does not trust the new one", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "0", Old: 1}, w.certified(t, before))
	w.settle(t)
	w.now = w.now.Add(clientsTime)
	w.settle(t)
	equal(t, "when it does", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "1"}, w.certified(t, before))
}

func TestAUsersOwnAuthority(t *testing.T) {
	w := newCertifiedWorld(t)
	w.edit(t, func(k *v1.Kafka) {
		k.Spec.ClusterCA = &v1.CertificateAuthority{GenerateCertificateAuthority: new(false)}
	})
	w.ask(t, clusterCertificate, v1.AnnotationForceRenew)
	w.settle(t)
	before := data(w.authorities(t))
	if !w.certified(t, before).SameKey || !w.certified(t, before).Asked {
		t.Error("the operator changed a user's authority")
	}
	old := w.now
	w.now = old.AddDate(0, 0, 350)
	w.settle(t)
	if message := warningsOf(w.cluster(t))[v1.WarningAuthorityExpires]; !strings.Contains(message, "spec.clusterCa: ca.crt of cluster-ca expires at") {
		t.Errorf("warning: %q", message)
	}
	w.now = old.AddDate(2, 0, 0)
	versions := w.versions(t)
	w.reconcile(t)
	got := verdict(w.cluster(t))
	if got.Reason != v1.ReasonInvalidResource || !strings.Contains(got.Message, "spec.clusterCa") || !strings.Contains(got.Message, "ca.crt: certificate 1 (CN=cluster-ca v0,O=io.strimzi) expired at") {
		t.Errorf("verdict: %+v", got)
	}
	after := w.versions(t)
	delete(versions, "Kafka one")
	delete(after, "Kafka one")
	equal(t, "objects", versions, after)

	// An authority of which nodes know nothing, without the one they know.
	w.now = old
	other := newCertifiedWorld(t)
	other.ask(t, clusterKey, v1.AnnotationForceReplace)
	other.settle(t)
	w.editSecret(t, clusterKey, func(s *corev1.Secret) {
		s.Data, s.Annotations[v1.AnnotationCAKeyGeneration] = other.secret(t, clusterKey).Data, "1"
	})
	w.editSecret(t, clusterCertificate, func(s *corev1.Secret) {
		s.Data = map[string][]byte{"ca.crt": other.secret(t, clusterCertificate).Data["ca.crt"]}
		s.Annotations[v1.AnnotationCACertGeneration] = "1"
	})
	w.reconcile(t)
	if got := verdict(w.cluster(t)); got.Reason != v1.ReasonInvalidResource || !strings.Contains(got.Message, "add the earlier certificate") {
		t.Errorf("verdict: %+v", got)
	}
	w.editSecret(t, clusterCertificate, func(s *corev1.Secret) { s.Data["ca-earlier.crt"] = before[clusterCertificate]["ca.crt"] })
	w.settle(t)
	equal(t, "after the earlier certificate was added", certified{KeyGeneration: "1", Generation: "1", LeafGeneration: "1", Old: 1, Asked: true}, w.certified(t, before))
}

func TestShortLivesAreLookedAtInTime(t *testing.T) {
	w := newWorld(t, combined(1))
	w.annotate(t, v1.AnnotationLeafLifetime, "3m", v1.AnnotationLeafRenewBefore, "90s")
	for range rounds {
		w.reconcile(t)
		w.others(t)
		if verdict(w.cluster(t)).Type == v1.ConditionReady {
			break
		}
	}
	leaf := func() *x509.Certificate { return parsed(t, w.secret(t, "one-both-0").Data["one-both-0.crt"]) }
	first := leaf()
	equal(t, "expires", w.now.Add(3*time.Minute).UTC(), first.NotAfter)
	equal(t, "comes back", 90*time.Second, w.reconcile(t).RequeueAfter)
	w.now = w.now.Add(90 * time.Second)
	w.reconcile(t)
	equal(t, "the next one expires", w.now.Add(3*time.Minute).UTC(), leaf().NotAfter)

	w.annotate(t, v1.AnnotationLeafLifetime, "soon")
	w.reconcile(t)
	if got := verdict(w.cluster(t)); got.Reason != v1.ReasonInvalidResource || !strings.Contains(got.Message, v1.AnnotationLeafLifetime) {
		t.Errorf("verdict: %+v", got)
	}
}

func TestSecretsOfAuthoritiesFollowTheResource(t *testing.T) {
	w := newCertifiedWorld(t)
	before := data(w.authorities(t))
	w.editSecret(t, clusterCertificate, func(s *corev1.Secret) { s.Data["ca.p12"], s.Data["ca.password"] = []byte("x"), []byte("y") })
	w.edit(t, func(k *v1.Kafka) {
		k.Spec.ClusterCA = &v1.CertificateAuthority{GenerateSecretOwnerReference: new(false)}
		k.Spec.Kafka.Template = &v1.KafkaClusterTemplate{ClusterCACert: &v1.ResourceTemplate{Metadata: &v1.MetadataTemplate{
			Labels: map[string]string{"team": "a"}, Annotations: map[string]string{"example.com/reflect": "yes"},
		}}}
	})
	w.settle(t)
	equal(t, "data, of an operator that makes no trust stores", before, data(w.authorities(t)))
	for name, owners := range map[string]int{clusterKey: 0, clusterCertificate: 0, clientsKey: 1, clientsCertificate: 1} {
		equal(t, "owners of "+name, owners, len(w.secret(t, name).OwnerReferences))
		equal(t, "template on "+name, name == clusterCertificate, w.secret(t, name).Labels["team"] == "a" && w.secret(t, name).Annotations["example.com/reflect"] == "yes")
	}
	w.edit(t, func(k *v1.Kafka) { k.Spec.ClusterCA = nil })
	w.settle(t)
	equal(t, "owner", w.cluster(t).UID, w.secret(t, clusterKey).OwnerReferences[0].UID)
}
