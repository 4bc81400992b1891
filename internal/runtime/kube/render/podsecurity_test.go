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
		delete(cases, "templates") // its user has a security context for the container, which wins
		for name, c := range cases {
			t.Run(string(level)+" "+name, func(t *testing.T) {
				c.Settings.Restricted = restricted
				pods, err := render.Pods(&c.Plan, c.Settings)
				if err != nil {
					t.Fatal(err)
				}
				for _, pod := range pods {
					template := corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}
					if diff := cmp.Diff([]string(nil), podsecurity.Refusals(t, level, template)); diff != "" {
						t.Errorf("refusals of %s (-want +got):\n%s", pod.Name, diff)
					}
				}
			})
		}
	}
}
