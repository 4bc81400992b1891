//go:build apiserver

package userimport_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/manifest"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/userimport"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

func TestMissingResourcesAreCreatedAndOthersLeftAlone(t *testing.T) {
	namespace := kubetest.Namespace(t, api)
	held := &v1.KafkaUser{}
	held.Namespace, held.Name, held.Labels = namespace, "mine", map[string]string{v1.LabelCluster: "my-cluster"}
	held.Annotations = map[string]string{v1.AnnotationUsername: "orders"}
	if err := api.Create(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	importAll := func() (userimport.Found, []*v1.KafkaUser) {
		present, err := userimport.Existing(t.Context(), api, namespace)
		if err != nil {
			t.Fatal(err)
		}
		o := mine()
		o.Namespace, o.Existing = namespace, present
		found := userimport.Make(all(), o)
		created, err := manifest.Apply(t.Context(), api, found.Resources, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		return found, created
	}
	found, created := importAll()
	if len(created) != len(found.Resources) || len(created) < 8 || found.Present != 1 {
		t.Errorf("created %d of %d, %d were there", len(created), len(found.Resources), found.Present)
	}
	for _, r := range created {
		var stored v1.KafkaUser
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(r), &stored); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Spec, stored.Spec); diff != "" || stored.Labels[v1.LabelCluster] != "my-cluster" || stored.Annotations[v1.AnnotationUsername] != r.Annotations[v1.AnnotationUsername] {
			t.Errorf("%s has labels %v, annotations %v and spec (-want +got):\n%s", r.Name, stored.Labels, stored.Annotations, diff)
		}
	}
	if again, created := importAll(); len(created) > 0 || again.Present != len(found.Resources)+1 {
		t.Errorf("once more, it created %d, and %d were there", len(created), again.Present)
	}
}
