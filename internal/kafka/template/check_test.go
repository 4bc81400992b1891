package template_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/template"
)

func read[T any](t *testing.T, text string) *T {
	t.Helper()
	var value T
	if err := yaml.UnmarshalStrict([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return &value
}

func expect(t *testing.T, got []string, want string) {
	t.Helper()
	joined := strings.Join(got, "; ")
	if (want == "") != (joined == "") || !strings.Contains(joined, want) {
		t.Errorf("got %q, want %q", joined, want)
	}
}

func TestPod(t *testing.T) {
	tests := map[string]struct{ pod, want string }{
		"labels and annotations of the user's are fine":   {"metadata: {labels: {a: b}, annotations: {example.com/c: d}}", ""},
		"labels of applications are fine":                 {"metadata: {labels: {app.kubernetes.io/name: mine}}", ""},
		"a label of the operator is refused":              {"metadata: {labels: {strimzi.io/cluster: other}}", "at.metadata.labels: key strimzi.io/cluster is reserved"},
		"an annotation of the operator is refused":        {"metadata: {annotations: {strimzi.io/revision: x}}", "at.metadata.annotations: key strimzi.io/revision"},
		"a size of the temporary directory is a quantity": {"tmpDirSizeLimit: 1.1.1", "at.tmpDirSizeLimit"},
		"a volume needs a name":                           {"volumes: [{emptyDir: {}}]", `at.volumes[0].name: "" is not a volume name`},
		"a volume's name has letters at its ends":         {"volumes: [{name: a-, emptyDir: {}}]", "at.volumes[0].name"},
		"a volume's name may not be too long":             {"volumes: [{name: " + strings.Repeat("a", 64) + "}]", "at.volumes[0].name"},
		"a volume's name may be as long as it may":        {"volumes: [{name: " + strings.Repeat("a", 63) + "}]", ""},
		"a volume may not have the name of an operator's": {"volumes: [{name: data-0, emptyDir: {}}]", "used by another volume"},
		"two volumes may not have the same name":          {"volumes: [{name: mine, emptyDir: {}}]\ntemplatedVolumes: [{name: mine, secret: {secretName: s}}]", "at.templatedVolumes[0].name"},
		"a volume has one source":                         {"volumes: [{name: mine, emptyDir: {}, secret: {secretName: s}}]", "at.volumes[0]: has 2 sources"},
		"a templated volume has one source":               {"templatedVolumes: [{name: mine, configMap: {name: a}, secret: {secretName: s}}]", "at.templatedVolumes[0]: has 2 sources"},
		"the limit of an empty directory must be a size":  {"volumes: [{name: mine, emptyDir: {sizeLimit: 1.1.1}}]", "at.volumes[0].emptyDir.sizeLimit"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expect(t, template.Pod("at", read[v1.PodSetPodTemplate](t, test.pod), []string{"data-0"}), test.want)
		})
	}
}

func TestContainer(t *testing.T) {
	tests := map[string]struct{ path, want string }{
		"below /mnt is fine":                    {"/mnt/plugins", ""},
		"/mnt itself is fine":                   {"/mnt", ""},
		"elsewhere is refused":                  {"/opt/kafka/libs", `at.volumeMounts[0].mountPath: "/opt/kafka/libs" is outside of /mnt`},
		"what only begins like /mnt is refused": {"/mnt2", "outside of /mnt"},
		"a way out of /mnt is refused":          {"/mnt/../etc", "outside of /mnt"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expect(t, template.Container("at", &v1.ContainerTemplate{VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: test.path}}}), test.want)
		})
	}
}

func TestResources(t *testing.T) {
	tests := map[string]struct{ resources, want string }{
		"a request below the limit is fine":    {"{requests: {cpu: 500m}, limits: {cpu: 1}}", ""},
		"a request equal to the limit is fine": {"{requests: {memory: 1Gi}, limits: {memory: 1024Mi}}", ""},
		"a request above the limit is refused": {"{requests: {memory: 2Gi}, limits: {memory: 1Gi}}", "at.requests.memory: 2Gi is more than the limit 1Gi"},
		"a request of nothing is refused":      {"{requests: {cpu: 0}}", "at.requests.cpu: is 0"},
		"a negative limit is refused":          {"{limits: {memory: -1}}", "at.limits.memory: is -1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expect(t, template.Resources("at", read[corev1.ResourceRequirements](t, test.resources)), test.want)
		})
	}
}

func TestDirectLabelsMayNameTheCluster(t *testing.T) {
	expect(t, template.Direct("at", &v1.MetadataTemplate{Labels: map[string]string{"strimzi.io/cluster": "c"}}), "")
	expect(t, template.Direct("at", &v1.MetadataTemplate{Labels: map[string]string{"strimzi.io/kind": "c"}}), "strimzi.io/kind is reserved")
}
