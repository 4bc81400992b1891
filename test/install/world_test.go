package install_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"castellan.io/castellan/install"
)

const chartFolder = "../../helm/castellan"

// helmOwn are the labels by which Helm's users find what belongs to a release.
var helmOwn = []string{"chart", "component", "release", "heritage"}

// rendered is the chart's output for some values, by the names of its templates.
func rendered(t *testing.T, namespace, values string) map[string]string {
	t.Helper()
	chart, err := loader.Load(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	given, err := common.ReadValues([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	release := common.ReleaseOptions{Name: "mine", Namespace: namespace, IsInstall: true, Revision: 1}
	all, err := util.ToRenderValues(chart, given, release, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := engine.Render(chart, all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// manifests is what Helm would apply.
func manifests(t *testing.T, namespace, values string) string {
	t.Helper()
	files := rendered(t, namespace, values)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".yaml" {
			out.WriteString("---\n" + files[name] + "\n")
		}
	}
	return out.String()
}

// printed are the objects of `castellan install`.
func printed(t *testing.T, o install.Options) []*unstructured.Unstructured {
	t.Helper()
	out, err := install.Operator(o)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, out)
}

func decode(t *testing.T, content []byte) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, content)
		}
		if len(o.Object) > 0 {
			out = append(out, o)
		}
	}
}

// same fails unless both have the same objects, in whatever order.
func same(t *testing.T, want, got []*unstructured.Unstructured) {
	t.Helper()
	if diff := cmp.Diff(byName(t, want), byName(t, got)); diff != "" {
		t.Errorf("objects (-castellan install +other):\n%s", diff)
	}
}

func byName(t *testing.T, objects []*unstructured.Unstructured) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for _, o := range objects {
		name := o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
		if out[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		out[name] = o.Object
	}
	return out
}
