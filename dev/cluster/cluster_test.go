package cluster_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/dev/cluster"
)

var update = flag.Bool("update", false, "write the golden files")

func machine() cluster.Machine {
	return cluster.Machine{Runc: "/usr/sbin/runc", CNIPlugins: "/usr/lib/cni"}
}

func plan(t *testing.T, nodes int) cluster.Cluster {
	t.Helper()
	planned, err := cluster.New("0123456789", nodes, machine())
	if err != nil {
		t.Fatal(err)
	}
	return planned
}

func identities(planned cluster.Cluster) cluster.Identities {
	issued := map[string]cluster.Pair{}
	for _, certificate := range planned.Certificates() {
		issued[certificate.Name] = cluster.Pair{Certificate: certificate.Name + " certificate", Key: certificate.Name + " key"}
	}
	return cluster.Identities{
		CA:             cluster.Pair{Certificate: "ca certificate", Key: "ca key"},
		ServiceAccount: cluster.Pair{Certificate: "account public key", Key: "account key"},
		Issued:         issued,
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

func TestNewSpreadsNodesOverZonesAndSubnets(t *testing.T) {
	var got []string
	for _, node := range plan(t, 4).Nodes {
		got = append(got, strings.Join([]string{node.Name, node.Zone, node.Address.String(), node.Pods.String()}, " "))
	}
	want := []string{
		"node-1 zone-a 198.18.255.1/24 198.18.1.0/24",
		"node-2 zone-b 198.18.255.2/24 198.18.2.0/24",
		"node-3 zone-c 198.18.255.3/24 198.18.3.0/24",
		"node-4 zone-a 198.18.255.4/24 198.18.4.0/24",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
}

func TestNewRefusesSizesTheAddressPlanCannotBear(t *testing.T) {
	for name, nodes := range map[string]int{"none": 0, "a negative number": -1, "one too many": cluster.MaxNodes + 1} {
		t.Run(name, func(t *testing.T) {
			if _, err := cluster.New("key", nodes, machine()); err == nil {
				t.Errorf("New with %d nodes succeeded", nodes)
			}
		})
	}
}

func TestSpecOfEachKindOfNode(t *testing.T) {
	planned := plan(t, 2)
	for name, node := range map[string]cluster.Node{
		"first-node.json": planned.Nodes[0],
		"other-node.json": planned.Nodes[1],
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.MarshalIndent(planned.Spec(node), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, string(text)+"\n")
		})
	}
}

func TestFilesOfEachKindOfNode(t *testing.T) {
	planned := plan(t, 2)
	for name, node := range map[string]cluster.Node{
		"first-node.files": planned.Nodes[0],
		"other-node.files": planned.Nodes[1],
	} {
		t.Run(name, func(t *testing.T) {
			files, err := planned.Files(node, identities(planned))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, concatenate(files))
		})
	}
}

func concatenate(files []cluster.File) string {
	var text strings.Builder
	for _, file := range files {
		text.WriteString("==> " + file.Path + "\n" + strings.TrimRight(file.Content, "\n") + "\n\n")
	}
	return text.String()
}

func TestKeysAreSecret(t *testing.T) {
	planned := plan(t, 1)
	files, err := planned.Files(planned.First(), identities(planned))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		holdsKey := strings.HasSuffix(file.Path, ".key") || strings.HasSuffix(file.Path, ".kubeconfig")
		if holdsKey != file.Secret {
			t.Errorf("%s: secret is %v", file.Path, file.Secret)
		}
	}
}

func TestOnlyTheFirstNodeHasTheAuthoritysKey(t *testing.T) {
	planned := plan(t, 2)
	files, err := planned.Files(planned.Nodes[1], identities(planned))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(files, func(file cluster.File) bool { return strings.Contains(file.Content, "ca key") }) {
		t.Error("the second node has the key of the authority")
	}
}

func TestAnOverlayTakesNoFurtherOverlay(t *testing.T) {
	for name, test := range map[string]struct {
		overlay bool
		want    string
	}{
		"on an overlay files are copied": {overlay: true, want: "native"},
		"elsewhere overlays are used":    {overlay: false, want: "overlayfs"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (cluster.Machine{Overlay: test.overlay}).Snapshotter(); got != test.want {
				t.Errorf("snapshotter %s, want %s", got, test.want)
			}
		})
	}
}

func TestComponentNamesAreUniqueOnANode(t *testing.T) {
	planned := plan(t, 1)
	seen := map[string]bool{}
	for _, component := range planned.Components(planned.First()) {
		if seen[component.Name] {
			t.Errorf("two components are named %s", component.Name)
		}
		seen[component.Name] = true
	}
}
