package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/install"
)

func TestOptionsOfAnInstallation(t *testing.T) {
	cases := map[string]struct {
		deployment Deployment
		want       install.Options
	}{
		"its own namespace is watched unless more is said": {Deployment{Namespace: "n"}, install.Options{Namespace: "n"}},
		"all namespaces are watched": {
			Deployment{Namespace: "n", AllNamespaces: true}, install.Options{Namespace: "n", Watch: []string{"*"}},
		},
		"images come from a registry": {
			Deployment{Namespace: "n", Registry: "r.example.com/c"}, install.Options{Namespace: "n", Registry: "r.example.com/c"},
		},
		"a digest marks pods": {
			Deployment{Namespace: "n", Digest: "sha256:0123"},
			install.Options{Namespace: "n", PodAnnotations: map[string]string{"castellan.io/image-digest": "sha256:0123"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.deployment.options()); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}
