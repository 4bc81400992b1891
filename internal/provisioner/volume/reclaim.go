package volume

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// DirectoryToRemove is the directory whose data a released PersistentVolume
// gives back on the given node. It is an error, and nothing may be removed,
// whenever anything about the volume leaves a doubt: another provisioner's or
// node's volume, a path outside the allowed base directories or not directly
// in one, a directory that does not carry the volume's name.
func DirectoryToRemove(volume *corev1.PersistentVolume, nodeName string, allowed []string) (Directory, error) {
	if by := volume.Annotations[AnnotationProvisionedBy]; by != ProvisionerName {
		return Directory{}, fmt.Errorf("not removing anything: the volume was provisioned by %q, not by %s", by, ProvisionerName)
	}
	if !OnNode(volume, nodeName) {
		return Directory{}, fmt.Errorf("not removing anything: the volume's label %s is %q, this is node %s", NodeLabel, volume.Labels[NodeLabel], nodeName)
	}
	path, err := pathOf(volume)
	if err != nil {
		return Directory{}, err
	}
	if filepath.Clean(path) != path {
		return Directory{}, fmt.Errorf("not removing %q: the path is not written in its shortest form", path)
	}
	directory := Directory{Base: filepath.Dir(path), Name: filepath.Base(path)}
	if !slices.Contains(allowed, directory.Base) {
		return Directory{}, fmt.Errorf("not removing %q: it does not lie directly in a base directory this provisioner may use (%s)", path, strings.Join(allowed, ", "))
	}
	if suffix := nameSuffix(volume.Name); !strings.HasSuffix(directory.Name, suffix) {
		return Directory{}, fmt.Errorf("not removing %q: its name does not end with %q, so it may not be this volume's", path, suffix)
	}
	return directory, nil
}

// OnNode tells whether a PersistentVolume's directory is on the given node.
func OnNode(volume *corev1.PersistentVolume, nodeName string) bool {
	return volume.Labels[NodeLabel] == NodeLabelValue(nodeName)
}

func pathOf(volume *corev1.PersistentVolume) (string, error) {
	switch {
	case volume.Spec.Local != nil:
		return volume.Spec.Local.Path, nil
	case volume.Spec.HostPath != nil:
		return volume.Spec.HostPath.Path, nil
	default:
		return "", fmt.Errorf("not removing anything: the volume is neither a local nor a hostPath volume")
	}
}
