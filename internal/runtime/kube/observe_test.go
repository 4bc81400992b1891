package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

func TestInstancesAreReadFromPods(t *testing.T) {
	condition := func(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message})
		}
	}
	waiting := func(reason string) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
	}
	cases := map[string]struct {
		edit func(*corev1.Pod)
		want plan.ObservedInstance
	}{
		"a pod that starts is neither ready nor stuck": {
			edit: func(p *corev1.Pod) { p.Status.ContainerStatuses = waiting("ContainerCreating") },
			want: plan.ObservedInstance{ID: 12},
		},
		"a pod is ready when its condition says so": {
			edit: condition(corev1.PodReady, corev1.ConditionTrue, "", ""),
			want: plan.ObservedInstance{ID: 12, Ready: true},
		},
		"a pod of unknown readiness is not ready": {
			edit: condition(corev1.PodReady, corev1.ConditionUnknown, "", ""),
			want: plan.ObservedInstance{ID: 12},
		},
		"a pod that ends is not ready whatever its condition says": {
			edit: func(p *corev1.Pod) {
				condition(corev1.PodReady, corev1.ConditionTrue, "", "")(p)
				p.DeletionTimestamp = &metav1.Time{}
			},
			want: plan.ObservedInstance{ID: 12, Ending: true},
		},
		"a pod that fits on no machine is stuck": {
			edit: condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, "no room"),
			want: plan.ObservedInstance{ID: 12, Stuck: "Unschedulable: no room"},
		},
		"a pod that waits to be scheduled is not stuck": {
			edit: condition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated", ""),
			want: plan.ObservedInstance{ID: 12},
		},
		"a pod whose process crashes is stuck": {
			edit: func(p *corev1.Pod) { p.Status.ContainerStatuses = waiting("CrashLoopBackOff") },
			want: plan.ObservedInstance{ID: 12, Stuck: "container c: CrashLoopBackOff"},
		},
		"a pod whose preparation has no image is stuck": {
			edit: func(p *corev1.Pod) { p.Status.InitContainerStatuses = waiting("ErrImagePull") },
			want: plan.ObservedInstance{ID: 12, Stuck: "container c: ErrImagePull"},
		},
		"a person asks for a restart in whatever case": {
			edit: func(p *corev1.Pod) { p.Annotations = map[string]string{v1.AnnotationManualRollingUpdate: "TRUE"} },
			want: plan.ObservedInstance{ID: 12, Restart: true, Facts: map[string]string{v1.AnnotationManualRollingUpdate: "TRUE"}},
		},
		"a process that has been started once may have data": {
			edit: func(p *corev1.Pod) { p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}} },
			want: plan.ObservedInstance{ID: 12},
		},
		"labels tell group and roles": {
			edit: func(p *corev1.Pod) {
				p.Labels = map[string]string{v1.LabelPoolName: "pool", v1.LabelBrokerRole: "true", v1.LabelControllerRole: "false", "x-role": "true"}
			},
			want: plan.ObservedInstance{ID: 12, Group: "pool", Roles: map[string]bool{"broker": true, "controller": false}},
		},
		"a pod without a number has none": {
			edit: func(p *corev1.Pod) { p.Name = "prod-pool-x" },
			want: plan.ObservedInstance{ID: -1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "prod-pool-12"}}
			c.edit(pod)
			if c.want.Roles == nil {
				c.want.Roles = map[string]bool{}
			}
			c.want.NeverRan = name != "a process that has been started once may have data"
			if diff := cmp.Diff(c.want, observedInstance(pod)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVolumesAreReadFromClaims(t *testing.T) {
	amount := func(text string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(text)}
	}
	condition := func(kind corev1.PersistentVolumeClaimConditionType, status corev1.ConditionStatus) func(*corev1.PersistentVolumeClaim) {
		return func(c *corev1.PersistentVolumeClaim) {
			c.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: kind, Status: status}}
		}
	}
	cases := map[string]struct {
		edit func(*corev1.PersistentVolumeClaim)
		want plan.ObservedVolume
	}{
		"a new claim has no size yet": {
			edit: func(*corev1.PersistentVolumeClaim) {},
			want: plan.ObservedVolume{Requested: "2Gi"},
		},
		"a bound claim has one": {
			edit: func(c *corev1.PersistentVolumeClaim) {
				c.Status.Phase, c.Status.Capacity = corev1.ClaimBound, amount("1024Mi")
				c.Spec.StorageClassName = new("fast")
			},
			want: plan.ObservedVolume{Requested: "2Gi", Size: "1Gi", Class: "fast", Bound: true},
		},
		"a claim grows": {
			edit: condition(corev1.PersistentVolumeClaimResizing, corev1.ConditionTrue),
			want: plan.ObservedVolume{Requested: "2Gi", Growing: true},
		},
		"a claim has grown": {
			edit: condition(corev1.PersistentVolumeClaimResizing, corev1.ConditionFalse),
			want: plan.ObservedVolume{Requested: "2Gi"},
		},
		"a file system waits for a restart to grow": {
			edit: condition(corev1.PersistentVolumeClaimFileSystemResizePending, corev1.ConditionTrue),
			want: plan.ObservedVolume{Requested: "2Gi", NeedsRestart: true},
		},
		"a claim is to be deleted": {
			edit: func(c *corev1.PersistentVolumeClaim) {
				c.Annotations = map[string]string{v1.AnnotationDeleteClaim: "true"}
			},
			want: plan.ObservedVolume{Requested: "2Gi", DeleteWhenUnused: true},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			claim := &corev1.PersistentVolumeClaim{}
			claim.Name, claim.Labels = "data-0-my-cluster-dual-4", map[string]string{v1.LabelPoolName: "dual"}
			claim.Spec.Resources.Requests = amount("2048Mi")
			c.edit(claim)
			c.want.Group, c.want.ID, c.want.Facts = "dual", 4, claim.Annotations
			if diff := cmp.Diff(c.want, observedVolume(claim)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeploymentRunsWhenAllItsPodsAreTheNewestAndReady(t *testing.T) {
	settled := appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1}
	cases := map[string]struct {
		edit func(*appsv1.Deployment)
		want bool
	}{
		"one ready pod of the newest version":         {func(*appsv1.Deployment) {}, true},
		"nobody has looked at the newest version yet": {func(d *appsv1.Deployment) { d.Generation = 4 }, false},
		"its pod is not ready":                        {func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 0 }, false},
		"its pod is of an earlier version":            {func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 0 }, false},
		"an earlier pod ends":                         {func(d *appsv1.Deployment) { d.Status.Replicas = 2 }, false},
		"it ends itself":                              {func(d *appsv1.Deployment) { d.DeletionTimestamp = &metav1.Time{} }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Status: settled}
			d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "big"}}
			c.edit(d)
			trimmed, err := trimDeployment(d.DeepCopy())
			if err != nil {
				t.Fatal(err)
			}
			small, _ := trimmed.(*appsv1.Deployment)
			if got := deployed(d); got != c.want || deployed(small) != c.want {
				t.Errorf("runs: %v, as the cache has it: %v, want %v", got, deployed(small), c.want)
			}
			if small.Spec.Template.Spec.Containers != nil {
				t.Error("the cache holds the pod")
			}
		})
	}
}
