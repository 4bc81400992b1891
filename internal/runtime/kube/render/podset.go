package render

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	"castellan.io/castellan/internal/plan"
)

func podSet(p *plan.Plan, g *plan.Group, s Settings) (client.Object, error) {
	n := groupNaming(p, g)
	out := &podsetv1.StrimziPodSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: podsetv1.GroupVersion().String(), Kind: "StrimziPodSet"},
		ObjectMeta: n.meta(g.Set, templateMetadata(groupTemplate(g).PodSet).with(nil, g.Facts)),
		Spec: podsetv1.StrimziPodSetSpec{
			Selector: metav1.LabelSelector{MatchLabels: n.selector()},
			// The list is required: a group of no instances has an empty one, not none.
			Pods: []runtime.RawExtension{},
		},
	}
	for i := range g.Instances {
		wanted, err := revisedPod(p, g, &g.Instances[i], s)
		if err != nil {
			return nil, err
		}
		raw, err := encodedPod(wanted)
		if err != nil {
			return nil, err
		}
		out.Spec.Pods = append(out.Spec.Pods, raw)
	}
	return out, nil
}

// Pods renders the pods of a plan by name, with the annotations that name their revision.
func Pods(p *plan.Plan, s Settings) (map[string]*corev1.Pod, error) {
	out := map[string]*corev1.Pod{}
	for i := range p.Groups {
		g := &p.Groups[i]
		for j := range g.Instances {
			wanted, err := revisedPod(p, g, &g.Instances[j], s)
			if err != nil {
				return nil, err
			}
			out[wanted.Name] = wanted
		}
	}
	return out, nil
}

func revisedPod(p *plan.Plan, g *plan.Group, in *plan.Instance, s Settings) (*corev1.Pod, error) {
	out, err := pod(p, g, in, s)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", in.Name, err)
	}
	if err := annotateRevision(out); err != nil {
		return nil, err
	}
	// What changes while the pod runs comes after, and is no part of the revision.
	out.Annotations = merged(out.Annotations, in.LiveFacts)
	return out, nil
}

func encodedPod(pod *corev1.Pod) (runtime.RawExtension, error) {
	content, err := podContent(pod)
	if err != nil {
		return runtime.RawExtension{}, err
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return runtime.RawExtension{}, fmt.Errorf("encode pod %s: %w", pod.Name, err)
	}
	return runtime.RawExtension{Raw: raw}, nil
}

// podContent is the pod without the fields that only a server fills.
func podContent(pod *corev1.Pod) (map[string]any, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return nil, fmt.Errorf("encode pod %s: %w", pod.Name, err)
	}
	delete(content, "status")
	if m, ok := content["metadata"].(map[string]any); ok {
		delete(m, "creationTimestamp")
	}
	return content, nil
}
