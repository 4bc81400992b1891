package install_test

import (
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"castellan.io/castellan/install"
)

func TestTheKustomizationInstallsTheSame(t *testing.T) {
	same(t, printed(t, install.Options{Namespace: "myproject"}), decode(t, kustomized(t, "../../install")))
}

func TestABaseIsInstalledIntoTheNamespaceOfWhoUsesIt(t *testing.T) {
	const overlay = "testdata/overlay"
	same(t, printed(t, install.Options{Namespace: "kafka"}), decode(t, kustomized(t, overlay)))
}

func kustomized(t *testing.T, folder string) []byte {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	out, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
