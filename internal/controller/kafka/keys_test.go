package kafka

import (
	"crypto/rand"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

var policy = pki.Policy{Lifetime: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}, Key: pki.ECDSAP256}

// made is a cluster CA whose key was replaced once.
func made(t *testing.T) *authority {
	t.Helper()
	first, err := pki.NewAuthority(pki.ClusterAuthority, policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.ReplaceKey(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spec := authoritySpec{kind: pki.ClusterAuthority, path: "spec.clusterCa", policy: policy}
	return &authority{spec: spec, cluster: "one", was: second, is: second, decision: pki.Decision{Action: pki.None}}
}

func TestOldCertificatesGoOnceNoNodeDependsOnThem(t *testing.T) {
	a := made(t)
	leaf, err := pki.IssueLeaf(a.is, pki.LeafRequest{CommonName: "x", Key: pki.ECDSAP256, Lifetime: policy.Lifetime}, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := pki.Serial(leaf.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	current := pki.Served{Serial: serial, Trust: a.is.Trust().Digest()}
	tests := map[string]struct {
		served   map[string]pki.Served
		supplied bool
		old      int
	}{
		"nobody was seen":                             {nil, false, 1},
		"one of two was seen":                         {map[string]pki.Served{"a": current}, false, 1},
		"one serves something else":                   {map[string]pki.Served{"a": current, "b": {Serial: "1", Trust: current.Trust}}, false, 1},
		"one trusts something else":                   {map[string]pki.Served{"a": current, "b": {Serial: serial, Trust: "1"}}, false, 1},
		"both serve and trust what is current":        {map[string]pki.Served{"a": current, "b": current}, false, 0},
		"a user's own authority is the user's affair": {map[string]pki.Served{"a": current, "b": current}, true, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			seen := observed{served: test.served, nodes: plan.Observed{Instances: map[string]plan.ObservedInstance{"a": {}, "b": {}}}}
			one := *a
			if test.supplied {
				one.spec.spec.GenerateCertificateAuthority = ptr(false)
			}
			one.retireOld(t.Context(), runningNodes(seen, map[string]pki.Leaf{"a": leaf, "b": leaf}))
			if len(one.is.Old) != test.old || len(a.is.Old) != 1 {
				t.Errorf("%d old certificates, want %d", len(one.is.Old), test.old)
			}
			want := []change(nil)
			if test.old == 0 {
				want = []change{{v1.EventOldCertificatesRemoved, "Secret one-cluster-ca-cert: ca-2027-05-04T03-02-01Z.crt", "every node serves a certificate of the present key and trusts it"}}
			}
			if diff := cmp.Diff(want, one.changes(), cmp.AllowUnexported(change{})); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTrustStoresKeepTheirPassword(t *testing.T) {
	r := New(Options{KeyStores: true, Random: rand.Reader, Now: func() time.Time { return now }})
	first, err := r.certificate(made(t), plan.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Data[pki.PasswordEntry]) != pki.TrustStorePasswordLength || len(first.Data[pki.TrustStoreEntry]) == 0 {
		t.Errorf("entries: %d bytes of password", len(first.Data[pki.PasswordEntry]))
	}
	r.Random = noRandom{}
	a := made(t)
	again, err := r.certificate(a, first)
	if err != nil {
		t.Fatal(err)
	}
	once, err := r.certificate(a, first)
	if err != nil {
		t.Fatal(err)
	}
	if !sameData(again.Data, once.Data) || string(again.Data[pki.PasswordEntry]) != string(first.Data[pki.PasswordEntry]) {
		t.Error("the store or its password changes although nothing did")
	}
}

// noRandom is a source of randomness that nothing may draw from.
type noRandom struct{}

func (noRandom) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestARewrittenSecretKeepsWhatIsNotTheOperators(t *testing.T) {
	is := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Labels:      map[string]string{"mine": "stays"},
			Annotations: map[string]string{"mine": "stays", v1.AnnotationForceRenew: "true", v1.AnnotationCACertGeneration: "0"},
			OwnerReferences: []metav1.OwnerReference{
				{Kind: "Other", Name: "other", UID: "other"}, {Kind: "Kafka", Name: "one", UID: "kafka"},
			},
		},
		Data: map[string][]byte{"ca.crt": []byte("a"), "ca.p12": []byte("b")},
	}
	before := is.DeepCopy()
	want := plan.Secret{
		Data: map[string][]byte{"ca.crt": []byte("c")}, Facts: map[string]string{v1.AnnotationCACertGeneration: "1"}, Unowned: true,
		Template: &v1.ResourceTemplate{Metadata: &v1.MetadataTemplate{Labels: map[string]string{"team": "a"}}},
	}
	got := rewritten(is, plan.Owner{Kind: "Kafka", Name: "one", UID: "kafka"}, want, []string{v1.AnnotationForceRenew})
	expected := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Labels:          map[string]string{"mine": "stays", "team": "a"},
			Annotations:     map[string]string{"mine": "stays", v1.AnnotationCACertGeneration: "1"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "Other", Name: "other", UID: "other"}},
		},
		Data: map[string][]byte{"ca.crt": []byte("c")},
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, is); diff != "" {
		t.Errorf("what was read changed (-was +is):\n%s", diff)
	}
}

func TestExpiryIsMeasuredWhenItIsAskedFor(t *testing.T) {
	at := now
	e := newExpiry(func() time.Time { return at })
	a := made(t)
	k := &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "one"}}
	e.set(k, map[string]pki.Kept{
		"cluster-ca": {Certificate: a.is.Certificate}, "clients-ca": {Certificate: a.is.Certificate}, "one-both-0": {Certificate: a.is.Certificate},
		"junk": {Certificate: []byte("junk")},
	})
	at = now.Add(time.Hour)
	left := (365*24*time.Hour - time.Hour).Seconds()
	end := float64(now.Add(365 * 24 * time.Hour).UnixMilli())
	want := map[string]float64{
		"castellan_certificate_expiry_seconds certificate=cluster-ca cluster=one namespace=ns":                                  left,
		"castellan_certificate_expiry_seconds certificate=clients-ca cluster=one namespace=ns":                                  left,
		"castellan_certificate_expiry_seconds certificate=one-both-0 cluster=one namespace=ns":                                  left,
		"strimzi_certificate_expiration_timestamp_ms cluster=one kind=Kafka namespace=ns resource_namespace=ns type=cluster-ca": end,
		"strimzi_certificate_expiration_timestamp_ms cluster=one kind=Kafka namespace=ns resource_namespace=ns type=client-ca":  end,
	}
	if diff := cmp.Diff(want, gathered(t, e)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	e.forget(types.NamespacedName{Namespace: "ns", Name: "one"})
	if got := gathered(t, e); len(got) != 0 {
		t.Errorf("of a cluster that is gone: %v", got)
	}
}

// gathered are the values of a collector's metrics by name and labels.
func gathered(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			out[family.GetName()+labelsOf(m)] = m.GetGauge().GetValue()
		}
	}
	return out
}

func labelsOf(m *dto.Metric) string {
	var out strings.Builder
	for _, label := range m.GetLabel() {
		out.WriteString(" " + label.GetName() + "=" + label.GetValue())
	}
	return out.String()
}
