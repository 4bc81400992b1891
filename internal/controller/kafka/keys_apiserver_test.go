//go:build apiserver

package kafka_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

func (w *world) secret(t *testing.T, name string) *corev1.Secret {
	t.Helper()
	var s corev1.Secret
	must(t, api.Get(t.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, &s))
	return &s
}

func TestAnAuthorityIsNeverReplacedOnDoubt(t *testing.T) {
	for _, authority := range []string{"cluster", "clients"} {
		t.Run("the key of the "+authority+" authority is lost", func(t *testing.T) {
			w := newWorld(t, combined(1))
			w.settle(t)
			must(t, api.Delete(t.Context(), w.secret(t, "one-"+authority+"-ca")))
			before := data(items[corev1.Secret](t, w, &corev1.SecretList{}))
			w.reconcile(t)
			got := verdict(w.cluster(t))
			equal(t, "reason", v1.ReasonInvalidResource, got.Reason)
			for _, want := range []string{"spec." + authority + "Ca", "Secret one-" + authority + "-ca ", "missing", "restore"} {
				if !strings.Contains(got.Message, want) {
					t.Errorf("message %q lacks %q", got.Message, want)
				}
			}
			equal(t, "secrets", before, data(items[corev1.Secret](t, w, &corev1.SecretList{})))
			equal(t, "pods", []string{"one-both-0"}, names(w.pods(t)))
		})
	}
}

func TestALostCertificateIsMadeWithTheSameKey(t *testing.T) {
	w := newWorld(t, combined(1))
	w.settle(t)
	key := w.secret(t, "one-cluster-ca").Data
	old := w.secret(t, "one-cluster-ca-cert").Data["ca.crt"]
	must(t, api.Delete(t.Context(), w.secret(t, "one-cluster-ca-cert")))
	w.settle(t)
	equal(t, "key", key, w.secret(t, "one-cluster-ca").Data)
	certificate := w.secret(t, "one-cluster-ca-cert").Data["ca.crt"]
	a, b := parsed(t, old), parsed(t, certificate)
	if !a.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(b.PublicKey) {
		t.Error("the new certificate is of another key")
	}
	trust := string(w.secret(t, "one-trustbundle").Data["cluster-ca.crt"])
	if !strings.Contains(trust, strings.TrimSpace(string(certificate))) {
		t.Error("nobody trusts the new certificate")
	}
}

func parsed(t *testing.T, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("no certificate: %q", text)
	}
	out, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return out
}

func TestSecretsOfAnEarlierClusterAreWaitedFor(t *testing.T) {
	for _, name := range authorityNames() {
		t.Run(name, func(t *testing.T) {
			w := newEmptyWorld(t)
			w.createResources(t, combined(1))
			if madeAuthorities == nil {
				newWorld(t, combined(1))
			}
			i := slices.IndexFunc(madeAuthorities, func(s corev1.Secret) bool { return s.Name == name })
			w.createSecret(t, madeAuthorities[i], madeAuthorities[i].OwnerReferences[0])
			result := w.reconcile(t)
			equal(t, "comes back", time.Second, result.RequeueAfter)
			equal(t, "reason", v1.ReasonCreating, verdict(w.cluster(t)).Reason)
			if message := verdict(w.cluster(t)).Message; !strings.Contains(message, "Secret "+name) {
				t.Errorf("message: %q", message)
			}
			equal(t, "secrets", 1, len(items[corev1.Secret](t, w, &corev1.SecretList{})))
			equal(t, "ids of the pool", []int32(nil), w.pool(t, "both").Status.NodeIDs)

			must(t, api.Delete(t.Context(), w.secret(t, name)))
			w.createAuthorities(t)
			w.settle(t)
		})
	}
}

func TestAuthoritiesWithoutAnOwnerOutliveTheirCluster(t *testing.T) {
	w := newWorld(t, combined(1))
	for _, s := range w.authorities(t) {
		s.OwnerReferences = nil
		must(t, api.Update(t.Context(), &s))
	}
	before := data(w.authorities(t))
	w.edit(t, func(k *v1.Kafka) {
		k.Spec.ClusterCA = &v1.CertificateAuthority{GenerateSecretOwnerReference: new(false)}
		k.Spec.ClientsCA = &v1.CertificateAuthority{GenerateSecretOwnerReference: new(false)}
	})
	w.settle(t)
	equal(t, "authorities", before, data(w.authorities(t)))
}

func TestAClusterOfTheSameNameStartsAnew(t *testing.T) {
	w := newWorld(t, combined(1))
	w.settle(t)
	old := w.cluster(t)
	keys, pods := data(w.authorities(t)), uids(w.pods(t))
	must(t, api.Delete(t.Context(), old))
	must(t, api.Delete(t.Context(), w.pool(t, "both")))
	w.reconcile(t) // it is gone
	w.createResources(t, combined(1))
	w.reconcile(t)
	equal(t, "verdict while the earlier cluster goes", v1.ReasonCreating, verdict(w.cluster(t)).Reason)
	equal(t, "authorities of the earlier cluster", keys, data(w.authorities(t)))

	w.collect(t)
	w.settle(t)
	k := w.cluster(t)
	if k.Status.ClusterID == old.Status.ClusterID {
		t.Error("the cluster has the id of the earlier one")
	}
	for name, secret := range data(w.authorities(t)) {
		if string(secret["ca.crt"])+string(secret["ca.key"]) == string(keys[name]["ca.crt"])+string(keys[name]["ca.key"]) {
			t.Errorf("secret %s is the earlier one", name)
		}
	}
	if pods["one-both-0"] == uids(w.pods(t))["one-both-0"] {
		t.Error("the pod is the earlier one")
	}
	for _, s := range w.authorities(t) {
		equal(t, "owner of "+s.Name, k.UID, s.OwnerReferences[0].UID)
	}
}

// collect does what Kubernetes does with what nobody owns any more.
func (w *world) collect(t *testing.T) {
	t.Helper()
	for range 3 { // owners of owners
		all := w.objects(t)
		alive := map[types.UID]bool{}
		for _, o := range all {
			alive[o.GetUID()] = true
		}
		for _, o := range all {
			owners := o.GetOwnerReferences()
			if len(owners) > 0 && !slices.ContainsFunc(owners, func(r metav1.OwnerReference) bool { return alive[r.UID] }) {
				must(t, client.IgnoreNotFound(api.Delete(t.Context(), o)))
			}
		}
	}
}
