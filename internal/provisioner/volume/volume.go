package volume

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// ProvisionerName is what a StorageClass writes in `provisioner`.
	ProvisionerName = "castellan.io/local"
	// NodeLabel is the label of a PersistentVolume that names the node its
	// directory is on, in the form NodeLabelValue gives it. Every node's
	// instance watches the volumes with its own value, and no others.
	NodeLabel = "castellan.io/node"
	// AnnotationProvisionedBy says which provisioner made a PersistentVolume.
	AnnotationProvisionedBy = "pv.kubernetes.io/provisioned-by"
	// AnnotationSelectedNode is where the scheduler writes the node it chose for
	// the first pod of a claim.
	AnnotationSelectedNode = "volume.kubernetes.io/selected-node"
)

const (
	// mostNameBytes is the longest file name Linux file systems take (NAME_MAX).
	mostNameBytes = 255
	// mostLabelBytes is the longest value a Kubernetes label can have; a node's
	// name may be longer.
	mostLabelBytes = 63
)

// Directory is a volume's directory: one entry of one base directory.
type Directory struct {
	// Base is the absolute path of the base directory.
	Base string
	// Name is the entry's name, without any separator.
	Name string
}

// Path is the directory's absolute path.
func (d Directory) Path() string { return filepath.Join(d.Base, d.Name) }

// Node is the node a volume is made on.
type Node struct {
	// Name is the Node's metadata.name.
	Name string
	// Hostname is the value of the Node's label kubernetes.io/hostname, which
	// node affinity has to use and which may differ from its name.
	Hostname string
}

// Resolve turns a StorageClass into the Settings for one claim. allowed are the
// base directories the provisioner may use; the first is the default. The
// error is of type Refusals and names every field of the two that is wrong.
func Resolve(class *storagev1.StorageClass, claim *corev1.PersistentVolumeClaim, allowed []string) (Settings, error) {
	settings, refusals := resolveClass(class, allowed)
	refusals = append(refusals, checkClaim(claim)...)
	if len(refusals) > 0 {
		return Settings{}, refusals
	}
	return settings, nil
}

// checkClaim names what of a claim a directory cannot give.
func checkClaim(claim *corev1.PersistentVolumeClaim) Refusals {
	var refusals Refusals
	refuse := func(field, problem, remedy string) {
		refusals = append(refusals, Refusal{Field: "PersistentVolumeClaim.spec." + field, Problem: problem, Remedy: remedy})
	}
	for _, mode := range claim.Spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			refuse("accessModes", fmt.Sprintf("%s needs storage that several nodes reach, a directory is on one", mode), "use ReadWriteOnce or ReadWriteOncePod")
		}
	}
	if claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode == corev1.PersistentVolumeBlock {
		refuse("volumeMode", "a directory is not a block device", "use Filesystem")
	}
	if claim.Spec.Selector != nil {
		refuse("selector", "a volume made on demand has no labels to select by", "leave the field out")
	}
	if claim.Spec.DataSource != nil || claim.Spec.DataSourceRef != nil {
		refuse("dataSourceRef", "a directory cannot be filled from a snapshot or another claim", "leave the field out")
	}
	if claim.Spec.VolumeAttributesClassName != nil && *claim.Spec.VolumeAttributesClassName != "" {
		refuse("volumeAttributesClassName", "a directory has no attributes to modify", "leave the field out")
	}
	return refusals
}

// DirectoryFor names the directory of a claim's volume: readable for a person
// on the node, the same on every attempt, and different for every volume
// because it ends with the volume's name.
func DirectoryFor(settings Settings, claim *corev1.PersistentVolumeClaim, volumeName string) Directory {
	suffix := nameSuffix(volumeName)
	prefix := claim.Namespace + "_" + claim.Name
	if most := mostNameBytes - len(suffix); len(prefix) > most {
		prefix = prefix[:most]
	}
	return Directory{Base: settings.BaseDirectory, Name: prefix + suffix}
}

// nameSuffix is how the directory of a volume ends. No Kubernetes name has an
// underscore, so one volume's suffix is never the end of another's.
func nameSuffix(volumeName string) string { return "_" + volumeName }

// Request is what a PersistentVolume is made from.
type Request struct {
	Settings Settings
	Claim    *corev1.PersistentVolumeClaim
	Node     Node
	// VolumeName is the name the PersistentVolume gets.
	VolumeName string
	// ReclaimPolicy is the class's; nil means Delete, as it does there.
	ReclaimPolicy *corev1.PersistentVolumeReclaimPolicy
}

// New is the PersistentVolume that answers a request, and the directory that
// has to exist before it is handed out.
func New(request Request) (*corev1.PersistentVolume, Directory) {
	directory := DirectoryFor(request.Settings, request.Claim, request.VolumeName)
	filesystem := corev1.PersistentVolumeFilesystem
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:   request.VolumeName,
			Labels: map[string]string{NodeLabel: NodeLabelValue(request.Node.Name)},
		},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: reclaimPolicy(request.ReclaimPolicy),
			AccessModes:                   slices.Clone(request.Claim.Spec.AccessModes),
			VolumeMode:                    &filesystem,
			Capacity: corev1.ResourceList{
				corev1.ResourceStorage: request.Claim.Spec.Resources.Requests[corev1.ResourceStorage],
			},
			PersistentVolumeSource: source(request.Settings.Type, directory),
			NodeAffinity:           onlyOn(request.Node),
		},
	}, directory
}

func reclaimPolicy(policy *corev1.PersistentVolumeReclaimPolicy) corev1.PersistentVolumeReclaimPolicy {
	if policy == nil {
		return corev1.PersistentVolumeReclaimDelete
	}
	return *policy
}

func source(kind Type, directory Directory) corev1.PersistentVolumeSource {
	if kind == TypeHostPath {
		// Directory, not DirectoryOrCreate: a directory that got lost must stop
		// the pod, not come back empty with the wrong owner.
		mustExist := corev1.HostPathDirectory
		return corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: directory.Path(), Type: &mustExist}}
	}
	return corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: directory.Path()}}
}

// onlyOn uses the hostname label because the affinity of a PersistentVolume is
// matched against labels only, not against the node's name.
func onlyOn(node Node) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node.Hostname},
			}},
		}},
	}}
}

// NodeLabelValue is a node's name as the value of NodeLabel: the name itself,
// or, when it is too long for a label, its beginning and a hash of all of it.
func NodeLabelValue(nodeName string) string {
	if len(nodeName) <= mostLabelBytes {
		return nodeName
	}
	sum := sha256.Sum256([]byte(nodeName))
	hash := hex.EncodeToString(sum[:8])
	return nodeName[:mostLabelBytes-len(hash)-1] + "-" + hash
}
