package render

import (
	"crypto/sha1" //nolint:gosec // names a revision in the compatible API's form, protects nothing
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
)

// annotateRevision records what the pod is and what it may use: a pod whose annotations differ is outdated.
//
// The hashes are of the JSON that is written, with sorted keys and without what only a server fills, so that they are the
// same in every process and do not change with the Go types.
func annotateRevision(pod *corev1.Pod) error {
	content, err := podContent(pod)
	if err != nil {
		return err
	}
	spec, _ := content["spec"].(map[string]any)
	// Containers that run first and end count, too: they get the same resources as the process.
	sizes, err := shortHash(takeResources(spec, "containers", "initContainers"))
	if err != nil {
		return fmt.Errorf("hash the resources of pod %s: %w", pod.Name, err)
	}
	shape, err := shortHash(content)
	if err != nil {
		return fmt.Errorf("hash pod %s: %w", pod.Name, err)
	}
	pod.Annotations = merged(pod.Annotations, map[string]string{
		v1.AnnotationRevision: shape, v1.AnnotationResourceRevision: sizes,
	})
	return nil
}

// takeResources removes and returns what the containers of the given lists may use.
func takeResources(spec map[string]any, lists ...string) []any {
	var out []any
	for _, list := range lists {
		containers, _ := spec[list].([]any)
		for i := range containers {
			container, _ := containers[i].(map[string]any)
			out = append(out, container["resources"])
			delete(container, "resources")
		}
	}
	return out
}

// shortHash is the first 8 hexadecimal digits of the SHA-1 hash of a value's JSON. encoding/json sorts the keys of maps.
func shortHash(value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	sum := sha1.Sum(raw) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])[:8], nil
}
