package install_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	psa "k8s.io/pod-security-admission/api"

	"castellan.io/castellan/install"
	"castellan.io/castellan/test/podsecurity"
)

func TestPodsKeepToTheirLevelOfPodSecurity(t *testing.T) {
	cases := map[string]struct {
		render func(install.Options) ([]byte, error)
		want   []string
	}{
		"the operator to restricted":                   {render: install.Operator},
		"a topic operator by itself to restricted too": {render: install.TopicOperator},
		"a user operator by itself to restricted too":  {render: install.UserOperator},
		"the storage provisioner to restricted, but for what giving directories of a node to others takes": {
			render: install.StorageProvisioner,
			want: []string{
				`restricted volume types: volume "volumes" uses restricted volume type "hostPath"`,
				`runAsNonRoot != true: pod or container "storage-provisioner" must set securityContext.runAsNonRoot=true`,
				`runAsUser=0: pod must not set runAsUser=0`,
				`unrestricted capabilities: container "storage-provisioner" must not include "CHOWN", "DAC_OVERRIDE", "FOWNER" in securityContext.capabilities.add`,
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			manifests, err := c.render(install.Options{Namespace: "n"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, podsecurity.Refusals(t, psa.LevelRestricted, podTemplate(t, manifests))); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
}

// podTemplate is the pod template of the only workload among the manifests.
func podTemplate(t *testing.T, manifests []byte) corev1.PodTemplateSpec {
	t.Helper()
	var out []corev1.PodTemplateSpec
	for _, o := range decode(t, manifests) {
		if o.GetKind() != "Deployment" && o.GetKind() != "DaemonSet" {
			continue
		}
		var workload struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &workload); err != nil {
			t.Fatal(err)
		}
		out = append(out, workload.Spec.Template)
	}
	if len(out) != 1 || len(out[0].Spec.Containers) == 0 {
		t.Fatalf("not one workload with containers: %+v", out)
	}
	return out[0]
}
