//go:build apiserver

package topicimport_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/manifest"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topicimport"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

// importInto is one run of an import that creates.
func (w *world) importInto(namespace string) (topicimport.Found, []*v1.KafkaTopic) {
	w.Helper()
	present, err := topicimport.Existing(w.Context(), api, namespace)
	if err != nil {
		w.Fatal(err)
	}
	found := w.find(func(o *topicimport.Options) { o.Namespace, o.Existing = namespace, present })
	created, err := manifest.Apply(w.Context(), api, found.Resources, func(string) {})
	if err != nil {
		w.Fatal(err)
	}
	return found, created
}

func names(resources []*v1.KafkaTopic) string {
	var out []string
	for _, r := range resources {
		out = append(out, topic.Name(r))
	}
	return strings.Join(out, " ")
}

func TestMissingResourcesAreCreatedAndOthersLeftAlone(t *testing.T) {
	w, namespace := newWorld(t), kubetest.Namespace(t, api)
	w.topic("Audit_Log", 2, 3, map[string]string{"retention.ms": "1000"})
	w.topic("orders", 1, 1, nil)
	w.topic("payments", 1, 1, nil)
	held := &v1.KafkaTopic{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "mine", Labels: map[string]string{v1.LabelCluster: "my-cluster"}},
		Spec:       v1.KafkaTopicSpec{TopicName: "orders"},
	}
	if err := api.Create(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	found, created := w.importInto(namespace)
	if names(created) != "Audit_Log payments" || found.Present != 1 {
		t.Errorf("created %q, %d were there", names(created), found.Present)
	}
	for _, r := range created {
		var stored v1.KafkaTopic
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(r), &stored); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Spec, stored.Spec); diff != "" || stored.Labels[v1.LabelCluster] != "my-cluster" || len(stored.Annotations) > 0 {
			t.Errorf("%s has labels %v, annotations %v and spec (-want +got):\n%s", r.Name, stored.Labels, stored.Annotations, diff)
		}
	}
	if found, created := w.importInto(namespace); len(created) > 0 || found.Present != 3 {
		t.Errorf("once more, it created %q, and %d were there", names(created), found.Present)
	}
}

func TestAResourceThatSomebodyMadeMeanwhileStays(t *testing.T) {
	w, namespace := newWorld(t), kubetest.Namespace(t, api)
	w.topic("orders", 1, 1, nil)
	found := w.find(func(o *topicimport.Options) { o.Namespace = namespace })
	other := found.Resources[0].DeepCopy()
	other.Spec.Config = v1.FreeForm{"retention.ms": []byte("7")}
	if err := api.Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	created, err := manifest.Apply(t.Context(), api, found.Resources, func(string) {})
	if err != nil || len(created) > 0 {
		t.Errorf("created %q: %v", names(created), err)
	}
	var stored v1.KafkaTopic
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(other), &stored); err != nil || string(stored.Spec.Config["retention.ms"]) != "7" {
		t.Errorf("it has %s: %v", stored.Spec.Config, err)
	}
}

func TestWhatTheAPIServerRefusesIsSaidOnce(t *testing.T) {
	w := newWorld(t)
	w.topic("a", 1, 1, nil)
	w.topic("b", 1, 1, nil)
	found := w.find(func(o *topicimport.Options) { o.Namespace = "nowhere" })
	created, err := manifest.Apply(t.Context(), api, found.Resources, func(string) {})
	if err == nil || len(created) > 0 || !strings.Contains(err.Error(), `create KafkaTopic `) || strings.Count(err.Error(), "nowhere") > 1 || strings.Contains(err.Error(), "\n") {
		t.Errorf("created %q: %v", names(created), err)
	}
}
