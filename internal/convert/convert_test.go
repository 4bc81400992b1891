package convert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/convert"
	"castellan.io/castellan/test/golden"
)

// TestConversions converts each file of testdata. What comes out and what is said about it are golden files beside it.
func TestConversions(t *testing.T) {
	for _, file := range inputs(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			out, notes := run(t, file)
			var said strings.Builder
			for _, note := range notes {
				said.WriteString(note.String() + "\n")
			}
			golden.Equal(t, strings.TrimSuffix(file, ".yaml")+".golden", string(out))
			golden.Equal(t, strings.TrimSuffix(file, ".yaml")+".notes", said.String())
		})
	}
}

// TestWhatIsConvertedNeedsNothingMore: a second conversion changes nothing, but for what is left because it is of a running cluster.
func TestWhatIsConvertedNeedsNothingMore(t *testing.T) {
	for _, file := range inputs(t) {
		out, _ := run(t, file)
		again, notes, err := convert.Manifests([]convert.Input{{Name: file, Data: out}})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(string(out), string(again)); diff != "" {
			t.Errorf("%s (-once +twice):\n%s", file, diff)
		}
		for _, note := range notes {
			if !note.Left {
				t.Errorf("%s: changed again: %s", file, note)
			}
		}
	}
}

func TestPoolsInAnotherFileBelongToTheCluster(t *testing.T) {
	cluster := "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: c}\nspec:\n  kafka:\n    replicas: 3\n" +
		"    listeners: [{name: plain, port: 9092, type: internal, tls: false}]\n    resources: {requests: {memory: 1Gi}}\n"
	pool := "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaNodePool\nmetadata: {name: p, labels: {strimzi.io/cluster: c}}\n" +
		"spec: {replicas: 1, roles: [controller, broker], storage: {type: ephemeral}}\n"
	out, notes, err := convert.Manifests([]convert.Input{{Name: "cluster", Data: []byte(cluster)}, {Name: "pool", Data: []byte(pool)}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "storage: {type: ephemeral}, resources: {requests: {memory: 1Gi}}") {
		t.Errorf("want the pool to have the resources of the cluster:\n%s", out)
	}
	for _, note := range notes {
		if note.Left {
			t.Errorf("left: %s", note)
		}
	}
	if strings.Count(string(out), "---\n") != 1 {
		t.Errorf("want two documents with a line between:\n%s", out)
	}
}

func TestTwoClustersGetPoolsOfDifferentNames(t *testing.T) {
	manifest := "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: NAME}\nspec:\n  kafka:\n    replicas: 1\n    storage: {type: ephemeral}\n" +
		"    listeners: [{name: plain, port: 9092, type: internal, tls: false}]\n  zookeeper: {replicas: 1, storage: {type: ephemeral}}\n"
	both := strings.ReplaceAll(manifest, "NAME", "a") + "---\n" + strings.ReplaceAll(manifest, "NAME", "b")
	out, _, err := convert.Manifests([]convert.Input{{Name: "both", Data: []byte(both)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"broker", "controller", "b-broker", "b-controller"} {
		if strings.Count(string(out), "  name: "+name+"\n") != 1 {
			t.Errorf("want one pool %s:\n%s", name, out)
		}
	}
}

func TestADocumentMayBeginOnTheLineOfItsSeparator(t *testing.T) {
	two := "--- {apiVersion: kafka.strimzi.io/v1beta2, kind: KafkaTopic, metadata: {name: a}, spec: {}}\n--- # b\napiVersion: v1\nkind:  Secret\n"
	want := "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: a\nspec: {}\n--- # b\napiVersion: v1\nkind:  Secret\n"
	out, _, err := convert.Manifests([]convert.Input{{Name: "two", Data: []byte(two)}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	cases := map[string]struct{ data, want string }{
		"a template that is not rendered":        {"a: b\n---\nkind: Kafka\n{{ if .x }}\n", "values.yaml: yaml: line 4"},
		"tabs":                                   {"kind: Kafka\n\tmetadata: x\n", "values.yaml: yaml: line 2"},
		"an alias within what it stands for":     {"metadata: &m\n  labels: *m\n", "anchor 'm' value contains itself"},
		"an alias beside a key that comes twice": {"a: &n x\nb: *n\na: y\n", `mapping key "a" already defined`},
		"two documents of JSON":                  {`{"kind": "A"}` + "\n" + `{"kind": "B"}`, "values.yaml: yaml: line"},
		"a document after the end of another":    {"a: b\n...\nc: d\n", "values.yaml: yaml: line 2"},
		"a resource twice": {
			"apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {name: a}\n---\napiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata: {name: a}\n",
			"values.yaml:5: KafkaTopic a is in values.yaml:1 too",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, _, err := convert.Manifests([]convert.Input{{Name: "values.yaml", Data: []byte(c.data)}})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want one line with %q, got %v", c.want, err)
			}
			if len(out) > 0 {
				t.Errorf("want no output, got %s", out)
			}
		})
	}
}

// FuzzManifests: whatever comes in, nothing breaks, and what comes out can be read.
func FuzzManifests(f *testing.F) {
	for _, file := range inputs(f) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, _, err := convert.Manifests([]convert.Input{{Name: "fuzz", Data: data}})
		if err != nil {
			return
		}
		if _, _, err := convert.Manifests([]convert.Input{{Name: "fuzz", Data: out}}); err != nil {
			t.Errorf("%v\nfrom:\n%s\nout:\n%s", err, data, out)
		}
	})
}

func inputs(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d inputs: %v", len(files), err)
	}
	return files
}

func run(t *testing.T, file string) ([]byte, []convert.Note) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, notes, err := convert.Manifests([]convert.Input{{Name: filepath.Base(file), Data: data}})
	if err != nil {
		t.Fatal(err)
	}
	return out, notes
}
