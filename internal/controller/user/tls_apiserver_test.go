//go:build apiserver

package user_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"software.sslmate.com/src/go-pkcs12"

	v1 "castellan.io/castellan/api/v1"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user"
)

// leafOf reads the certificate in a Secret and makes sure that the clients CA in it vouches for it.
func (w *world) leafOf(s *corev1.Secret) *x509.Certificate {
	w.Helper()
	chain, err := pki.ParseCertificates(s.Data["user.crt"])
	w.must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Data["ca.crt"])
	_, err = chain[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	w.must(err)
	if len(chain) != 1 {
		w.Errorf("user.crt holds %d certificates", len(chain))
	}
	return chain[0]
}

func entriesOf(s *corev1.Secret) []string { return slices.Sorted(maps.Keys(s.Data)) }

// replaced waits until a Secret has another certificate than before.
func (w *world) replaced(before *corev1.Secret) *corev1.Secret {
	w.Helper()
	var out *corev1.Secret
	w.eventually("the certificate is replaced", func() error {
		if out = w.secret(before.Name); out == nil || bytes.Equal(out.Data["user.crt"], before.Data["user.crt"]) {
			return errors.New("it is the same")
		}
		return nil
	})
	return out
}

func TestAUserWithACertificateGetsASecretRightsAndQuotas(t *testing.T) {
	w := newWorld(t, func(o *usercontroller.Options) { o.Credentials.Key, o.SecretPrefix = pki.RSA2048, "kafka-" })
	w.create("orders", func(u *v1.KafkaUser) {
		u.Labels["team"] = "shop"
		tls(u)
		reads(u, "a")
		limited(u, 1000)
		u.Spec.Template = &v1.KafkaUserTemplate{Secret: &v1.ResourceTemplate{Metadata: &v1.MetadataTemplate{
			Labels: map[string]string{"colour": "red"}, Annotations: map[string]string{"note": "x"},
		}}}
	})
	is := w.ready("orders")
	if is.Status.Username != "CN=orders" || is.Status.Secret != "kafka-orders" || len(is.Status.Conditions) != 1 {
		t.Errorf("status: %+v", is.Status)
	}
	w.holds(holdings{"CN=orders": {ACLs: []user.ACL{allowed("a")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 1000}}})
	s := w.secret("kafka-orders")
	wantLabels := map[string]string{
		v1.LabelCluster: cluster, v1.LabelKind: "KafkaUser", "team": "shop", "colour": "red",
		v1.LabelAppName: "strimzi-user-operator", v1.LabelAppInstance: "orders", v1.LabelAppPartOf: "strimzi-orders", v1.LabelAppManagedBy: "strimzi-user-operator",
	}
	leaf := w.leafOf(s)
	wantAnnotations := map[string]string{"note": "x", v1.AnnotationNotAfter: leaf.NotAfter.Format(time.RFC3339), v1.AnnotationIssuedAt: s.Annotations[v1.AnnotationIssuedAt]}
	if diff := cmp.Diff(wantLabels, s.Labels) + cmp.Diff(wantAnnotations, s.Annotations); diff != "" {
		t.Errorf("labels and annotations (-want +got):\n%s", diff)
	}
	no := false
	owner := []metav1.OwnerReference{{APIVersion: "kafka.strimzi.io/v1", Kind: "KafkaUser", Name: "orders", UID: is.UID, Controller: &no, BlockOwnerDeletion: &no}}
	if diff := cmp.Diff(owner, s.OwnerReferences); diff != "" || s.Type != corev1.SecretTypeOpaque {
		t.Errorf("type %s, owners (-want +got):\n%s", s.Type, diff)
	}
	if diff := cmp.Diff([]string{"ca.crt", "user.crt", "user.key", "user.p12", "user.password"}, entriesOf(s)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	key, isRSA := leaf.PublicKey.(*rsa.PublicKey)
	if leaf.Subject.String() != "CN=orders" || !isRSA || key.N.BitLen() != 2048 || !bytes.Equal(s.Data["ca.crt"], w.ca.Certificate) {
		t.Errorf("subject %s, key %T", leaf.Subject, leaf.PublicKey)
	}
	_, stored, err := pkcs12.Decode(s.Data["user.p12"], string(s.Data["user.password"]))
	if err != nil || !stored.Equal(leaf) {
		t.Errorf("user.p12: %v", err)
	}
}

func TestWhatIsRightIsLeftAlone(t *testing.T) {
	w := newWorld(t, often)
	w.create("certified", func(u *v1.KafkaUser) {
		tls(u)
		reads(u, "a")
		limited(u, 5)
		u.Spec.Authorization.ACLs = append(u.Spec.Authorization.ACLs, v1.ACLRule{
			Resource: v1.ACLResource{Type: v1.ACLTopic, Name: "a"}, Operations: []v1.ACLOperation{"ClusterAction"},
		})
	})
	w.create("bad", func(u *v1.KafkaUser) { tls(u); u.Annotations[v1.AnnotationLifetime] = "long" })
	w.create("waiting", func(u *v1.KafkaUser) { u.Annotations[v1.AnnotationPauseReconciliation] = "true" })
	versions := func() []string {
		return []string{w.secret("certified").ResourceVersion, w.ready("certified").ResourceVersion, w.get("bad").ResourceVersion, w.get("waiting").ResourceVersion}
	}
	w.ready("certified")
	w.refused("bad", v1.ReasonExecution)
	w.eventually("it is paused", func() error {
		if condition(w.get("waiting"), v1.ConditionReconciliationPaused) == nil {
			return errors.New("no condition")
		}
		return nil
	})
	before, changes, first := versions(), w.changesInKafka(), w.wire
	w.looks(3)
	written := len(first.written())
	w.restart(often)
	w.looks(3)
	if diff := cmp.Diff(before, versions()); diff != "" || changes.Load() > 0 || len(w.wire.written()) > 0 || len(first.written()) != written {
		t.Errorf("%d changes of Kafka, writes %q and %q (-before +after):\n%s", changes.Load(), first.written()[written:], w.wire.written(), diff)
	}
}

func TestAUserWhoseCertificateIsMadeElsewhereHasNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	w.create("elsewhere", tls)
	w.ready("elsewhere")
	w.update("elsewhere", func(u *v1.KafkaUser) {
		u.Spec.Authentication.Type = v1.UserAuthenticationTLSExternal
		reads(u, "a")
	})
	if is := w.ready("elsewhere"); is.Status.Username != "CN=elsewhere" || is.Status.Secret != "" {
		t.Errorf("status: %+v", is.Status)
	}
	w.holds(holdings{"CN=elsewhere": {ACLs: []user.ACL{allowed("a")}}})
	if w.secret("elsewhere") != nil {
		t.Error("the Secret is still there")
	}
}

func TestAKeyOfTheUsersOwnIsCertified(t *testing.T) {
	w := newWorld(t, nil)
	request := func() (*ecdsa.PrivateKey, string) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		w.must(err)
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "own"}}, key)
		w.must(err)
		return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	}
	w.create("own", tls)
	w.ready("own")
	before := w.secret("own")
	for range 2 {
		key, text := request()
		w.annotate("own", v1.AnnotationCertificateRequest, text)
		before = w.replaced(before)
		if leaf := w.leafOf(before); !key.PublicKey.Equal(leaf.PublicKey) {
			t.Error("another key was certified")
		}
		if diff := cmp.Diff([]string{"ca.crt", "user.crt"}, entriesOf(before)); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
	}
	w.annotate("own", v1.AnnotationCertificateRequest, "nonsense")
	w.lacks(w.refused("own", v1.ReasonExecution), v1.ReasonInvalidResource, "metadata.annotations", v1.AnnotationCertificateRequest, "PKCS#10")
	if !bytes.Equal(w.secret("own").Data["user.crt"], before.Data["user.crt"]) {
		t.Error("the certificate was touched")
	}
}

func TestASecretThatIsDamagedIsRepaired(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", tls)
	w.ready("orders")
	damages := []struct {
		what   string
		change func(*corev1.Secret)
		// anew tells that a new certificate is needed.
		anew bool
	}{
		{"the key is gone", func(s *corev1.Secret) { delete(s.Data, "user.key") }, true},
		{"the certificate cannot be read", func(s *corev1.Secret) { s.Data["user.crt"] = []byte("x") }, true},
		{"the store is gone", func(s *corev1.Secret) { delete(s.Data, "user.p12") }, false},
		{"another CA", func(s *corev1.Secret) { s.Data["ca.crt"] = s.Data["user.crt"] }, false},
		{"a label is gone", func(s *corev1.Secret) { delete(s.Labels, v1.LabelAppName) }, false},
		{"the labels are gone", func(s *corev1.Secret) { s.Labels = nil }, false},
		{"the owner is gone", func(s *corev1.Secret) { s.OwnerReferences = nil }, false},
		{"a renewal is asked for", func(s *corev1.Secret) { s.Annotations[v1.AnnotationForceRenew] = "true" }, true},
	}
	for _, damage := range damages {
		before := w.secret("orders")
		w.changeSecret("orders", damage.change)
		w.eventually(damage.what, func() error {
			is := w.secret("orders")
			owned := len(is.OwnerReferences) == 1
			anew := !bytes.Equal(is.Data["user.crt"], before.Data["user.crt"])
			_, asked := is.Annotations[v1.AnnotationForceRenew]
			if diff := cmp.Diff(entriesOf(before), entriesOf(is)) + cmp.Diff(before.Labels, is.Labels); diff != "" || !owned || anew != damage.anew || asked ||
				!bytes.Equal(is.Data["ca.crt"], w.ca.Certificate) || bytes.Equal(is.Data["user.crt"], []byte("x")) {
				return fmt.Errorf("owned %t, anew %t, asked %t %s", owned, anew, asked, diff)
			}
			w.leafOf(is)
			return nil
		})
	}
	before := w.secret("orders")
	w.must(api.Delete(t.Context(), before))
	w.eventually("the Secret is made again", func() error {
		if w.secret("orders") == nil {
			return errors.New("there is none")
		}
		return nil
	})
	w.leafOf(w.secret("orders"))
}

func TestARotationIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t, often)
	w.create("orders", tls)
	w.ready("orders")
	before := w.secret("orders")
	for _, text := range []string{"now", "and again"} {
		w.annotate("orders", v1.AnnotationRotate, text)
		before = w.replaced(before)
		if before.Annotations[v1.AnnotationRotated] != text {
			t.Errorf("annotations: %v", before.Annotations)
		}
	}
	w.looks(2)
	w.restart(often)
	w.looks(2)
	if diff := cmp.Diff(before.Data, w.secret("orders").Data); diff != "" {
		t.Error("it was rotated once more")
	}
}

func TestAUserWithoutAuthenticationHasRightsOnly(t *testing.T) {
	w := newWorld(t, nil)
	changes := w.changesInKafka()
	w.create("plain", func(u *v1.KafkaUser) { reads(u, "a"); limited(u, 7) })
	if is := w.ready("plain"); is.Status.Username != "plain" || is.Status.Secret != "" || w.secret("plain") != nil {
		t.Errorf("status: %+v", is.Status)
	}
	w.holds(holdings{"plain": {ACLs: []user.ACL{allowed("a")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 7}}})
	if changes.Load() != 2 {
		t.Errorf("%d changes of Kafka", changes.Load())
	}
	w.update("plain", func(u *v1.KafkaUser) { u.Spec.Authorization, u.Spec.Quotas = nil, nil })
	w.ready("plain")
	w.holds(holdings{})
}
