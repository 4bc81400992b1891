package template

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
)

// mountRoot is where users may mount volumes of their own; everything else belongs to the image and the operator.
const mountRoot = "/mnt"

var volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-._]{0,61}[a-zA-Z0-9]$`)

// Merged checks labels and annotations that are merged with those of the operator: none may be in the operator's domain.
func Merged(at string, m *v1.MetadataTemplate) []string {
	if m == nil {
		return nil
	}
	problems := Keys(at+".metadata.labels", m.Labels)
	return append(problems, Keys(at+".metadata.annotations", m.Annotations)...)
}

// Direct checks labels that are added to those of an object as they are: the label that names the cluster is left to the user.
func Direct(at string, m *v1.MetadataTemplate) []string {
	if m == nil {
		return nil
	}
	return OwnLabels(at+".metadata.labels", m.Labels)
}

// OwnLabels checks labels of a resource or template: of the operator's domain only those that name the cluster may be set.
func OwnLabels(at string, labels map[string]string) []string {
	return Keys(at, without(labels, v1.LabelCluster))
}

// Keys checks that no key is in the operator's domain.
func Keys(at string, keys map[string]string) []string {
	var problems []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if strings.HasPrefix(key, v1.Domain) {
			problems = append(problems, fmt.Sprintf("%s: key %s is reserved, as all keys of %s are; choose another key", at, key, v1.Domain))
		}
	}
	return problems
}

func without(labels map[string]string, prefix string) map[string]string {
	kept := maps.Clone(labels)
	maps.DeleteFunc(kept, func(key, _ string) bool { return strings.HasPrefix(key, prefix) })
	return kept
}

// Pod checks a pod template; reserved are the names of the operator's own volumes.
func Pod(at string, pod *v1.PodSetPodTemplate, reserved []string) []string {
	if pod == nil {
		return nil
	}
	problems := Merged(at, pod.Metadata)
	problems = append(problems, size(at+".tmpDirSizeLimit", pod.TmpDirSizeLimit)...)
	used := map[string]bool{}
	for _, name := range reserved {
		used[name] = true
	}
	for i := range pod.Volumes {
		volume, field := &pod.Volumes[i], fmt.Sprintf("%s.volumes[%d]", at, i)
		problems = append(problems, name(field, volume.Name, used)...)
		problems = append(problems, additional(field, volume)...)
	}
	for i := range pod.TemplatedVolumes {
		volume, field := &pod.TemplatedVolumes[i], fmt.Sprintf("%s.templatedVolumes[%d]", at, i)
		problems = append(problems, name(field, volume.Name, used)...)
		problems = append(problems, sources(field, "configMap, secret or persistentVolumeClaim",
			volume.ConfigMap != nil, volume.Secret != nil, volume.PersistentVolumeClaim != nil)...)
	}
	return problems
}

func additional(at string, v *v1.AdditionalVolume) []string {
	problems := sources(at, "configMap, secret, emptyDir, persistentVolumeClaim, csi or image",
		v.ConfigMap != nil, v.Secret != nil, v.EmptyDir != nil, v.PersistentVolumeClaim != nil, v.CSI != nil, v.Image != nil)
	if v.EmptyDir != nil {
		problems = append(problems, size(at+".emptyDir.sizeLimit", v.EmptyDir.SizeLimit)...)
	}
	return problems
}

// name checks a volume's name and remembers it in used.
func name(at, name string, used map[string]bool) []string {
	taken := used[name]
	used[name] = true
	switch {
	case !volumeName.MatchString(name):
		return []string{fmt.Sprintf("%s.name: %q is not a volume name; use 2 to 63 letters, digits, -, . and _, with a letter or digit at both ends", at, name)}
	case taken:
		return []string{fmt.Sprintf("%s.name: %q is used by another volume of the pod; choose another name", at, name)}
	}
	return nil
}

// sources checks the number of sources. A volume without any is an empty directory to Kubernetes.
func sources(at, allowed string, set ...bool) []string {
	count := 0
	for _, is := range set {
		if is {
			count++
		}
	}
	if count <= 1 {
		return nil
	}
	return []string{fmt.Sprintf("%s: has %d sources; give one of %s", at, count, allowed)}
}

func size(at, text string) []string {
	if text == "" {
		return nil
	}
	if _, err := resource.ParseQuantity(text); err != nil {
		return []string{fmt.Sprintf("%s: %q is not a size; write a quantity such as 100Mi", at, text)}
	}
	return nil
}

// Container checks a container template.
func Container(at string, container *v1.ContainerTemplate) []string {
	if container == nil {
		return nil
	}
	var problems []string
	for i, mount := range container.VolumeMounts {
		clean := path.Clean(mount.MountPath)
		if clean != mountRoot && !strings.HasPrefix(clean, mountRoot+"/") {
			problems = append(problems, fmt.Sprintf("%s.volumeMounts[%d].mountPath: %q is outside of %s; mount volumes at paths that begin with %s/", at, i, mount.MountPath, mountRoot, mountRoot))
		}
	}
	return problems
}

// Resources checks what a container asks for and may use: positive amounts, and no more asked for than allowed.
func Resources(at string, r *corev1.ResourceRequirements) []string {
	if r == nil {
		return nil
	}
	var problems []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, asks := r.Requests[name]
		limit, limits := r.Limits[name]
		if asks && request.Sign() <= 0 {
			problems = append(problems, fmt.Sprintf("%s.requests.%s: is %s; it must be greater than zero", at, name, request.String()))
		}
		if limits && limit.Sign() <= 0 {
			problems = append(problems, fmt.Sprintf("%s.limits.%s: is %s; it must be greater than zero", at, name, limit.String()))
		}
		if asks && limits && request.Cmp(limit) > 0 {
			problems = append(problems, fmt.Sprintf("%s.requests.%s: %s is more than the limit %s; it must be at most the limit", at, name, request.String(), limit.String()))
		}
	}
	return problems
}
