package kube

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/podset"
	"castellan.io/castellan/internal/runtime"
)

// Observe reads pod sets, deployments, pods and claims of a component.
func (r *Runtime) Observe(ctx context.Context, ref runtime.Ref) (plan.Observed, error) {
	where := []client.ListOption{client.InNamespace(ref.Namespace), componentLabels(ref)}
	var sets podsetv1.StrimziPodSetList
	var pods corev1.PodList
	var claims corev1.PersistentVolumeClaimList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&sets, &deployments, &pods, &claims} {
		if err := r.client.List(ctx, list, where...); err != nil {
			return plan.Observed{}, fmt.Errorf("observe %s: %w", ref.Component, err)
		}
	}
	out := plan.Observed{
		Groups:    map[string]plan.ObservedGroup{},
		Instances: map[string]plan.ObservedInstance{},
		Volumes:   map[string]plan.ObservedVolume{},
		Workloads: map[string]bool{},
	}
	for i := range sets.Items {
		out.Groups[sets.Items[i].Name] = observedGroup(&sets.Items[i])
	}
	for i := range pods.Items {
		out.Instances[pods.Items[i].Name] = observedInstance(&pods.Items[i])
	}
	for i := range claims.Items {
		out.Volumes[claims.Items[i].Name] = observedVolume(&claims.Items[i])
	}
	for i := range deployments.Items {
		out.Workloads[deployments.Items[i].Name] = deployed(&deployments.Items[i])
	}
	return out, nil
}

// deployed tells whether the newest version of a deployment has been looked at, and all its pods are that version's and ready.
func deployed(d *appsv1.Deployment) bool {
	is, wanted := &d.Status, int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	return d.DeletionTimestamp == nil && is.ObservedGeneration >= d.Generation &&
		is.Replicas == wanted && is.UpdatedReplicas == wanted && is.ReadyReplicas == wanted
}

func observedGroup(set *podsetv1.StrimziPodSet) plan.ObservedGroup {
	out := plan.ObservedGroup{
		Group:   set.Labels[v1.LabelPoolName],
		Facts:   set.Annotations,
		Restart: isTrue(set.Annotations[v1.AnnotationManualRollingUpdate]),
	}
	for _, c := range set.Status.Conditions {
		out.Trouble = c.Message
	}
	for i := range set.Spec.Pods {
		if pod, err := podset.Decode(set.Spec.Pods[i]); err == nil {
			out.Instances = append(out.Instances, pod.Name)
		}
	}
	return out
}

func observedInstance(pod *corev1.Pod) plan.ObservedInstance {
	return plan.ObservedInstance{
		Group:    pod.Labels[v1.LabelPoolName],
		ID:       instanceID(pod.Name),
		Roles:    roles(pod.Labels),
		UID:      string(pod.UID),
		Ready:    ready(pod),
		Stuck:    stuck(pod),
		NeverRan: neverRan(pod),
		Ending:   ending(pod),
		Restart:  isTrue(pod.Annotations[v1.AnnotationManualRollingUpdate]),
		Facts:    pod.Annotations,
	}
}

// roles reads the labels that name roles: strimzi.io/broker-role: "true".
func roles(labels map[string]string) map[string]bool {
	out := map[string]bool{}
	for label, value := range labels {
		if name, ok := strings.CutPrefix(label, v1.Domain); ok && strings.HasSuffix(name, "-role") {
			out[strings.TrimSuffix(name, "-role")] = value == "true"
		}
	}
	return out
}

// instanceID is what follows the last dash of a pod's name; -1 for a name of another form.
func instanceID(name string) int32 {
	id, err := strconv.ParseInt(name[strings.LastIndex(name, "-")+1:], 10, 32)
	if err != nil {
		return -1
	}
	return int32(id)
}

func ready(pod *corev1.Pod) bool {
	if ending(pod) {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func ending(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil }

// neverRan tells whether the pod's main container has never been started, and so has no data.
func neverRan(pod *corev1.Pod) bool {
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		if s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil || s.RestartCount > 0 {
			return false
		}
	}
	return true
}

// stuckReasons are those of a waiting container that time alone does not heal.
var stuckReasons = map[string]bool{
	"CrashLoopBackOff": true, "ImagePullBackOff": true, "ErrImagePull": true, "ErrImageNeverPull": true,
	"InvalidImageName": true, "CreateContainerConfigError": true, "CreateContainerError": true, "RunContainerError": true,
}

func stuck(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return "Unschedulable: " + c.Message
		}
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			if w := statuses[i].State.Waiting; w != nil && stuckReasons[w.Reason] {
				return fmt.Sprintf("container %s: %s", statuses[i].Name, w.Reason)
			}
		}
	}
	return ""
}

func observedVolume(claim *corev1.PersistentVolumeClaim) plan.ObservedVolume {
	out := plan.ObservedVolume{
		Requested:        claim.Spec.Resources.Requests.Storage().String(),
		Bound:            claim.Status.Phase == corev1.ClaimBound,
		DeleteWhenUnused: isTrue(claim.Annotations[v1.AnnotationDeleteClaim]),
		Facts:            claim.Annotations,
		Group:            claim.Labels[v1.LabelPoolName],
		ID:               instanceID(claim.Name),
	}
	if size, ok := claim.Status.Capacity[corev1.ResourceStorage]; ok {
		out.Size = size.String()
	}
	if claim.Spec.StorageClassName != nil {
		out.Class = *claim.Spec.StorageClassName
	}
	for _, c := range claim.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		out.Growing = out.Growing || c.Type == corev1.PersistentVolumeClaimResizing
		out.NeedsRestart = out.NeedsRestart || c.Type == corev1.PersistentVolumeClaimFileSystemResizePending
	}
	return out
}

// isTrue reads a boolean annotation: everything but true is false.
func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// Secrets reads the secrets that belong to a cluster, without those of its users.
func (r *Runtime) Secrets(ctx context.Context, ref runtime.Ref) (map[string]plan.Secret, error) {
	var list corev1.SecretList
	labels := client.MatchingLabels{v1.LabelCluster: ref.Cluster, v1.LabelKind: ref.Kind}
	if err := r.client.List(ctx, &list, client.InNamespace(ref.Namespace), labels); err != nil {
		return nil, fmt.Errorf("read the secrets of %s: %w", ref.Cluster, err)
	}
	out := map[string]plan.Secret{}
	for i := range list.Items {
		s := &list.Items[i]
		out[s.Name] = plan.Secret{
			Name:      s.Name,
			Component: plan.Component{Type: s.Labels[v1.LabelComponentType], Name: s.Labels[v1.LabelName]},
			Data:      s.Data,
			Facts:     s.Annotations,
			OwnerUID:  ownerUID(s.OwnerReferences, ref),
		}
	}
	return out, nil
}

// ownerUID is the uid of the cluster's resource that owns an object; other owners do not count.
func ownerUID(references []metav1.OwnerReference, ref runtime.Ref) string {
	for _, r := range references {
		if r.Kind == ref.Kind && r.Name == ref.Cluster {
			return string(r.UID)
		}
	}
	return ""
}

// gvk is short for the full name of a kind in version 1.
func gvk(group, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}
}
