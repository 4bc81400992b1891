package v1_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/core/v1"
)

func TestPodSetSurvivesARoundTrip(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("testdata/strimzipodset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	typed, _, err := decoder.Decode(content, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want any
	if err := yaml.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	for way, object := range map[string]any{"typed": typed, "copied": typed.DeepCopyObject()} {
		encoded, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s set differs from the manifest (-want +got):\n%s", way, diff)
		}
	}
}

func TestTypedPodIsWrittenIntoASet(t *testing.T) {
	pod := &corev1.Pod{}
	pod.Name = "a"
	encoded, err := json.Marshal(v1.StrimziPodSetSpec{Pods: []runtime.RawExtension{{Object: pod}}})
	if err != nil {
		t.Fatal(err)
	}
	var got v1.StrimziPodSetSpec
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	var read corev1.Pod
	if err := json.Unmarshal(got.Pods[0].Raw, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pod, &read); diff != "" {
		t.Errorf("pod differs (-want +got):\n%s", diff)
	}
}
