package volume

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNew(t *testing.T) {
	const path = "/mnt/nvme/kafka_data-0-my-cluster-broker-0_pvc-1"
	tests := map[string]struct {
		kind    Type
		reclaim *corev1.PersistentVolumeReclaimPolicy
		source  corev1.PersistentVolumeSource
		policy  corev1.PersistentVolumeReclaimPolicy
	}{
		"a local volume is deleted unless the class says otherwise": {
			kind:   TypeLocal,
			source: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			policy: corev1.PersistentVolumeReclaimDelete,
		},
		"a host path must exist and can be retained": {
			kind:    TypeHostPath,
			reclaim: new(corev1.PersistentVolumeReclaimRetain),
			source:  corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path, Type: new(corev1.HostPathDirectory)}},
			policy:  corev1.PersistentVolumeReclaimRetain,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pv, directory := New(Request{
				Settings:      Settings{Type: test.kind, BaseDirectory: "/mnt/nvme", Mode: 0o770},
				Claim:         claimForTest(nil),
				Node:          Node{Name: "worker-1.example", Hostname: "worker-1"},
				VolumeName:    "pvc-1",
				ReclaimPolicy: test.reclaim,
			})
			want := &corev1.PersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pvc-1", Labels: map[string]string{"castellan.io/node": "worker-1.example"}},
				Spec: corev1.PersistentVolumeSpec{
					Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
					AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
					PersistentVolumeReclaimPolicy: test.policy,
					VolumeMode:                    new(corev1.PersistentVolumeFilesystem),
					PersistentVolumeSource:        test.source,
					NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
						MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "kubernetes.io/hostname", Operator: "In", Values: []string{"worker-1"}}},
					}}}},
				},
			}
			if diff := cmp.Diff(want, pv); diff != "" {
				t.Error(diff)
			}
			if directory.Path() != path {
				t.Errorf("directory %s, want %s", directory.Path(), path)
			}
		})
	}
}

func TestDirectoryForKeepsLongNamesWithinAFileName(t *testing.T) {
	claim := claimForTest(func(c *corev1.PersistentVolumeClaim) {
		c.Namespace, c.Name = strings.Repeat("n", 63), strings.Repeat("c", 253)
	})
	got := DirectoryFor(Settings{BaseDirectory: "/base"}, claim, "pvc-0123").Name
	if len(got) != 255 || !strings.HasPrefix(got, claim.Namespace+"_ccc") || !strings.HasSuffix(got, "c_pvc-0123") {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
}

func TestNodeLabelValue(t *testing.T) {
	long := strings.Repeat("n", 100)
	tests := map[string]struct{ node, want string }{
		"a name that fits is the value":                       {node: "worker-1", want: "worker-1"},
		"a name of just the length of a label is the value":   {node: long[:63], want: long[:63]},
		"a longer name is cut and made different by its hash": {node: long, want: long[:46] + "-4e9d823140bd9805"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NodeLabelValue(test.node); got != test.want || len(got) > 63 {
				t.Errorf("got %q (%d bytes), want %q", got, len(got), test.want)
			}
		})
	}
}

func TestDirectoryToRemove(t *testing.T) {
	tests := map[string]struct {
		change  func(*corev1.PersistentVolume)
		want    Directory
		refusal string
	}{
		"a local volume of this node": {
			want: Directory{Base: "/mnt/nvme", Name: "kafka_data_pvc-1"},
		},
		"a hostPath volume of this node": {
			change: func(pv *corev1.PersistentVolume) {
				pv.Spec.PersistentVolumeSource = corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/lib/castellan/volumes/a_b_pvc-1"}}
			},
			want: Directory{Base: "/var/lib/castellan/volumes", Name: "a_b_pvc-1"},
		},
		"another provisioner's volume is refused": {
			change:  func(pv *corev1.PersistentVolume) { pv.Annotations[AnnotationProvisionedBy] = "example.com/other" },
			refusal: "provisioned by",
		},
		"a volume nobody says who provisioned is refused": {
			change:  func(pv *corev1.PersistentVolume) { pv.Annotations = nil },
			refusal: "provisioned by",
		},
		"another node's volume is refused": {
			change:  func(pv *corev1.PersistentVolume) { pv.Labels[NodeLabel] = "worker-2" },
			refusal: "this is node worker-1",
		},
		"a volume without a node is refused": {
			change:  func(pv *corev1.PersistentVolume) { pv.Labels = nil },
			refusal: "this is node worker-1",
		},
		"a volume that is no directory is refused": {
			change:  func(pv *corev1.PersistentVolume) { pv.Spec.Local = nil },
			refusal: "neither a local nor a hostPath",
		},
		"a path outside the base directories is refused": {change: atPath("/etc/kafka_data_pvc-1"), refusal: "base directory"},
		"a path deeper in a base directory is refused":   {change: atPath("/mnt/nvme/a/kafka_data_pvc-1"), refusal: "base directory"},
		"a base directory itself is refused":             {change: atPath("/mnt/nvme"), refusal: "base directory"},
		"a path that climbs is refused":                  {change: atPath("/mnt/nvme/../nvme/kafka_data_pvc-1"), refusal: "shortest form"},
		"a path with a slash at its end is refused":      {change: atPath("/mnt/nvme/kafka_data_pvc-1/"), refusal: "shortest form"},
		"a relative path is refused":                     {change: atPath("kafka_data_pvc-1"), refusal: "base directory"},
		"an empty path is refused":                       {change: atPath(""), refusal: "shortest form"},
		"another volume's directory is refused":          {change: atPath("/mnt/nvme/kafka_data_pvc-11"), refusal: "does not end with"},
		"a name that merely ends alike is refused":       {change: atPath("/mnt/nvme/kafka_data-pvc-1"), refusal: "does not end with"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pv := pvForTest(test.change)
			got, err := DirectoryToRemove(pv, "worker-1", allowedForTest)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if (err != nil) != (test.refusal != "") || err != nil && !strings.Contains(err.Error(), test.refusal) {
				t.Errorf("error %v, want one with %q", err, test.refusal)
			}
		})
	}
}

func TestGrowthOf(t *testing.T) {
	tests := map[string]struct {
		claim        func(*corev1.PersistentVolumeClaim)
		volume       func(*corev1.PersistentVolume)
		volumeGrows  string
		claimGrows   string
		keptOfClaims []corev1.PersistentVolumeClaimConditionType
	}{
		"a claim that asks for no more stays":      {},
		"a claim that asks for less stays":         {claim: request("1Gi")},
		"a claim that asks for more grows with it": {claim: request("20Gi"), volumeGrows: "20Gi", claimGrows: "20Gi"},
		"a volume that has grown already is only followed": {
			claim: request("20Gi"),
			volume: func(pv *corev1.PersistentVolume) {
				pv.Spec.Capacity[corev1.ResourceStorage] = resource.MustParse("20Gi")
			},
			claimGrows: "20Gi",
		},
		"only the conditions of a growth go": {
			claim: func(c *corev1.PersistentVolumeClaim) {
				request("20Gi")(c)
				c.Status.Conditions = []corev1.PersistentVolumeClaimCondition{
					{Type: "Resizing"}, {Type: "FileSystemResizePending"}, {Type: "ModifyingVolume"}, {Type: "ControllerResizeError"}, {Type: "NodeResizeError"},
				}
			},
			volumeGrows: "20Gi", claimGrows: "20Gi",
			keptOfClaims: []corev1.PersistentVolumeClaimConditionType{"ModifyingVolume"},
		},
		"a claim that is not bound yet stays": {claim: func(c *corev1.PersistentVolumeClaim) {
			request("20Gi")(c)
			c.Status.Phase = corev1.ClaimPending
		}},
		"a claim that is being deleted stays": {claim: func(c *corev1.PersistentVolumeClaim) {
			request("20Gi")(c)
			c.DeletionTimestamp = &metav1.Time{}
		}},
		"a volume of an earlier claim of the name stays": {
			claim:  request("20Gi"),
			volume: func(pv *corev1.PersistentVolume) { pv.Spec.ClaimRef.UID = "older" },
		},
		"another provisioner's volume stays": {
			claim:  request("20Gi"),
			volume: func(pv *corev1.PersistentVolume) { pv.Annotations = nil },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			claim := claimForTest(func(c *corev1.PersistentVolumeClaim) {
				c.UID, c.Spec.VolumeName, c.Status.Phase = "uid", "pvc-1", corev1.ClaimBound
				c.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}
			})
			if test.claim != nil {
				test.claim(claim)
			}
			got := GrowthOf(claim, pvForTest(test.volume))
			if text(got.VolumeCapacity) != test.volumeGrows || text(got.ClaimCapacity) != test.claimGrows {
				t.Errorf("volume to %q, want %q; claim to %q, want %q", text(got.VolumeCapacity), test.volumeGrows, text(got.ClaimCapacity), test.claimGrows)
			}
			if got.Needed() != (test.claimGrows != "") {
				t.Errorf("needed: %v", got.Needed())
			}
			var kept []corev1.PersistentVolumeClaimConditionType
			for _, condition := range got.ClaimConditions {
				kept = append(kept, condition.Type)
			}
			if diff := cmp.Diff(test.keptOfClaims, kept); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func text(quantity *resource.Quantity) string {
	if quantity == nil {
		return ""
	}
	return quantity.String()
}

func request(size string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) {
		c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}
	}
}

func atPath(path string) func(*corev1.PersistentVolume) {
	return func(pv *corev1.PersistentVolume) { pv.Spec.Local.Path = path }
}

func claimForTest(change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kafka", Name: "data-0-my-cluster-broker-0"},
		Spec:       corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}},
	}
	request("10Gi")(claim)
	if change != nil {
		change(claim)
	}
	return claim
}

func pvForTest(change func(*corev1.PersistentVolume)) *corev1.PersistentVolume {
	pv := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "pvc-1",
			Labels:      map[string]string{NodeLabel: "worker-1"},
			Annotations: map[string]string{AnnotationProvisionedBy: ProvisionerName},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:               corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: "/mnt/nvme/kafka_data_pvc-1"}},
			ClaimRef:               &corev1.ObjectReference{Namespace: "kafka", Name: "data-0-my-cluster-broker-0", UID: "uid"},
		},
	}
	if change != nil {
		change(pv)
	}
	return pv
}
