package examples_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	accessv1alpha1 "castellan.io/castellan/api/access/v1alpha1"
	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/examples"
	"castellan.io/castellan/internal/kafka"
)

func manifests(t *testing.T) []examples.Manifest {
	t.Helper()
	list, err := examples.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("there are no examples")
	}
	return list
}

func TestEveryExampleSaysWhatItIsFor(t *testing.T) {
	for _, m := range manifests(t) {
		comment, _, _ := strings.Cut(string(m.Text), "\napiVersion:")
		lines := strings.Split(comment, "\n")
		if len(lines) < 3 || slices.ContainsFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "#") }) {
			t.Errorf("%s begins with no comment that explains it", m.File)
		}
	}
}

func TestEveryFolderIsInTheList(t *testing.T) {
	list, err := examples.Files.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests(t) {
		if folder := path.Dir(m.File); !bytes.Contains(list, []byte("| ["+folder+"]("+folder+") |")) {
			t.Errorf("README.md does not list the folder %s", folder)
		}
	}
}

func TestEveryKindHasAnExample(t *testing.T) {
	scheme, got := runtime.NewScheme(), map[string]bool{}
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, podsetv1.AddToScheme, accessv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range manifests(t) {
		for _, object := range m.Objects {
			got[object.GroupVersionKind().String()] = true
		}
	}
	want := map[string]bool{}
	for kind := range scheme.AllKnownTypes() {
		if isOurs(scheme, kind) {
			want[kind.String()] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds of the API (-), kinds with examples (+):\n%s", diff)
	}
}

// isOurs tells a kind of the API from its lists and from what comes with every group.
func isOurs(scheme *runtime.Scheme, kind schema.GroupVersionKind) bool {
	object, err := scheme.New(kind)
	if err != nil {
		return false
	}
	_, isObject := object.(interface{ GetName() string })
	return isObject && strings.HasSuffix(kind.Group, "strimzi.io")
}

// TestClustersOfExamplesCanRun resolves them as the operator does: none may be refused, and a warning must be meant.
func TestClustersOfExamplesCanRun(t *testing.T) {
	meant := map[string][]string{
		"kafka/ephemeral-single.yaml": {v1.WarningStorage, v1.WarningStorage},
		"rebalance/on-scaling.yaml":   {"NotSupportedYet"},
	}
	for _, m := range manifests(t) {
		in := input(t, m)
		if in.Kafka == nil {
			continue
		}
		cluster, err := kafka.Resolve(in)
		if err != nil {
			t.Errorf("%s: %v", m.File, err)
			continue
		}
		var warnings []string
		for _, warning := range slices.Concat(cluster.Warnings, kafka.UnknownFields(in.Kafka)) {
			warnings = append(warnings, warning.Reason)
		}
		if diff := cmp.Diff(meant[m.File], warnings); diff != "" {
			t.Errorf("%s has other warnings (-want +got):\n%s", m.File, diff)
		}
	}
}

// input is what the operator would see of the cluster in a manifest; without a cluster, it has no Kafka.
func input(t *testing.T, m examples.Manifest) kafka.Input {
	t.Helper()
	versions, err := kafka.AllVersions(map[string]string{"4.2.0": "a", "4.2.1": "b", "4.3.0": "c", "4.3.1": "d"})
	if err != nil {
		t.Fatal(err)
	}
	in := kafka.Input{Settings: kafka.Settings{Versions: versions, LauncherImage: "castellan"}, NewClusterID: "0000000000000000000000"}
	in.Seen.Secrets = map[string]map[string][]byte{"my-listener": keyPair(t)}
	for _, object := range m.Objects {
		switch object.GetKind() {
		case "Kafka":
			in.Kafka = &v1.Kafka{}
			convert(t, object, in.Kafka)
		case "KafkaNodePool":
			var pool v1.KafkaNodePool
			convert(t, object, &pool)
			in.Pools = append(in.Pools, pool)
		}
	}
	return in
}

// keyPair is a Secret with a certificate and its key.
func keyPair(t *testing.T) map[string][]byte {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey}),
	}
}

// convert goes through JSON, of which free-form parts keep the text.
func convert(t *testing.T, from *unstructured.Unstructured, to any) {
	t.Helper()
	text, err := from.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}
