//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// clusterName is the name of every test's Kafka cluster; namespaces keep them apart.
const clusterName = "my-cluster"

// patience bounds every wait. It only ends tests that would never end: no test asserts how long anything takes.
const patience = 10 * time.Minute

// world is one test's namespace with its Kafka cluster.
type world struct {
	t         *testing.T
	ctx       context.Context
	client    client.Client
	namespace string
}

func newWorld(t *testing.T, namespace string) *world {
	t.Helper()
	connection, err := ctrl.GetConfig()
	if err != nil {
		t.Fatalf("the tests need a Kubernetes cluster; run them with `bin/dev shell -- …`: %v", err)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1.AddToScheme(scheme), podsetv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(connection, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), client: c, namespace: "e2e-" + namespace}
	w.makeNamespace()
	return w
}

func (w *world) makeNamespace() {
	w.t.Helper()
	// Kubernetes itself refuses pods that do not keep to the level.
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace, Labels: map[string]string{
		"pod-security.kubernetes.io/enforce": "restricted",
	}}}
	w.eventually("an earlier namespace is gone", func() error {
		return w.client.Create(w.ctx, ns.DeepCopy())
	})
	w.t.Cleanup(func() {
		// The test's own context has ended by now.
		defer func() {
			if err := w.client.Delete(context.Background(), ns); err != nil {
				w.t.Errorf("delete namespace %s: %v", w.namespace, err)
			}
		}()
		if w.t.Failed() {
			w.report()
		}
		w.expectNothingTold()
	})
}

// report prints what helps to understand a failure.
func (w *world) report() {
	ctx := context.Background()
	var k v1.Kafka
	if err := w.client.Get(ctx, w.key(clusterName), &k); err == nil {
		w.t.Logf("Kafka conditions: %+v", k.Status.Conditions)
	}
	var pods corev1.PodList
	if err := w.client.List(ctx, &pods, client.InNamespace(w.namespace)); err == nil {
		for i := range pods.Items {
			w.t.Logf("pod %s: %s ready=%v %s", pods.Items[i].Name, pods.Items[i].Status.Phase, podReady(&pods.Items[i]), containersOf(&pods.Items[i]))
		}
	}
}

// containersOf are the states of a pod's containers, a few words each.
func containersOf(pod *corev1.Pod) string {
	var out []string
	for _, c := range pod.Status.ContainerStatuses {
		state := "runs"
		switch {
		case c.State.Waiting != nil:
			state = "waits: " + c.State.Waiting.Reason
		case c.State.Terminated != nil:
			state = fmt.Sprintf("ended: %s, code %d", c.State.Terminated.Reason, c.State.Terminated.ExitCode)
		}
		out = append(out, fmt.Sprintf("%s %s, restarted %d times", c.Name, state, c.RestartCount))
	}
	return strings.Join(out, "; ")
}

func (w *world) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: w.namespace, Name: name}
}

// eventually repeats a check until it passes.
func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("never happened: %s: %v", what, err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// apply creates or changes the objects of a manifest under testdata, after filling in values.
func (w *world) apply(manifest string, replacements ...string) {
	w.t.Helper()
	for _, o := range w.read(manifest, replacements...) {
		err := w.client.Apply(w.ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("e2e"), client.ForceOwnership)
		if err != nil {
			w.t.Fatalf("apply %s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
}

// read returns the objects of a manifest with each old text replaced by the new one that follows it.
func (w *world) read(manifest string, replacements ...string) []*unstructured.Unstructured {
	w.t.Helper()
	content, err := os.ReadFile(manifestPath(manifest))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(replacements); i += 2 {
		if !bytes.Contains(content, []byte(replacements[i])) {
			w.t.Fatalf("%s does not hold %q", manifest, replacements[i])
		}
		content = bytes.ReplaceAll(content, []byte(replacements[i]), []byte(replacements[i+1]))
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content))
	var out []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			w.t.Fatalf("%s: %v", manifest, err)
		}
		o.SetNamespace(w.namespace)
		out = append(out, o)
	}
}

// manifestPath finds testdata beside the sources, or below E2E_TESTDATA for a test binary that runs elsewhere.
func manifestPath(name string) string {
	if dir := os.Getenv("E2E_TESTDATA"); dir != "" {
		return filepath.Join(dir, name)
	}
	return filepath.Join("testdata", name)
}

func (w *world) kafka() *v1.Kafka {
	w.t.Helper()
	var k v1.Kafka
	if err := w.client.Get(w.ctx, w.key(clusterName), &k); err != nil {
		w.t.Fatalf("read the Kafka resource: %v", err)
	}
	return &k
}

// change edits the Kafka resource.
func (w *world) change(edit func(*v1.Kafka)) {
	w.t.Helper()
	k := w.kafka()
	before := k.DeepCopy()
	edit(k)
	if err := w.client.Patch(w.ctx, k, client.MergeFrom(before)); err != nil {
		w.t.Fatalf("change the Kafka resource: %v", err)
	}
}

// waitReady waits until the resource as it is now has been brought about.
func (w *world) waitReady() {
	w.t.Helper()
	w.eventually("the cluster is ready", func() error {
		k := w.kafka()
		if k.Status.ObservedGeneration != k.Generation {
			return fmt.Errorf("generation %d is observed of %d: %+v", k.Status.ObservedGeneration, k.Generation, k.Status.Conditions)
		}
		if c := condition(k, v1.ConditionReady); c == nil || c.Status != v1.ConditionTrue {
			return fmt.Errorf("conditions: %+v", k.Status.Conditions)
		}
		return nil
	})
}

func condition(k *v1.Kafka, kind string) *v1.Condition {
	for i := range k.Status.Conditions {
		if k.Status.Conditions[i].Type == kind {
			return &k.Status.Conditions[i]
		}
	}
	return nil
}

// pods returns the cluster's pods by name.
func (w *world) pods() map[string]*corev1.Pod {
	w.t.Helper()
	var list corev1.PodList
	if err := w.client.List(w.ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelCluster: clusterName}); err != nil {
		w.t.Fatalf("list pods: %v", err)
	}
	out := map[string]*corev1.Pod{}
	for i := range list.Items {
		out[list.Items[i].Name] = &list.Items[i]
	}
	return out
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// deletePod deletes a pod and waits until another one of its name is ready.
func (w *world) deletePod(name string) {
	w.t.Helper()
	old := w.pods()[name]
	if old == nil {
		w.t.Fatalf("no pod %s", name)
	}
	if err := w.client.Delete(w.ctx, old); err != nil {
		w.t.Fatalf("delete pod %s: %v", name, err)
	}
	w.eventually("pod "+name+" is replaced", func() error {
		pod := w.pods()[name]
		if pod == nil || pod.UID == old.UID || !podReady(pod) {
			return errors.New("not yet")
		}
		return nil
	})
}

// absent waits until an object does not exist any more.
func (w *world) absent(o client.Object, name string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%T %s is gone", o, name), func() error {
		err := w.client.Get(w.ctx, w.key(name), o)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.New("still there")
	})
}
