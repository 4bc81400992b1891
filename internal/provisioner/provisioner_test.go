package provisioner

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"castellan.io/castellan/internal/provisioner/volume"
)

func TestConfigCheck(t *testing.T) {
	tests := map[string]struct {
		node    string
		bases   []string
		problem string
	}{
		"a node and a directory are enough":                    {node: "worker-1", bases: []string{"/var/lib/castellan/volumes"}},
		"without a node's name nobody's claims could be known": {bases: []string{"/mnt/nvme"}, problem: "NODE_NAME"},
		"without a base directory there is no place":           {node: "worker-1", problem: "--base-directory"},
		"a relative base directory is refused":                 {node: "worker-1", bases: []string{"volumes"}, problem: `"volumes"`},
		"a base directory with a detour is refused":            {node: "worker-1", bases: []string{"/mnt/../mnt"}, problem: `"/mnt/../mnt"`},
		"the whole file system is refused":                     {node: "worker-1", bases: []string{"/"}, problem: `"/"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Config{NodeName: test.node, BaseDirectories: test.bases}.Check()
			if (err != nil) != (test.problem != "") || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v, want %q", err, test.problem)
			}
		})
	}
}

func TestProvisionAnswersWithoutEffectsWhatItCannotServe(t *testing.T) {
	base := t.TempDir()
	provisioner := nodeProvisioner{nodeName: "worker-1", baseDirectories: []string{base}}
	t.Run("another node's claim is ignored", func(t *testing.T) {
		_, _, err := provisioner.Provision(t.Context(), controller.ProvisionOptions{SelectedNodeName: "worker-2"})
		if ignored := new(controller.IgnoredError); !errors.As(err, &ignored) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a refusal is one that the library tries rarely, with its own words", func(t *testing.T) {
		class := &storagev1.StorageClass{VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer), Parameters: map[string]string{"zone": "a"}}
		_, state, err := provisioner.Provision(t.Context(), controller.ProvisionOptions{
			SelectedNodeName: "worker-1", StorageClass: class, PVC: &corev1.PersistentVolumeClaim{}, PVName: "pvc-1",
		})
		if status.Code(err) != codes.InvalidArgument || state != controller.ProvisioningFinished || !volume.IsRefused(err) {
			t.Errorf("code %s, state %s, error %v", status.Code(err), state, err)
		}
		if !strings.HasPrefix(err.Error(), "StorageClass.parameters.zone: unknown parameter; known are ") {
			t.Errorf("got %q", err)
		}
	})
	if left, _ := filepath.Glob(filepath.Join(base, "*")); len(left) > 0 {
		t.Errorf("made %v", left)
	}
}

func TestOtherNodesClaimsAreCutDown(t *testing.T) {
	claimOn := func(node string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "kafka", Name: "data", UID: "uid", ResourceVersion: "7",
				Labels: map[string]string{"a": "b"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
				Annotations: map[string]string{volume.AnnotationSelectedNode: node},
			},
			Spec: corev1.PersistentVolumeClaimSpec{VolumeName: "pvc-1"},
		}
	}
	without := func(claim *corev1.PersistentVolumeClaim, change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
		change(claim)
		return claim
	}
	tests := map[string]struct {
		node string
		want *corev1.PersistentVolumeClaim
	}{
		"this node's claim keeps all but who wrote which field": {
			node: "worker-1",
			want: without(claimOn("worker-1"), func(c *corev1.PersistentVolumeClaim) { c.ManagedFields = nil }),
		},
		"a claim of no node may be bound to one of this node's volumes": {
			want: without(claimOn(""), func(c *corev1.PersistentVolumeClaim) { c.ManagedFields = nil }),
		},
		"another node's claim keeps its identity": {
			node: "worker-2",
			want: without(claimOn("worker-2"), func(c *corev1.PersistentVolumeClaim) {
				c.Labels, c.ManagedFields, c.Spec = nil, nil, corev1.PersistentVolumeClaimSpec{}
			}),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, withoutForeignDetail(claimOn(test.node), "worker-1")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHandler(t *testing.T) {
	base := t.TempDir()
	tests := map[string]struct {
		path   string
		synced bool
		bases  []string
		code   int
		text   string
	}{
		"it is healthy while it answers":                 {path: "/healthz", code: http.StatusOK, text: "ok"},
		"it is ready with full caches and usable bases":  {path: "/readyz", synced: true, bases: []string{base}, code: http.StatusOK, text: "ok"},
		"it is not ready while the caches fill":          {path: "/readyz", bases: []string{base}, code: http.StatusServiceUnavailable, text: "caches"},
		"it is not ready while a base directory is away": {path: "/readyz", synced: true, bases: []string{base, base + "/away"}, code: http.StatusServiceUnavailable, text: base + "/away"},
		"it tells how it is":                             {path: "/metrics", code: http.StatusOK, text: "go_goroutines"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ready := func() error { return checkReady(func() bool { return test.synced }, test.bases) }
			recorder := httptest.NewRecorder()
			newHandler(prometheus.Gatherer(newRegistry()), ready).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil))
			if recorder.Code != test.code || !strings.Contains(recorder.Body.String(), test.text) {
				t.Errorf("got %d %s", recorder.Code, recorder.Body)
			}
		})
	}
}

func TestServesOnlyWithAnAddress(t *testing.T) {
	for address, want := range map[string]bool{"": false, "0": false, ":8080": true, "127.0.0.1:0": true} {
		if got := serves(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
