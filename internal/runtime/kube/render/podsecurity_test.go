package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"

	"castellan.io/castellan/internal/runtime/kube/render"
	"castellan.io/castellan/internal/runtime/kube/render/rendertest"
	"castellan.io/castellan/test/podsecurity"
)

func TestPodsKeepToTheLevelOfPodSecurityThatWasChosen(t *testing.T) {
	for level, restricted := range map[api.Level]bool{api.LevelBaseline: false, api.LevelRestricted: true} {
		cases := rendertest.Cases()
		// Their users have a security context for the container, which wins.
		delete(cases, "templates")
		delete(cases, "workload-templates")
		for name, c := range cases {
			t.Run(string(level)+" "+name, func(t *testing.T) {
				c.Settings.Restricted = restricted
				pods, err := render.Pods(&c.Plan, c.Settings)
				if err != nil {
					t.Fatal(err)
				}
				var templates []corev1.PodTemplateSpec
				for _, pod := range pods {
					templates = append(templates, corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec})
				}
				if c.Plan.Workload != nil {
					workload, err := render.Deployment(&c.Plan, c.Settings)
					if err != nil {
						t.Fatal(err)
					}
					templates = append(templates, workload.Spec.Template)
				}
				for _, template := range templates {
					if diff := cmp.Diff([]string(nil), podsecurity.Refusals(t, level, template)); diff != "" {
						t.Errorf("refusals of %s (-want +got):\n%s", template.Name, diff)
					}
				}
			})
		}
	}
}
