//go:build apiserver

package podset_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller/podset"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

var api, operator client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, operator = c.Admin, c.Operator }))
}

func TestMissingPodsAreCreated(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.reconcile(t)
	pods := w.pods(t)
	equal(t, "pods", []string{"a", "b"}, names(pods))
	if !metav1.IsControlledBy(&pods[0], w.set(t)) {
		t.Errorf("owners: %v", pods[0].OwnerReferences)
	}
	before := pods
	w.reconcile(t)
	equal(t, "pods after another look", before, w.pods(t))
}

func TestAnOrphanIsAdopted(t *testing.T) {
	w := newWorld(t, "a")
	w.create(t, w.pod("a"))
	before := w.pods(t)[0]
	w.reconcile(t)
	after := w.pods(t)[0]
	if after.UID != before.UID || !metav1.IsControlledBy(&after, w.set(t)) {
		t.Errorf("pod %s became %s with owners %v", before.UID, after.UID, after.OwnerReferences)
	}
}

func TestAPodIsToldItsNewRemarks(t *testing.T) {
	w := newWorld(t, "a")
	w.reconcile(t)
	before := w.pods(t)[0]
	set := w.set(t)
	pod := w.pod("a")
	pod.Annotations["remark"] = "new"
	raw, err := json.Marshal(pod)
	must(t, err)
	set.Spec.Pods[0].Raw = raw
	must(t, api.Update(t.Context(), set))
	w.reconcile(t)
	after := w.pods(t)[0]
	equal(t, "pod", before.UID, after.UID)
	equal(t, "remark", "new", after.Annotations["remark"])
}

func TestAPodOfAnEarlierSetIsLeftAlone(t *testing.T) {
	w := newWorld(t, "a")
	earlier := w.pod("a")
	earlier.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: podsetv1.GroupVersion().String(), Kind: "StrimziPodSet", Name: "set", UID: "earlier", Controller: new(true),
	}}
	w.create(t, earlier)
	before := w.pods(t)
	w.reconcile(t)
	equal(t, "pods", before, w.pods(t))
	must(t, api.Delete(t.Context(), &before[0]))
	w.reconcile(t)
	if after := w.pods(t); len(after) != 1 || after[0].UID == before[0].UID {
		t.Errorf("pods: %v", names(after))
	}
}

func TestInANamespaceThatEndsNothingIsTriedAgainAtOnce(t *testing.T) {
	w := newWorld(t, "a")
	must(t, api.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	set := w.set(t)
	result, err := podset.New(operator, labels.Everything()).Reconcile(t.Context(), w.request())
	if err != nil || result.RequeueAfter == 0 {
		t.Errorf("%+v, %v", result, err)
	}
	equal(t, "status", set.Status, w.set(t).Status)
}

func TestAFailedPodIsReplaced(t *testing.T) {
	w := newWorld(t, "a")
	w.reconcile(t)
	failed := w.pods(t)[0]
	failed.Status.Phase = corev1.PodFailed
	must(t, api.Status().Update(t.Context(), &failed))
	w.reconcile(t)
	w.reconcile(t)
	if after := w.pods(t); len(after) != 1 || after[0].UID == failed.UID {
		t.Errorf("pods: %v", names(after))
	}
}

func TestPodsThatAreNotListedAreDeleted(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.reconcile(t)
	users := w.pod("users")
	delete(users.Labels, v1.LabelControllerName)
	w.create(t, users)
	set := w.set(t)
	set.Spec.Pods = set.Spec.Pods[:1]
	must(t, api.Update(t.Context(), set))
	w.reconcile(t)
	equal(t, "pods", []string{"a", "users"}, names(w.pods(t)))
}

func TestTheStatusCountsPods(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.reconcile(t)
	w.reconcile(t)
	pods := w.pods(t)
	pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	must(t, api.Status().Update(t.Context(), &pods[0]))
	pods[1].Annotations[v1.AnnotationRevision] = "older"
	must(t, api.Update(t.Context(), &pods[1]))
	w.reconcile(t)
	set := w.set(t)
	want := podsetv1.StrimziPodSetStatus{ObservedGeneration: set.Generation, Pods: 3, ReadyPods: 1, CurrentPods: 2}
	equal(t, "status", want, set.Status)
	w.reconcile(t)
	equal(t, "version after another look", set.ResourceVersion, w.set(t).ResourceVersion)
}

func TestAPodThatCannotBeMadeIsToldInTheStatus(t *testing.T) {
	w := newWorld(t, "a")
	set := w.set(t)
	set.Spec.Pods[0].Raw = []byte(`{"metadata":{"name":"a"},"spec":{"containers":7}}`)
	must(t, api.Update(t.Context(), set))
	if _, err := podset.New(operator, labels.Everything()).Reconcile(t.Context(), w.request()); err == nil {
		t.Error("no error")
	}
	if c := w.set(t).Status.Conditions; len(c) != 1 || c[0].Type != "Error" || c[0].Status != "true" || c[0].Message == "" {
		t.Errorf("conditions: %+v", c)
	}
	set = w.set(t)
	set.Spec.Pods[0] = w.raw(t, "a")
	must(t, api.Update(t.Context(), set))
	w.reconcile(t)
	if c := w.set(t).Status.Conditions; len(c) != 0 {
		t.Errorf("conditions: %+v", c)
	}
}

func TestARestartAskedOfASetIsHandedDown(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.reconcile(t)
	set := w.set(t)
	set.Annotations = map[string]string{v1.AnnotationManualRollingUpdate: "true", "other": "stays"}
	must(t, api.Update(t.Context(), set))
	w.reconcile(t)
	for _, pod := range w.pods(t) {
		if pod.Annotations[v1.AnnotationManualRollingUpdate] != "true" {
			t.Errorf("pod %s: %v", pod.Name, pod.Annotations)
		}
	}
	equal(t, "annotations of the set", map[string]string{"other": "stays"}, w.set(t).Annotations)
}

func TestASetThatIsGoingMakesNoPods(t *testing.T) {
	w := newWorld(t, "a")
	set := w.set(t)
	set.Finalizers = []string{"example.com/wait"}
	must(t, api.Update(t.Context(), set))
	must(t, api.Delete(t.Context(), set))
	w.reconcile(t)
	equal(t, "pods", []string(nil), names(w.pods(t)))
}

// world is a namespace with one set.
type world struct{ namespace string }

func newWorld(t *testing.T, pods ...string) world {
	t.Helper()
	w := world{kubetest.Namespace(t, api)}
	set := &podsetv1.StrimziPodSet{}
	set.Namespace, set.Name = w.namespace, "set"
	set.Spec.Selector.MatchLabels = map[string]string{v1.LabelCluster: "prod"}
	for _, name := range pods {
		set.Spec.Pods = append(set.Spec.Pods, w.raw(t, name))
	}
	w.create(t, set)
	return w
}

func (w world) raw(t *testing.T, name string) runtime.RawExtension {
	t.Helper()
	raw, err := json.Marshal(w.pod(name))
	must(t, err)
	return runtime.RawExtension{Raw: raw}
}

func (w world) pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: name,
			Labels:      map[string]string{v1.LabelCluster: "prod", v1.LabelController: v1.ControllerPodSet, v1.LabelControllerName: "set"},
			Annotations: map[string]string{v1.AnnotationRevision: "one"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "image"}}},
	}
}

func (w world) create(t *testing.T, o client.Object) {
	t.Helper()
	must(t, api.Create(t.Context(), o))
}

func (w world) request() reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: w.namespace, Name: "set"}}
}

func (w world) reconcile(t *testing.T) {
	t.Helper()
	_, err := podset.New(operator, labels.Everything()).Reconcile(t.Context(), w.request())
	must(t, err)
}

func (w world) set(t *testing.T) *podsetv1.StrimziPodSet {
	t.Helper()
	var set podsetv1.StrimziPodSet
	must(t, api.Get(t.Context(), w.request().NamespacedName, &set))
	return &set
}

func (w world) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	must(t, api.List(t.Context(), &list, client.InNamespace(w.namespace)))
	return list.Items
}

func names(pods []corev1.Pod) []string {
	var out []string
	for i := range pods {
		out = append(out, pods[i].Name)
	}
	slices.Sort(out)
	return out
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
