package render

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// Deployment renders the workload of a plan that has one, with the annotation that names its revision.
//
// The revision is that of the spec alone: facts about a workload change while its pods run.
func Deployment(p *plan.Plan, s Settings) (*appsv1.Deployment, error) {
	w, n := p.Workload, clusterNaming(p)
	own, instances := workloadTemplates(w)
	spec, err := podSpec(p, "", w.Mounts, s)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", w.Name, err)
	}
	for i := range w.Processes {
		c, err := container(w.Mounts, &w.Processes[i], s)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", w.Name, err)
		}
		spec.Containers = append(spec.Containers, c)
	}
	if err := applyPodTemplate(&spec, &instances); err != nil {
		return nil, fmt.Errorf("render %s: %w", w.Name, err)
	}
	users := userMetadata(instances.Metadata).with(s.PodLabels[p.Component.Type], nil)
	out := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: n.meta(w.Name, own.with(nil, w.Facts)),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr(w.Replicas),
			Selector: &metav1.LabelSelector{MatchLabels: n.selector()},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: n.labels(users.labels), Annotations: nonEmpty(users.annotations)},
				Spec:       spec,
			},
		},
	}
	revision, err := deploymentRevision(&out.Spec)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", w.Name, err)
	}
	out.Annotations = merged(out.Annotations, map[string]string{v1.AnnotationRevision: revision})
	return out, nil
}

func deploymentRevision(spec *appsv1.DeploymentSpec) (string, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
	if err != nil {
		return "", err
	}
	return shortHash(content)
}

func fileSets(p *plan.Plan) []client.Object {
	if p.Workload == nil {
		return nil
	}
	var out []client.Object
	for _, f := range p.Workload.Files {
		out = append(out, &corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: clusterNaming(p).of(f.Component).meta(f.Name, metadata{}),
			Data:       f.Files,
		})
	}
	return out
}
