package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/kube/render"
)

// Outdated compares the revisions of the pods that run with those of the pods that the plan wants, and that of its deployment.
func (r *Runtime) Outdated(ctx context.Context, want plan.Plan) (map[string]runtime.Difference, error) {
	wanted, err := render.Pods(&want, r.settings)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	if err := r.client.List(ctx, &pods, client.InNamespace(want.Owner.Namespace), componentLabels(refOf(&want))); err != nil {
		return nil, fmt.Errorf("read the pods of %s: %w", want.Component.Name, err)
	}
	out := map[string]runtime.Difference{}
	for i := range pods.Items {
		runs := &pods.Items[i]
		if d := difference(runs, wanted[runs.Name]); d != "" {
			out[runs.Name] = d
		}
	}
	return out, r.compareWorkload(ctx, &want, out)
}

// compareWorkload adds the plan's workload to those that are outdated, if it is.
func (r *Runtime) compareWorkload(ctx context.Context, want *plan.Plan, outdated map[string]runtime.Difference) error {
	if want.Workload == nil {
		return nil
	}
	wanted, err := render.Deployment(want, r.settings)
	if err != nil {
		return err
	}
	var is appsv1.Deployment
	err = r.client.Get(ctx, client.ObjectKeyFromObject(wanted), &is)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read deployment %s: %w", wanted.Name, err)
	}
	if is.Annotations[v1.AnnotationRevision] != wanted.Annotations[v1.AnnotationRevision] {
		outdated[wanted.Name] = runtime.DifferentShape
	}
	return nil
}

func refOf(p *plan.Plan) runtime.Ref {
	return runtime.Ref{Namespace: p.Owner.Namespace, Cluster: p.Owner.Name, Kind: p.Owner.Kind, Component: p.Component.Name}
}

func difference(runs, wanted *corev1.Pod) runtime.Difference {
	if wanted == nil {
		return ""
	}
	if runs.Annotations[v1.AnnotationRevision] != wanted.Annotations[v1.AnnotationRevision] {
		return runtime.DifferentShape
	}
	if runs.Annotations[v1.AnnotationResourceRevision] != wanted.Annotations[v1.AnnotationResourceRevision] {
		return runtime.DifferentResources
	}
	return ""
}
