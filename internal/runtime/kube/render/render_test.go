package render_test

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime/kube/render"
	"castellan.io/castellan/internal/runtime/kube/render/rendertest"
	"castellan.io/castellan/test/golden"
)

func TestPlansRenderToTheirGoldenFiles(t *testing.T) {
	for name, c := range rendertest.Cases() {
		t.Run(name, func(t *testing.T) {
			golden.Equal(t, filepath.Join("testdata", name+".golden"), rendered(t, c))
		})
	}
}

func rendered(t *testing.T, c rendertest.Case) string {
	t.Helper()
	objects, err := render.Objects(&c.Plan, c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, o := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
		if err != nil {
			t.Fatal(err)
		}
		delete(content, "status")
		text, err := yaml.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.String()
}

func TestRevisionsTellWhatOfAPodHasChanged(t *testing.T) {
	resources := func(cpu string) func(*plan.Instance) {
		return func(in *plan.Instance) {
			in.Main.Resources.Requests = map[string]string{"cpu": cpu, "memory": "2Gi"}
			in.Prepare[0].Resources.Requests = map[string]string{"cpu": cpu, "memory": "2Gi"}
		}
	}
	cases := map[string]struct {
		change       func(*plan.Instance)
		shape, sizes bool
	}{
		"files do not replace a pod":                   {change: func(in *plan.Instance) { in.Files["server.config"] = "other" }},
		"a size in other words does not replace a pod": {change: resources("1")},
		"another size is a change of resources alone":  {change: resources("2"), sizes: true},
		"another image is a change of shape alone":     {change: func(in *plan.Instance) { in.Main.Image = "kafka:5" }, shape: true},
		"another live fact is no change":               {change: func(in *plan.Instance) { in.LiveFacts = map[string]string{"x": "y"} }},
		"another fact is a change of shape alone":      {change: func(in *plan.Instance) { in.Facts["x"] = "y" }, shape: true},
		"another domain is a change of shape alone":    {change: func(in *plan.Instance) { in.Domain = "other" }, shape: true},
	}
	before := revisions(t, func(*plan.Instance) {})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			after := revisions(t, c.change)
			if changed := before[v1.AnnotationRevision] != after[v1.AnnotationRevision]; changed != c.shape {
				t.Errorf("shape changed: %v, want %v", changed, c.shape)
			}
			if changed := before[v1.AnnotationResourceRevision] != after[v1.AnnotationResourceRevision]; changed != c.sizes {
				t.Errorf("resources changed: %v, want %v", changed, c.sizes)
			}
		})
	}
}

func revisions(t *testing.T, change func(*plan.Instance)) map[string]string {
	t.Helper()
	c := rendertest.Cases()["combined-jbod"]
	in := &c.Plan.Groups[0].Instances[0]
	in.Main.Resources = plan.Resources{Requests: map[string]string{"cpu": "1000m", "memory": "2048Mi"}}
	in.Prepare[0].Resources = plan.Resources{Requests: maps.Clone(in.Main.Resources.Requests)}
	change(in)
	pods, err := render.Pods(&c.Plan, c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	return pods[in.Name].Annotations
}

func TestAQuantityThatIsNoneIsAnError(t *testing.T) {
	cases := map[string]func(*plan.Instance){
		"size of a volume":        func(in *plan.Instance) { in.Mounts[0].Volume.Size = "1.2.3" },
		"limit of a directory":    func(in *plan.Instance) { in.Mounts[3].Scratch.SizeLimit = "5QQ" },
		"resources of a process":  func(in *plan.Instance) { in.Main.Resources.Limits["memory"] = "much" },
		"resources of a prepared": func(in *plan.Instance) { in.Prepare[0].Resources.Requests["cpu"] = "some" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := rendertest.Cases()["combined-jbod"]
			change(&c.Plan.Groups[0].Instances[0])
			if _, err := render.Objects(&c.Plan, c.Settings); err == nil || !strings.Contains(err.Error(), "quantities must match") {
				t.Errorf("error is %v", err)
			}
		})
	}
}
