package podset

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// Change is what a pod set needs now.
type Change struct {
	// Create holds complete pods that do not exist.
	Create []*corev1.Pod
	// Delete holds pods that should not exist, or that have ended and must start anew.
	Delete []*corev1.Pod
	// Adopt holds pods of the set that lack its owner reference.
	Adopt []*corev1.Pod
	// Annotate holds remarks that have changed without making the pod another.
	Annotate []Annotations
	// Restart holds pods that are to be marked for a restart because their set is.
	Restart []*corev1.Pod
	// Unmark says that the set's own mark has been handed down once all of Restart are marked: only then may it go.
	Unmark bool
	// Status of the set.
	Status podsetv1.StrimziPodSetStatus
}

// Annotations are what a pod that runs is to say from now on.
type Annotations struct {
	Pod     *corev1.Pod
	Changed map[string]string
}

// Decode reads one entry of a set's pods.
func Decode(raw runtime.RawExtension) (*corev1.Pod, error) {
	var pod corev1.Pod
	if err := json.Unmarshal(raw.Raw, &pod); err != nil {
		return nil, fmt.Errorf("decode pod: %w", err)
	}
	return &pod, nil
}

// Next compares a set with the pods that its selector finds. It never replaces a pod that runs: that is the decision of whoever
// wrote the set.
func Next(set *podsetv1.StrimziPodSet, pods []corev1.Pod) (Change, error) {
	out := Change{Status: podsetv1.StrimziPodSetStatus{ObservedGeneration: set.Generation}}
	have := map[string]*corev1.Pod{}
	for i := range pods {
		have[pods[i].Name] = &pods[i]
	}
	wanted := map[string]bool{}
	for i := range set.Spec.Pods {
		pod, err := Decode(set.Spec.Pods[i])
		if err != nil {
			return Change{}, fmt.Errorf("spec.pods[%d]: %w", i, err)
		}
		wanted[pod.Name] = true
		out.consider(set, pod, have[pod.Name])
	}
	out.Status.Pods = int32(len(set.Spec.Pods))
	out.Unmark = marked(set)
	for i := range pods {
		if wanted[pods[i].Name] || !ownedBy(&pods[i], set) && !orphan(&pods[i], set) {
			continue
		}
		out.Status.Pods++
		if pods[i].DeletionTimestamp == nil {
			out.Delete = append(out.Delete, &pods[i])
		}
	}
	return out, nil
}

func (c *Change) consider(set *podsetv1.StrimziPodSet, wanted, runs *corev1.Pod) {
	if runs == nil {
		c.Create = append(c.Create, owned(set, wanted))
		return
	}
	if runs.DeletionTimestamp != nil || foreign(runs, set) {
		return
	}
	if runs.Status.Phase == corev1.PodFailed || runs.Status.Phase == corev1.PodSucceeded {
		c.Delete = append(c.Delete, runs)
		return
	}
	if !ownedBy(runs, set) {
		c.Adopt = append(c.Adopt, runs)
	}
	if marked(set) && !marked(runs) {
		c.Restart = append(c.Restart, runs)
	}
	if ready(runs) {
		c.Status.ReadyPods++
	}
	if current(runs, wanted) {
		c.Status.CurrentPods++
		c.annotate(runs, wanted)
	}
}

// annotate brings the remarks on a pod up to date whose revision is current. They are no part of the revision, or else it
// would differ.
func (c *Change) annotate(runs, wanted *corev1.Pod) {
	changed := map[string]string{}
	for key, value := range wanted.Annotations {
		if runs.Annotations[key] != value {
			changed[key] = value
		}
	}
	if len(changed) > 0 {
		c.Annotate = append(c.Annotate, Annotations{Pod: runs, Changed: changed})
	}
}

func owned(set *podsetv1.StrimziPodSet, pod *corev1.Pod) *corev1.Pod {
	pod.Namespace = set.Namespace
	pod.OwnerReferences = []metav1.OwnerReference{OwnerReference(set)}
	return pod
}

// OwnerReference makes a pod the set's.
func OwnerReference(set *podsetv1.StrimziPodSet) metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{
		APIVersion: podsetv1.GroupVersion().String(), Kind: "StrimziPodSet", Name: set.Name, UID: set.UID,
		Controller: &yes, BlockOwnerDeletion: &yes,
	}
}

func ownedBy(pod *corev1.Pod, set *podsetv1.StrimziPodSet) bool {
	return slices.ContainsFunc(pod.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == set.UID })
}

// foreign pods have another controller, such as an earlier set of the same name: Kubernetes ends those, and
// their place is taken afterwards.
func foreign(pod *corev1.Pod, set *podsetv1.StrimziPodSet) bool {
	c := metav1.GetControllerOf(pod)
	return c != nil && c.UID != set.UID
}

// orphan pods are of the set by their label but have nobody who looks after them, such as those of a set that was deleted
// without its pods. Pods of users that merely have the labels of the cluster are none.
func orphan(pod *corev1.Pod, set *podsetv1.StrimziPodSet) bool {
	return metav1.GetControllerOf(pod) == nil && pod.Labels[v1.LabelControllerName] == set.Name
}

// marked tells whether a person asked for a restart of a pod, or of all pods of a set.
func marked(o metav1.Object) bool {
	return strings.EqualFold(o.GetAnnotations()[v1.AnnotationManualRollingUpdate], "true")
}

func ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func current(runs, wanted *corev1.Pod) bool {
	for _, key := range []string{v1.AnnotationRevision, v1.AnnotationResourceRevision} {
		if runs.Annotations[key] != wanted.Annotations[key] {
			return false
		}
	}
	return true
}
