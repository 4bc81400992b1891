//go:build apiserver

package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/runtime/kube/render"
	"castellan.io/castellan/internal/runtime/kube/render/rendertest"
)

func TestApplyingAgainWritesNothing(t *testing.T) {
	for name := range rendertest.Cases() {
		t.Run(name, func(t *testing.T) {
			c := moved(t, name)
			first := kube.New(operator, operator, c.Settings)
			must(t, first.Apply(t.Context(), c.Plan))
			before := objects(t, &c)
			must(t, first.Apply(t.Context(), caseIn(t, name, c.Plan.Owner.Namespace).Plan))
			same(t, "the same process", before, objects(t, &c))
			must(t, kube.New(operator, operator, c.Settings).Apply(t.Context(), c.Plan))
			after := objects(t, &c)
			same(t, "a new process", settled(before), settled(after))
			must(t, kube.New(operator, operator, c.Settings).Apply(t.Context(), c.Plan))
			same(t, "one more process", after, objects(t, &c))
		})
	}
}

func TestAnUnchangedPlanCostsNoWrites(t *testing.T) {
	c := moved(t, "combined-jbod")
	var writes atomic.Int64
	counting := interceptor.NewClient(operator, interceptor.Funcs{
		Apply: func(ctx context.Context, w client.WithWatch, o kruntime.ApplyConfiguration, options ...client.ApplyOption) error {
			writes.Add(1)
			return w.Apply(ctx, o, options...)
		},
		Delete: func(ctx context.Context, w client.WithWatch, o client.Object, options ...client.DeleteOption) error {
			writes.Add(1)
			return w.Delete(ctx, o, options...)
		},
	})
	r := kube.New(counting, operator, c.Settings)
	must(t, r.Apply(t.Context(), c.Plan))
	if writes.Swap(0) == 0 {
		t.Fatal("the first writes were not counted")
	}
	must(t, r.Apply(t.Context(), c.Plan))
	if n := writes.Load(); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestWhatAPersonAddsStaysAndWhatAPersonBreaksIsRepaired(t *testing.T) {
	c := moved(t, "templates")
	r := kube.New(operator, operator, c.Settings)
	must(t, r.Apply(t.Context(), c.Plan))
	key := types.NamespacedName{Namespace: c.Plan.Owner.Namespace, Name: "prod-kafka-bootstrap"}
	patch(t, key, &corev1.Service{}, `{"metadata":{"labels":{"mine":"a","strimzi.io/name":"broken"},"annotations":{"mine":"b"}},
		"spec":{"ports":[{"name":"tcp-replication","port":9091,"targetPort":1}]}}`)

	c.Plan.Endpoints[0].Template = nil
	must(t, r.Apply(t.Context(), c.Plan))
	var is corev1.Service
	must(t, api.Get(t.Context(), key, &is))
	want := map[string]string{"mine": "a", v1.LabelName: "prod-kafka", "label": ""}
	for label, value := range want {
		if is.Labels[label] != value {
			t.Errorf("label %s is %q, want %q", label, is.Labels[label], value)
		}
	}
	if is.Annotations["mine"] != "b" || is.Annotations["annotation"] != "" {
		t.Errorf("annotations: %v", is.Annotations)
	}
	if len(is.Spec.Ports) != 2 || is.Spec.Ports[0].TargetPort.IntValue() != 9091 {
		t.Errorf("ports: %+v", is.Spec.Ports)
	}

	must(t, api.Delete(t.Context(), &is))
	must(t, r.Apply(t.Context(), c.Plan))
	must(t, api.Get(t.Context(), key, &is))
}

func TestOnlyWhatTheOperatorMadeIsPruned(t *testing.T) {
	c := moved(t, "broker-endpoints")
	r := kube.New(operator, operator, c.Settings)
	must(t, r.Apply(t.Context(), c.Plan))
	own, foreign := ownAndForeign(t, &c)
	c.Plan.Endpoints = c.Plan.Endpoints[:1]
	c.Plan.Disruption, c.Plan.Inbound = nil, nil
	must(t, r.Apply(t.Context(), c.Plan))
	namespace := c.Plan.Owner.Namespace
	equal(t, "services", []string{"prod-kafka-bootstrap"}, names(t, namespace, "v1", "Service"))
	equal(t, "budgets", nil, names(t, namespace, "policy/v1", "PodDisruptionBudget"))
	equal(t, "policies", nil, names(t, namespace, "networking.k8s.io/v1", "NetworkPolicy"))
	if configMaps := names(t, namespace, "v1", "ConfigMap"); slices.Contains(configMaps, own) || !slices.Contains(configMaps, foreign) {
		t.Errorf("config maps: %v", configMaps)
	}
}

// ownAndForeign makes a ConfigMap with the labels of the component's own, and one that only looks like it.
func ownAndForeign(t *testing.T, c *rendertest.Case) (own, foreign string) {
	t.Helper()
	labels := map[string]string{v1.LabelCluster: "prod", v1.LabelKind: "Kafka", v1.LabelName: "prod-kafka"}
	for _, name := range []string{"own", "foreign"} {
		m := &corev1.ConfigMap{}
		m.Namespace, m.Name, m.Labels = c.Plan.Owner.Namespace, name, maps.Clone(labels)
		if name == "own" {
			m.Labels[v1.LabelAppManagedBy] = v1.ManagedByClusterOperator
		}
		must(t, api.Create(t.Context(), m))
	}
	return "own", "foreign"
}

func TestTheReaderOfMachinesExistsOnlyWhileItIsNeeded(t *testing.T) {
	c := moved(t, "rack")
	r := kube.New(operator, operator, c.Settings)
	name := "strimzi-" + c.Plan.Owner.Namespace + "-prod-kafka-init"
	ref := runtime.Ref{Namespace: c.Plan.Owner.Namespace, Cluster: "prod", Kind: "Kafka", Component: "prod-kafka"}
	for _, needed := range []bool{true, false, true} {
		c.Plan.Account.ReadsPlatformNodes = needed
		must(t, r.Apply(t.Context(), c.Plan))
		if exists := bindingExists(t, name); exists != needed {
			t.Errorf("the binding exists: %v, want %v", exists, needed)
		}
	}
	must(t, r.Remove(t.Context(), ref))
	if bindingExists(t, name) {
		t.Error("the binding outlived its cluster")
	}
}

// TestRightsElsewhereAreTakenAway shows that rights in other namespaces follow the plan and end with the cluster.
func TestRightsElsewhereAreTakenAway(t *testing.T) {
	c := moved(t, "workload")
	first, second := kubetest.Namespace(t, api), kubetest.Namespace(t, api)
	ref := runtime.Ref{Namespace: c.Plan.Owner.Namespace, Cluster: "prod", Kind: "Kafka", Component: "prod-kafka"}
	elsewhere := &c.Plan.Account.Roles[1]
	r := kube.New(operator, operator, c.Settings)
	for _, wanted := range []struct{ in, notIn string }{{first, second}, {second, first}, {first, second}, {second, first}} {
		elsewhere.Namespace = wanted.in
		must(t, r.Apply(t.Context(), c.Plan))
		equal(t, "rights in the namespace that is wanted", rights(), rightsIn(t, wanted.in))
		equal(t, "rights in the other", nil, rightsIn(t, wanted.notIn))
	}
	equal(t, "rights in the cluster's namespace", rights(), rightsIn(t, c.Plan.Owner.Namespace))

	// Clusters of that name in other namespaces are others.
	ref.Namespace = first
	must(t, kube.New(operator, operator, c.Settings).Remove(t.Context(), ref))
	equal(t, "rights after another cluster went", rights(), rightsIn(t, second))
	other := caseIn(t, "workload", first)
	other.Plan.Account.Roles[1].Namespace = second
	if err := kube.New(operator, operator, c.Settings).Apply(t.Context(), other.Plan); !errors.Is(err, runtime.ErrForeign) {
		t.Errorf("another cluster took the rights over: %v", err)
	}

	// Nor may a cluster take what another has in its own namespace.
	elsewhere.Namespace = kubetest.Namespace(t, api)
	atHome := caseIn(t, "workload", elsewhere.Namespace)
	atHome.Plan.Account.Roles = atHome.Plan.Account.Roles[:1]
	must(t, r.Apply(t.Context(), atHome.Plan))
	if err := r.Apply(t.Context(), c.Plan); !errors.Is(err, runtime.ErrForeign) {
		t.Errorf("a cluster took the rights of another over: %v", err)
	}

	ref.Namespace = c.Plan.Owner.Namespace
	must(t, kube.New(operator, operator, c.Settings).Remove(t.Context(), ref))
	equal(t, "rights after the cluster went", nil, rightsIn(t, second))
}

// TestRightsElsewhereOfAnEarlierOperatorAreTakenOver: that notes nowhere for which cluster it made them.
func TestRightsElsewhereOfAnEarlierOperatorAreTakenOver(t *testing.T) {
	c := moved(t, "workload")
	elsewhere := kubetest.Namespace(t, api)
	c.Plan.Account.Roles[1].Namespace = elsewhere
	r := kube.New(operator, operator, c.Settings)
	must(t, r.Apply(t.Context(), c.Plan))
	key := types.NamespacedName{Namespace: elsewhere, Name: "prod-entity-operator"}
	patch(t, key, &rbacv1.Role{}, `{"metadata":{"annotations":{"castellan.io/cluster-namespace":null}},"rules":[]}`)
	must(t, kube.New(operator, operator, c.Settings).Apply(t.Context(), c.Plan))
	var is rbacv1.Role
	must(t, api.Get(t.Context(), key, &is))
	if len(is.Rules) != 1 || is.Annotations[v1.AnnotationClusterNamespace] != c.Plan.Owner.Namespace {
		t.Errorf("role: %+v", is)
	}
}

func TestAPlanOfNothingLeavesNothing(t *testing.T) {
	c := moved(t, "workload")
	elsewhere := kubetest.Namespace(t, api)
	c.Plan.Account.Roles[1].Namespace = elsewhere
	r := kube.New(operator, operator, c.Settings)
	must(t, r.Apply(t.Context(), c.Plan))
	before := objects(t, &c)
	must(t, r.Apply(t.Context(), plan.Plan{Owner: c.Plan.Owner, Component: c.Plan.Component}))
	for what, o := range before {
		err := api.Get(t.Context(), client.ObjectKeyFromObject(o), o)
		if !apierrors.IsNotFound(err) {
			t.Errorf("%s is left: %v", what, err)
		}
	}
}

// rights are the objects that give an account what it may do.
func rights() []string { return []string{"prod-entity-operator", "prod-entity-topic-operator-role"} }

func rightsIn(t *testing.T, namespace string) []string {
	t.Helper()
	return append(names(t, namespace, "rbac.authorization.k8s.io/v1", "Role"), names(t, namespace, "rbac.authorization.k8s.io/v1", "RoleBinding")...)
}

func bindingExists(t *testing.T, name string) bool {
	t.Helper()
	err := api.Get(t.Context(), types.NamespacedName{Name: name}, &rbacv1.ClusterRoleBinding{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// TestAVolumesOwnerFollowsTheWish shows that owner references come and go with the wish.
func TestAVolumesOwnerFollowsTheWish(t *testing.T) {
	c := moved(t, "ephemeral")
	in := &c.Plan.Groups[0].Instances[0]
	in.Mounts[0].Scratch, in.Mounts[0].Volume = nil, &plan.Volume{Name: "data-x", Size: "1Gi"}
	r := kube.New(operator, operator, c.Settings)
	for _, deletes := range []bool{false, true, false} {
		in.Mounts[0].Volume.DeleteWhenUnused = deletes
		must(t, r.Apply(t.Context(), c.Plan))
		var claim corev1.PersistentVolumeClaim
		must(t, api.Get(t.Context(), types.NamespacedName{Namespace: c.Plan.Owner.Namespace, Name: "data-x"}, &claim))
		if owned := len(claim.OwnerReferences) == 1; owned != deletes || claim.Annotations[v1.AnnotationDeleteClaim] != fmt.Sprint(deletes) {
			t.Errorf("to delete: %v, owners: %v, annotations: %v", deletes, claim.OwnerReferences, claim.Annotations)
		}
	}
}

// moved is a case in a namespace of its own.
func moved(t *testing.T, name string) rendertest.Case {
	t.Helper()
	return caseIn(t, name, kubetest.Namespace(t, api))
}

func caseIn(t *testing.T, name, namespace string) rendertest.Case {
	t.Helper()
	c := rendertest.Cases()[name]
	if c.Settings.OperatorNamespace == c.Plan.Owner.Namespace {
		c.Settings.OperatorNamespace = namespace
	}
	c.Plan.Owner.Namespace = namespace
	return c
}

// settled leaves out the resource versions of claims: the API server writes a claim that was created by applying it once more when
// it is applied for the second time, although nothing in it changes, and never again.
func settled(objects map[string]*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}
	for name, o := range objects {
		out[name] = o.DeepCopy()
		if o.GetKind() == "PersistentVolumeClaim" {
			out[name].SetResourceVersion("")
		}
	}
	return out
}

// objects are all objects that a case renders, as the API server has them.
func objects(t *testing.T, c *rendertest.Case) map[string]*unstructured.Unstructured {
	t.Helper()
	rendered, err := render.Objects(&c.Plan, c.Settings)
	must(t, err)
	out := map[string]*unstructured.Unstructured{}
	for _, o := range rendered {
		is := &unstructured.Unstructured{}
		is.SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())
		must(t, api.Get(t.Context(), client.ObjectKeyFromObject(o), is))
		out[is.GetKind()+" "+is.GetNamespace()+"/"+is.GetName()] = is
	}
	if len(out) != len(rendered) {
		t.Fatalf("%d objects have %d names", len(rendered), len(out))
	}
	return out
}

// same compares objects whole, and so their resource versions.
func same(t *testing.T, who string, before, after map[string]*unstructured.Unstructured) {
	t.Helper()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("%s changed something:\n%s", who, diff)
	}
}

func equal(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func names(t *testing.T, namespace, apiVersion, kind string) []string {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(apiVersion)
	list.SetKind(kind + "List")
	must(t, api.List(t.Context(), list, client.InNamespace(namespace)))
	var out []string
	for i := range list.Items {
		out = append(out, list.Items[i].GetName())
	}
	return out
}

func patch(t *testing.T, key types.NamespacedName, o client.Object, text string) {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", strings.TrimSpace(text))
	}
	o.SetNamespace(key.Namespace)
	o.SetName(key.Name)
	must(t, api.Patch(t.Context(), o, client.RawPatch(types.StrategicMergePatchType, []byte(text)), client.FieldOwner("kubectl-edit")))
}
