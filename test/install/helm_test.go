package install_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"castellan.io/castellan/install"
)

func TestTheChartIsClean(t *testing.T) {
	for _, message := range lint.RunAll(chartFolder, nil, "kafka").Messages {
		if message.Severity > support.InfoSev {
			t.Error(message)
		}
	}
}

func TestTheChartInstallsTheSame(t *testing.T) {
	cases := map[string]struct {
		values string
		want   install.Options
	}{
		"without values": {"", install.Options{Namespace: "kafka"}},
		"its namespace is watched in any case": {
			"watchNamespaces: [orders, payments, orders]", install.Options{Namespace: "kafka", Watch: []string{"orders", "kafka", "payments"}},
		},
		"all namespaces are watched": {"watchAnyNamespace: true", install.Options{Namespace: "kafka", Watch: []string{"*"}}},
		"images come from a registry": {
			"{defaultImageRegistry: 'r.example.com:5000', defaultImageRepository: a/b}", install.Options{Namespace: "kafka", Registry: "r.example.com:5000/a/b"},
		},
		"annotations of pods": {"annotations: {example.com/a: '1'}", install.Options{Namespace: "kafka", PodAnnotations: map[string]string{"example.com/a": "1"}}},
		"what this version has no use for": {
			"{dashboards: {enabled: true}, kafkaBridge: {image: {tag: x}}, tmpDirSizeLimit: 5Mi, logLevel: '${env:STRIMZI_LOG_LEVEL:-INFO}'}",
			install.Options{Namespace: "kafka"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := decode(t, []byte(manifests(t, "kafka", c.values)))
			for _, o := range got {
				withoutHelmLabels(t, o)
			}
			definitions, err := os.ReadDir(filepath.Join(chartFolder, "crds"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range definitions {
				content, err := os.ReadFile(filepath.Join(chartFolder, "crds", file.Name()))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, decode(t, content)...)
			}
			same(t, printed(t, c.want), got)
		})
	}
}

func withoutHelmLabels(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	labels := o.GetLabels()
	for _, name := range helmOwn {
		if labels[name] == "" {
			t.Errorf("%s %s has no label %s", o.GetKind(), o.GetName(), name)
		}
		delete(labels, name)
	}
	o.SetLabels(labels)
}

func TestCopiesInTheChartAreWhatIsInstalled(t *testing.T) {
	for folder, patterns := range map[string][]string{
		"crds":  {"cluster-operator/*-Crd-*.yaml"},
		"files": {"cluster-operator/*-ClusterRole-*.yaml", "strimzi-admin/*-ClusterRole-*.yaml"},
	} {
		want, got := map[string]string{}, map[string]string{}
		for _, pattern := range patterns {
			maps.Copy(want, read(t, "../../install/"+pattern))
		}
		maps.Copy(got, read(t, chartFolder+"/"+folder+"/*"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("helm/castellan/%s is out of date; run go generate ./install (-installed +chart):\n%s", folder, diff)
		}
	}
}

func read(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	out := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(file)] = string(content)
	}
	return out
}

func TestValuesWithoutEffectAreNamed(t *testing.T) {
	const values = "{dashboards: {enabled: true}, watchNamespace: typo}"
	notes := rendered(t, "kafka", values)["castellan/templates/NOTES.txt"]
	if !strings.Contains(notes, "Without effect in this version: dashboards, watchNamespace.") {
		t.Errorf("notes:\n%s", notes)
	}
	if notes := rendered(t, "kafka", "")["castellan/templates/NOTES.txt"]; strings.Contains(notes, "Without effect") {
		t.Errorf("notes about values that nobody has given:\n%s", notes)
	}
}

func TestTheReadmeTellsOfEveryValue(t *testing.T) {
	chart, err := loader.Load(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(chartFolder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(chart.Values)) {
		if !strings.Contains(string(readme), "`"+name) {
			t.Errorf("README.md does not name %s", name)
		}
	}
}
