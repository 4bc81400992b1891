//go:build apiserver

package idle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

const patience = 5 * time.Minute

// api is the client of the API server that all tests of the package share, and operator connects to it with the operator's rights.
var (
	api      client.WithWatch
	operator *rest.Config
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, operator = c.Admin, c.OperatorConfig }))
}

// TestAnOperatorSpeaksAboutEveryKind runs with the rights of the installation files, beside kinds that are not there or that it
// may not read.
func TestAnOperatorSpeaksAboutEveryKind(t *testing.T) {
	namespace := kubetest.Namespace(t, api)
	kinds := append(Kinds(),
		Kind{GroupVersionKind: v1.GroupVersion().WithKind("KafkaOfTomorrow")},
		Kind{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Secret")},
	)
	start(t, Options{
		Kinds: kinds, Namespaces: []string{namespace}, Selector: labels.SelectorFromSet(labels.Set{"ours": "yes"}),
		Timing: controller.Timing{Patience: patience, Now: time.Now},
	})
	others := create(t, namespace, Kinds()[0], func(o *unstructured.Unstructured) { o.SetName("others") })
	for _, kind := range Kinds() {
		t.Run(kind.Kind, func(t *testing.T) {
			o := create(t, namespace, kind, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"ours": "yes"}) })
			eventually(t, o, func() bool { return len(said(t, o).Conditions) > 0 })
			checkVerdict(t, kind, o)
			annotate(t, o, v1.AnnotationPauseReconciliation, "true")
			eventually(t, o, func() bool { return said(t, o).has(isPause) })
			must(t, api.Delete(t.Context(), o))
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(o), o); !apierrors.IsNotFound(err) {
				t.Errorf("after its deletion: %v", err)
			}
		})
	}
	refresh(t, others)
	if got := said(t, others); len(got.Conditions) > 0 {
		t.Errorf("a resource that is not selected has %+v", got)
	}
}

// TestAKindIsSpokenAboutOnceItCanBeListed starts an operator before a kind's definition exists, and gives it the right to see the kind
// in one namespace before the other.
func TestAKindIsSpokenAboutOnceItCanBeListed(t *testing.T) {
	kind := Kind{GroupVersionKind: schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Latecomer"}}
	here, there := kubetest.Namespace(t, api), kubetest.Namespace(t, api)
	start(t, Options{
		Kinds: []Kind{kind}, Namespaces: []string{here, there}, Timing: controller.Timing{Patience: patience, Now: time.Now},
	})
	apply(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: latecomers.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: latecomers, singular: latecomer, kind: Latecomer, listKind: LatecomerList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`)
	for _, namespace := range []string{here, there} {
		allow(t, namespace)
		o := &unstructured.Unstructured{}
		o.SetGroupVersionKind(kind.GroupVersionKind)
		o.SetNamespace(namespace)
		o.SetName("late")
		for range 1000 { // the definition takes a moment to be served
			if err := api.Create(t.Context(), o); err == nil || apierrors.IsAlreadyExists(err) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		eventually(t, o, func() bool { return said(t, o).has(isOurs) })
	}
}

// allow lets the operator see and speak about latecomers in a namespace.
func allow(t *testing.T, namespace string) {
	t.Helper()
	apply(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: latecomers, namespace: `+namespace+`}
rules: [{apiGroups: [example.com], resources: [latecomers, latecomers/status], verbs: ["*"]}]
`)
	apply(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: latecomers, namespace: `+namespace+`}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: latecomers}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "`+operator.Impersonate.UserName+`"}]
`)
}

func apply(t *testing.T, manifest string) {
	t.Helper()
	o := &unstructured.Unstructured{}
	must(t, yaml.Unmarshal([]byte(manifest), &o.Object))
	must(t, api.Create(t.Context(), o))
}

// checkVerdict expects the verdict in the status, and nothing else of the operator's in the resource.
func checkVerdict(t *testing.T, kind Kind, o *unstructured.Unstructured) {
	t.Helper()
	got := said(t, o)
	if _, err := time.Parse(time.RFC3339Nano, got.Conditions[0].LastTransitionTime); err != nil {
		t.Error(err)
	}
	got.Conditions[0].LastTransitionTime = ""
	equal(t, "status", status{[]v1.Condition{kind.verdict()}, o.GetGeneration()}, got)
	all, _, _ := unstructured.NestedMap(o.Object, "status")
	if len(all) != 2 || len(o.GetFinalizers()) > 0 {
		t.Errorf("status %v, finalizers %v", all, o.GetFinalizers())
	}
}

func TestWhatNothingChangesIsNotWritten(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind.Kind, func(t *testing.T) {
			w := newWorld(t, kind)
			w.reconcile(t)
			version := w.resource.GetResourceVersion()
			w.now = w.now.Add(time.Hour)
			equal(t, "result", reconcile.Result{}, w.reconcile(t))
			equal(t, "version after another look", version, w.resource.GetResourceVersion())
		})
	}
}

func TestAnotherOperatorsWordStands(t *testing.T) {
	w := newWorld(t, Kinds()[0])
	w.say(t, `{"observedGeneration": 1, "url": "t", "conditions": [{"type": "Ready", "status": "True"}]}`)
	version := w.resource.GetResourceVersion()
	for range 3 {
		w.now = w.now.Add(patience)
		equal(t, "result", reconcile.Result{}, w.reconcile(t))
	}
	equal(t, "version", version, w.resource.GetResourceVersion())
}

func TestAnotherOperatorHasTimeToRenewItsWord(t *testing.T) {
	w := newWorld(t, Kinds()[0])
	w.say(t, `{"observedGeneration": 1, "url": "t", "conditions": [{"type": "Ready", "status": "True"}]}`)
	must(t, unstructured.SetNestedField(w.resource.Object, int64(7), "spec", "replicas"))
	must(t, api.Update(t.Context(), w.resource))

	equal(t, "result", reconcile.Result{RequeueAfter: patience}, w.reconcile(t))
	w.now = w.now.Add(patience - time.Minute)
	equal(t, "result", reconcile.Result{RequeueAfter: time.Minute}, w.reconcile(t))
	annotate(t, w.resource, "any", "change")
	equal(t, "result after a change", reconcile.Result{RequeueAfter: patience}, w.reconcile(t))
	w.now = w.now.Add(patience)
	equal(t, "result", reconcile.Result{}, w.reconcile(t))

	if got := said(t, w.resource); got.ObservedGeneration != 2 || !got.has(isOurs) || len(got.Conditions) != 1 {
		t.Errorf("status: %+v", got)
	}
	if url, _, _ := unstructured.NestedString(w.resource.Object, "status", "url"); url != "t" {
		t.Errorf("status.url is %q", url)
	}
}

func TestAStatusThatTheCacheDoesNotShowYetIsNotReplaced(t *testing.T) {
	w := newWorld(t, Kinds()[0])
	w.stale = w.resource.DeepCopy()
	w.say(t, `{"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}`)
	version := w.resource.GetResourceVersion()
	equal(t, "result", reconcile.Result{RequeueAfter: conflictPause}, w.reconcile(t))
	w.stale = nil
	equal(t, "result", reconcile.Result{}, w.reconcile(t))
	equal(t, "version", version, w.resource.GetResourceVersion())
}

func TestAResourceThatIsGoneIsForgotten(t *testing.T) {
	w := newWorld(t, Kinds()[0])
	w.say(t, `{"observedGeneration": 0, "conditions": [{"type": "Ready", "status": "True"}]}`)
	w.reconcile(t)
	must(t, api.Delete(t.Context(), w.resource))
	_, err := w.reconciler.Reconcile(t.Context(), w.request())
	must(t, err)
	equal(t, "what is remembered", 0, len(w.reconciler.awaited))
}

// world is a resource of a kind in a namespace of its own, and the operator.
type world struct {
	reconciler *Reconciler
	resource   *unstructured.Unstructured
	now        time.Time
	// stale is what the cache shows, if it is not what is stored.
	stale *unstructured.Unstructured
}

func newWorld(t *testing.T, kind Kind) *world {
	t.Helper()
	w := &world{now: time.Unix(1_700_000_000, 0)}
	w.resource = create(t, kubetest.Namespace(t, api), kind, nil)
	w.reconciler = New(kind, w, api, controller.Timing{Patience: patience, Now: func() time.Time { return w.now }})
	return w
}

// Get reads as the cache does.
func (w *world) Get(ctx context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	full, _ := into.(*unstructured.Unstructured)
	if err := api.Get(ctx, key, full); err != nil {
		return err
	}
	if w.stale != nil {
		full = w.stale
	}
	trimmed, err := trim(full)
	if err != nil {
		return err
	}
	trimmed.(*unstructured.Unstructured).DeepCopyInto(into.(*unstructured.Unstructured))
	return nil
}

func (w *world) request() reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: w.resource.GetNamespace(), Name: w.resource.GetName()}}
}

func (w *world) reconcile(t *testing.T) reconcile.Result {
	t.Helper()
	result, err := w.reconciler.Reconcile(t.Context(), w.request())
	must(t, err)
	refresh(t, w.resource)
	return result
}

// say writes a status as another operator does.
func (w *world) say(t *testing.T, status string) {
	t.Helper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":`+status+`}`))
	must(t, api.Status().Patch(t.Context(), w.resource, patch))
}

// start runs a manager with the operator's rights until the test ends.
func start(t *testing.T, o Options) {
	t.Helper()
	scheme, err := kubetest.Scheme()
	must(t, err)
	mgr, err := ctrl.NewManager(operator, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	must(t, err)
	must(t, Setup(mgr, o))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// create makes a resource from the manifest that the tests of the types use.
func create(t *testing.T, namespace string, kind Kind, change func(*unstructured.Unstructured)) *unstructured.Unstructured {
	t.Helper()
	var files []string
	for _, directory := range []string{"v1", "access/v1alpha1"} {
		found, err := filepath.Glob("../../../api/" + directory + "/testdata/" + strings.ToLower(kind.Kind) + "[.\\-]*yaml")
		must(t, err)
		files = append(files, found...)
	}
	// The last one is the plainest.
	text, err := os.ReadFile(files[len(files)-1])
	must(t, err)
	o := &unstructured.Unstructured{}
	must(t, yaml.Unmarshal(text, &o.Object))
	o.SetNamespace(namespace)
	o.SetAnnotations(nil)
	if change != nil {
		change(o)
	}
	must(t, api.Create(t.Context(), o))
	return o
}

func annotate(t *testing.T, o *unstructured.Unstructured, name, value string) {
	t.Helper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+name+`":"`+value+`"}}}`))
	must(t, api.Patch(t.Context(), o, patch))
}

func refresh(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	must(t, api.Get(t.Context(), client.ObjectKeyFromObject(o), o))
}

// eventually waits until something is so of a resource as it is stored.
func eventually(t *testing.T, o *unstructured.Unstructured, is func() bool) {
	t.Helper()
	for range 3000 {
		refresh(t, o)
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it never comes to pass: %v", o.Object["status"])
}

func said(t *testing.T, o *unstructured.Unstructured) status {
	t.Helper()
	is, err := observe(o)
	must(t, err)
	return is.status
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
