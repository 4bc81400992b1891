//go:build apiserver

package provisioner

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"castellan.io/castellan/internal/provisioner/volume"
)

const (
	testNode    = "worker-1.example"
	testSpace   = "default"
	pollEvery   = 50 * time.Millisecond
	givingUp    = time.Minute
	grownClaim  = "grown"
	strayVolume = "stray"
)

// world is a real API server with one node's instance at work. No controller
// manager and no scheduler run beside it: the test does their part.
type world struct {
	ctx    context.Context
	client kubernetes.Interface
	base   string
}

func TestOneNodesInstanceAgainstARealAPIServer(t *testing.T) {
	w := startWorld(t)
	t.Run("a claim put on this node gets its directory and its volume", w.provisions)
	t.Run("a claim put on another node is left alone", w.leavesOtherNodes)
	t.Run("growth reaches volume and claim", w.grows)
	t.Run("a released volume and its data go", w.deletes)
	t.Run("a released volume to be retained stays with its data", w.retains)
	t.Run("a volume of doubt keeps its data and says why", w.refusesDoubt)
	t.Run("a wrong parameter is named in an event on the claim", w.refusesParameter)
	t.Run("a block device is refused in an event on the claim", w.refusesBlock)
	t.Run("a class that binds immediately is refused in an event on the claim", w.refusesImmediate)
}

func startWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("KUBEBUILDER_ASSETS is not set: it names the directory with kube-apiserver and etcd")
	}
	environment := &envtest.Environment{}
	settings, err := environment.Start()
	must(t, err)
	t.Cleanup(func() { must(t, environment.Stop()) })
	client, err := kubernetes.NewForConfig(settings)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{ctx: ctx, client: client, base: t.TempDir()}
	_, err = client.CoreV1().Nodes().Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: testNode, Labels: map[string]string{corev1.LabelHostname: "worker-1"}},
	}, metav1.CreateOptions{})
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{Client: client, NodeName: testNode, BaseDirectories: []string{w.base}, Logger: logr.Discard(), Now: time.Now})
	}()
	t.Cleanup(func() {
		cancel()
		must(t, <-ended)
	})
	return w
}

func (w *world) provisions(t *testing.T) {
	w.class(t, "plain", nil)
	claim := w.claim(t, "data-0", "plain", testNode, nil)
	pv := w.provisioned(t, claim)
	want := filepath.Join(w.base, "default_data-0_pvc-"+string(claim.UID))
	if pv.Spec.Local == nil || pv.Spec.Local.Path != want {
		t.Errorf("the volume's source is %+v, want local %s", pv.Spec.PersistentVolumeSource, want)
	}
	info, err := os.Stat(want)
	must(t, err)
	if info.Mode() != fs.ModeDir|0o770 {
		t.Errorf("the directory's mode is %s", info.Mode())
	}
	if got := pv.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]; got != "worker-1" {
		t.Errorf("the volume is tied to %q", got)
	}
}

func (w *world) leavesOtherNodes(t *testing.T) {
	w.class(t, "elsewhere", nil)
	foreign := w.claim(t, "foreign", "elsewhere", "worker-2", nil)
	// The claim behind it on the same watch shows that it was passed over.
	w.provisioned(t, w.claim(t, "own", "elsewhere", testNode, nil))
	_, err := w.client.CoreV1().PersistentVolumes().Get(w.ctx, "pvc-"+string(foreign.UID), metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the other node's claim: %v", err)
	}
}

func (w *world) grows(t *testing.T) {
	w.class(t, "growing", nil)
	claim := w.claim(t, grownClaim, "growing", testNode, nil)
	pv := w.provisioned(t, claim)
	w.bind(t, claim, pv)
	w.patchClaim(t, claim.Name, "", map[string]any{
		"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": "3Gi"}}},
	})
	w.eventually(t, "the claim has grown to 3Gi", func() bool {
		got, err := w.client.CoreV1().PersistentVolumeClaims(testSpace).Get(w.ctx, claim.Name, metav1.GetOptions{})
		must(t, err)
		capacity := got.Status.Capacity[corev1.ResourceStorage]
		return capacity.String() == "3Gi" && len(got.Status.Conditions) == 0
	})
	grown, err := w.client.CoreV1().PersistentVolumes().Get(w.ctx, pv.Name, metav1.GetOptions{})
	must(t, err)
	if capacity := grown.Spec.Capacity[corev1.ResourceStorage]; capacity.String() != "3Gi" {
		t.Errorf("the volume's capacity is %s", capacity.String())
	}
}

func (w *world) deletes(t *testing.T) {
	w.class(t, "deleted", nil)
	claim := w.claim(t, "short-lived", "deleted", testNode, nil)
	pv := w.provisioned(t, claim)
	must(t, os.WriteFile(filepath.Join(pv.Spec.Local.Path, "data"), []byte("data"), 0o600))
	w.release(t, pv)
	w.eventually(t, "the volume is gone", func() bool {
		_, err := w.client.CoreV1().PersistentVolumes().Get(w.ctx, pv.Name, metav1.GetOptions{})
		return w.protectionLifted(t, pv.Name, err)
	})
	if _, err := os.Lstat(pv.Spec.Local.Path); !os.IsNotExist(err) {
		t.Errorf("the directory: %v", err)
	}
}

// protectionLifted does what the controller manager does with a deleted volume
// that nobody uses: it takes its protection off.
func (w *world) protectionLifted(t *testing.T, name string, err error) bool {
	t.Helper()
	if apierrors.IsNotFound(err) {
		return true
	}
	must(t, err)
	pv, err := w.client.CoreV1().PersistentVolumes().Get(w.ctx, name, metav1.GetOptions{})
	if err == nil && pv.DeletionTimestamp != nil && len(pv.Finalizers) == 1 && pv.Finalizers[0] == "kubernetes.io/pv-protection" {
		w.patchVolume(t, name, "", map[string]any{"metadata": map[string]any{"finalizers": nil}})
	}
	return false
}

func (w *world) retains(t *testing.T) {
	w.class(t, "retained", func(c *storagev1.StorageClass) { c.ReclaimPolicy = new(corev1.PersistentVolumeReclaimRetain) })
	kept := w.provisioned(t, w.claim(t, "kept", "retained", testNode, nil))
	w.release(t, kept)
	// A volume released after it and gone shows that this one was passed over.
	w.deletesAfter(t)
	if _, err := os.Stat(kept.Spec.Local.Path); err != nil {
		t.Errorf("the directory: %v", err)
	}
	if _, err := w.client.CoreV1().PersistentVolumes().Get(w.ctx, kept.Name, metav1.GetOptions{}); err != nil {
		t.Errorf("the volume: %v", err)
	}
}

func (w *world) deletesAfter(t *testing.T) {
	t.Helper()
	pv := w.provisioned(t, w.claim(t, "after", "deleted", testNode, nil))
	w.release(t, pv)
	w.eventually(t, "the later volume's directory is gone", func() bool {
		_, err := os.Lstat(pv.Spec.Local.Path)
		return os.IsNotExist(err)
	})
}

func (w *world) refusesDoubt(t *testing.T) {
	precious := t.TempDir()
	filesystem := corev1.PersistentVolumeFilesystem
	pv, err := w.client.CoreV1().PersistentVolumes().Create(w.ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        strayVolume,
			Labels:      map[string]string{volume.NodeLabel: testNode},
			Annotations: map[string]string{volume.AnnotationProvisionedBy: volume.ProvisionerName},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			VolumeMode:                    &filesystem,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: precious}},
		},
	}, metav1.CreateOptions{})
	must(t, err)
	w.release(t, pv)
	w.eventually(t, "an event says why the data stays", func() bool {
		return w.hasEvent(t, strayVolume, "VolumeFailedDelete", "does not lie directly in a base directory")
	})
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("the directory: %v", err)
	}
}

func (w *world) refusesParameter(t *testing.T) {
	w.class(t, "wrong", func(c *storagev1.StorageClass) { c.Parameters = map[string]string{"directoryMode": "rwx"} })
	w.claim(t, "refused", "wrong", testNode, nil)
	w.eventually(t, "an event names the parameter", func() bool {
		return w.hasEvent(t, "refused", "ProvisioningFailed", `StorageClass.parameters.directoryMode: "rwx" is not an octal number; write an octal mode`)
	})
}

func (w *world) refusesBlock(t *testing.T) {
	w.class(t, "blocks", nil)
	w.claim(t, "block", "blocks", testNode, func(c *corev1.PersistentVolumeClaim) {
		c.Spec.VolumeMode = new(corev1.PersistentVolumeBlock)
	})
	w.eventually(t, "an event refuses the block device", func() bool {
		return w.hasEvent(t, "block", "ProvisioningFailed", "block")
	})
}

func (w *world) refusesImmediate(t *testing.T) {
	w.class(t, "hasty", func(c *storagev1.StorageClass) { c.VolumeBindingMode = new(storagev1.VolumeBindingImmediate) })
	w.claim(t, "hasty", "hasty", "", nil)
	w.eventually(t, "an event names the binding mode", func() bool {
		return w.hasEvent(t, "hasty", "ProvisioningFailed", "volumeBindingMode: WaitForFirstConsumer")
	})
}

func (w *world) class(t *testing.T, name string, change func(*storagev1.StorageClass)) {
	t.Helper()
	class := &storagev1.StorageClass{
		ObjectMeta:           metav1.ObjectMeta{Name: name},
		Provisioner:          volume.ProvisionerName,
		VolumeBindingMode:    new(storagev1.VolumeBindingWaitForFirstConsumer),
		AllowVolumeExpansion: new(true),
	}
	if change != nil {
		change(class)
	}
	_, err := w.client.StorageV1().StorageClasses().Create(w.ctx, class, metav1.CreateOptions{})
	must(t, err)
}

// claim is one the scheduler has put on a node, or, with no node, one that the
// controller manager hands over at once.
func (w *world) claim(t *testing.T, name, class, node string, change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	t.Helper()
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{annotationProvisioner: volume.ProvisionerName}},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class,
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	if node != "" {
		claim.Annotations[volume.AnnotationSelectedNode] = node
	}
	if change != nil {
		change(claim)
	}
	created, err := w.client.CoreV1().PersistentVolumeClaims(testSpace).Create(w.ctx, claim, metav1.CreateOptions{})
	must(t, err)
	return created
}

func (w *world) provisioned(t *testing.T, claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	t.Helper()
	var pv *corev1.PersistentVolume
	w.eventually(t, "claim "+claim.Name+" has a volume", func() bool {
		var err error
		pv, err = w.client.CoreV1().PersistentVolumes().Get(w.ctx, "pvc-"+string(claim.UID), metav1.GetOptions{})
		return err == nil
	})
	return pv
}

// bind does what the controller manager does with a claim and its volume.
func (w *world) bind(t *testing.T, claim *corev1.PersistentVolumeClaim, pv *corev1.PersistentVolume) {
	t.Helper()
	w.patchVolume(t, pv.Name, "status", map[string]any{"status": map[string]any{"phase": corev1.VolumeBound}})
	w.patchClaim(t, claim.Name, "", map[string]any{"spec": map[string]any{"volumeName": pv.Name}})
	w.patchClaim(t, claim.Name, "status", map[string]any{"status": map[string]any{
		"phase": corev1.ClaimBound, "capacity": pv.Spec.Capacity, "accessModes": pv.Spec.AccessModes,
		"conditions": []corev1.PersistentVolumeClaimCondition{{Type: corev1.PersistentVolumeClaimResizing, Status: corev1.ConditionTrue}},
	}})
}

// release does what the controller manager does when a volume's claim is gone.
func (w *world) release(t *testing.T, pv *corev1.PersistentVolume) {
	t.Helper()
	w.patchVolume(t, pv.Name, "status", map[string]any{"status": map[string]any{"phase": corev1.VolumeReleased}})
}

func (w *world) patchVolume(t *testing.T, name, subresource string, change map[string]any) {
	t.Helper()
	patch, err := json.Marshal(change)
	must(t, err)
	_, err = w.client.CoreV1().PersistentVolumes().Patch(w.ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, subresources(subresource)...)
	must(t, err)
}

func (w *world) patchClaim(t *testing.T, name, subresource string, change map[string]any) {
	t.Helper()
	patch, err := json.Marshal(change)
	must(t, err)
	_, err = w.client.CoreV1().PersistentVolumeClaims(testSpace).Patch(w.ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}, subresources(subresource)...)
	must(t, err)
}

func subresources(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func (w *world) hasEvent(t *testing.T, object, reason, text string) bool {
	t.Helper()
	events, err := w.client.CoreV1().Events(metav1.NamespaceAll).List(w.ctx, metav1.ListOptions{})
	must(t, err)
	for _, event := range events.Items {
		if event.InvolvedObject.Name == object && event.Reason == reason && strings.Contains(event.Message, text) {
			return true
		}
	}
	return false
}

// eventually waits for what the instance does in the background.
func (w *world) eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(givingUp); !happened(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
