//go:build apiserver

package kube_test

import (
	"context"
	"os"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	podsetv1 "castellan.io/castellan/api/core/v1"
	"castellan.io/castellan/internal/controller/podset"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/runtime/kube/render/rendertest"
	"castellan.io/castellan/internal/runtime/runtimetest"
)

// api may do everything on the API server that all tests of the package share, operator what the install files allow.
var api, operator client.WithWatch

// operatorConfig connects with the operator's rights.
var operatorConfig *rest.Config

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, operator, operatorConfig = c.Admin, c.Operator, c.OperatorConfig }))
}

func TestKubernetesIsARuntime(t *testing.T) {
	growingClass(t)
	runtimetest.Run(t, func(t *testing.T) runtimetest.Harness {
		t.Helper()
		p := platform{namespace: kubetest.Namespace(t, api)}
		return runtimetest.Harness{
			Runtime:   kube.New(operator, operator, rendertest.Settings()),
			Namespace: p.namespace,
			Run:       p.run,
			Ready:     p.ready,
			Settle:    p.settle,
		}
	})
}

// growingClass is a storage class whose volumes can grow.
func growingClass(t *testing.T) {
	t.Helper()
	class := &storagev1.StorageClass{Provisioner: "example.com/none", AllowVolumeExpansion: new(true)}
	class.Name = "fast"
	must(t, api.Create(t.Context(), class))
	t.Cleanup(func() { must(t, api.Delete(context.Background(), class)) })
}

// platform does what Kubernetes' and our own controllers would, in one namespace.
type platform struct{ namespace string }

func (p platform) run(t *testing.T) {
	t.Helper()
	// What the first round ends the second can start anew.
	for range 2 {
		p.reconcileSets(t)
		p.collectPods(t)
	}
	p.settleClaims(t)
}

func (p platform) reconcileSets(t *testing.T) {
	t.Helper()
	for _, set := range items[podsetv1.StrimziPodSet](t, p.namespace, &podsetv1.StrimziPodSetList{}) {
		name := types.NamespacedName{Namespace: set.Namespace, Name: set.Name}
		_, err := podset.New(operator, labels.Everything()).Reconcile(t.Context(), reconcile.Request{NamespacedName: name})
		must(t, err)
	}
}

// collectPods deletes pods whose set is gone.
func (p platform) collectPods(t *testing.T) {
	t.Helper()
	var alive []types.UID
	for _, set := range items[podsetv1.StrimziPodSet](t, p.namespace, &podsetv1.StrimziPodSetList{}) {
		alive = append(alive, set.UID)
	}
	for _, pod := range items[corev1.Pod](t, p.namespace, &corev1.PodList{}) {
		if !slices.Contains(alive, pod.OwnerReferences[0].UID) {
			must(t, api.Delete(t.Context(), &pod))
		}
	}
}

// settleClaims binds claims, and lets those go that are being deleted.
func (p platform) settleClaims(t *testing.T) {
	t.Helper()
	for _, claim := range items[corev1.PersistentVolumeClaim](t, p.namespace, &corev1.PersistentVolumeClaimList{}) {
		if claim.DeletionTimestamp != nil {
			claim.Finalizers = nil
			must(t, api.Update(t.Context(), &claim))
			continue
		}
		if claim.Status.Phase == corev1.ClaimBound {
			continue
		}
		claim.Spec.VolumeName = "volume-of-" + string(claim.UID)
		must(t, api.Update(t.Context(), &claim))
		claim.Status.Phase, claim.Status.Capacity = corev1.ClaimBound, claim.Spec.Resources.Requests
		must(t, api.Status().Update(t.Context(), &claim))
	}
}

func (p platform) ready(t *testing.T, instance string) {
	t.Helper()
	var pod corev1.Pod
	must(t, api.Get(t.Context(), types.NamespacedName{Namespace: p.namespace, Name: instance}, &pod))
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	must(t, api.Status().Update(t.Context(), &pod))
}

// settle does what the controller of deployments and a kubelet would.
func (p platform) settle(t *testing.T, workload string) {
	t.Helper()
	var d appsv1.Deployment
	must(t, api.Get(t.Context(), types.NamespacedName{Namespace: p.namespace, Name: workload}, &d))
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas, ReadyReplicas: *d.Spec.Replicas,
	}
	must(t, api.Status().Update(t.Context(), &d))
}

func items[T any](t *testing.T, namespace string, list client.ObjectList) []T {
	t.Helper()
	must(t, api.List(t.Context(), list, client.InNamespace(namespace)))
	objects, err := meta.ExtractList(list)
	must(t, err)
	out := make([]T, 0, len(objects))
	for _, o := range objects {
		typed, ok := any(o).(*T)
		if !ok {
			t.Fatalf("the list holds a %T", o)
		}
		out = append(out, *typed)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
