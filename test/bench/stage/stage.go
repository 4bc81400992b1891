package stage

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// Stage is a step on the way of a cluster or of one of its pods.
type Stage string

// The stages in the order in which they come.
const (
	Announced      Stage = "the resource has a status"
	SecretWritten  Stage = "secrets are written"
	PodSetWritten  Stage = "the pod set is written"
	Created        Stage = "pods are created"
	Scheduled      Stage = "pods are scheduled"
	PrepareStarted Stage = "init containers run"
	Started        Stage = "Kafka's containers run"
	Ready          Stage = "pods are ready"
	ClusterReady   Stage = "the resource is Ready"
	// Ending and Gone are those of a pod that is deleted.
	Ending Stage = "pods are asked to end"
	Gone   Stage = "pods are gone"
)

// kafkaContainer is the name of the container that runs Kafka.
const kafkaContainer = "kafka"

// Sight says that an object is at a stage.
type Sight struct {
	Stage Stage
	// Name of the object; Incarnation tells objects of the same name apart, and generations of a resource.
	Name, Incarnation string
}

// Of lists the stages that an object has reached.
func Of(o client.Object) []Sight {
	switch o := o.(type) {
	case *corev1.Pod:
		return ofPod(o)
	case *corev1.Secret:
		return []Sight{{SecretWritten, o.Name, ""}}
	case *podsetv1.StrimziPodSet:
		return []Sight{{PodSetWritten, o.Name, ""}}
	case *v1.Kafka:
		return ofKafka(o)
	}
	return nil
}

// Deleted is the sight of an object that is not there any more.
func Deleted(o client.Object) []Sight {
	return []Sight{{Gone, o.GetName(), string(o.GetUID())}}
}

func ofPod(pod *corev1.Pod) []Sight {
	reached := []Stage{Created}
	if pod.Spec.NodeName != "" {
		reached = append(reached, Scheduled)
	}
	for i := range pod.Status.InitContainerStatuses {
		if s := pod.Status.InitContainerStatuses[i].State; s.Running != nil || s.Terminated != nil {
			reached = append(reached, PrepareStarted)
		}
	}
	for i := range pod.Status.ContainerStatuses {
		if c := &pod.Status.ContainerStatuses[i]; c.Name == kafkaContainer && c.State.Running != nil {
			reached = append(reached, Started)
		}
	}
	if podReady(pod) {
		reached = append(reached, Ready)
	}
	if pod.DeletionTimestamp != nil {
		reached = append(reached, Ending)
	}
	out := make([]Sight, 0, len(reached))
	for _, s := range reached {
		out = append(out, Sight{s, pod.Name, string(pod.UID)})
	}
	return out
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// ofKafka counts Ready only when it is said about the generation that the resource has now.
func ofKafka(k *v1.Kafka) []Sight {
	if len(k.Status.Conditions) == 0 {
		return nil
	}
	out := []Sight{{Announced, k.Name, ""}}
	for _, c := range k.Status.Conditions {
		if c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue && k.Status.ObservedGeneration == k.Generation {
			out = append(out, Sight{ClusterReady, k.Name, strconv.FormatInt(k.Generation, 10)})
		}
	}
	return out
}
