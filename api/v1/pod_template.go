package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// MetadataTemplate holds labels and annotations for a generated object.
type MetadataTemplate struct {
	// Labels. Keys of strimzi.io/ are not allowed.
	Labels map[string]string `json:"labels,omitzero"`
	// Annotations. Keys of strimzi.io/ are not allowed.
	Annotations map[string]string `json:"annotations,omitzero"`
}

// ResourceTemplate changes a generated object of which only the metadata can change.
type ResourceTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
}

// ServiceTemplate changes a generated Service.
type ServiceTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
	// IP families policy. Default: that of Kubernetes.
	//
	// +kubebuilder:validation:Enum=SingleStack;PreferDualStack;RequireDualStack
	IPFamilyPolicy string `json:"ipFamilyPolicy,omitempty"`
	// IP families. Default: those of Kubernetes.
	//
	// +kubebuilder:validation:items:Enum=IPv4;IPv6
	IPFamilies []string `json:"ipFamilies,omitzero"`
}

// PodDisruptionBudgetTemplate changes a generated PodDisruptionBudget.
type PodDisruptionBudgetTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
	// How many pods may be missing. Default: 1.
	//
	// +kubebuilder:validation:Minimum=0
	MaxUnavailable *int32 `json:"maxUnavailable,omitempty"`
}

// DeploymentTemplate changes a generated Deployment.
type DeploymentTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
	// How pods are replaced. Default: RollingUpdate.
	//
	// +kubebuilder:validation:Enum=RollingUpdate;Recreate
	DeploymentStrategy string `json:"deploymentStrategy,omitempty"`
}

// PodTemplate changes generated pods.
type PodTemplate struct {
	// Labels and annotations.
	Metadata *MetadataTemplate `json:"metadata,omitempty"`
	// Secrets with credentials for the image registry.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// Security settings of all containers.
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// Seconds a container has to stop by itself. Default: 30.
	//
	// +kubebuilder:validation:Minimum=0
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
	// Where pods may, should and must not run.
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Taints the pods put up with.
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// How pods spread.
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitzero"`
	// PriorityClass.
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// Scheduler. Default: that of Kubernetes.
	SchedulerName string `json:"schedulerName,omitempty"`
	// Entries for the hosts file.
	HostAliases []corev1.HostAlias `json:"hostAliases,omitzero"`
	// Where DNS settings come from. Default: ClusterFirst.
	//
	// +kubebuilder:validation:Enum=ClusterFirst;ClusterFirstWithHostNet;Default;None
	DNSPolicy corev1.DNSPolicy `json:"dnsPolicy,omitempty"`
	// DNS settings.
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty"`
	// Whether environment variables tell about Services. Default: true.
	EnableServiceLinks *bool `json:"enableServiceLinks,omitempty"`
	// Whether pods use the user namespace of the node. Default: true.
	HostUsers *bool `json:"hostUsers,omitempty"`
	// Size of the temporary directory, which is in memory. Default: 5Mi.
	//
	// +kubebuilder:validation:Pattern=`^([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`
	TmpDirSizeLimit string `json:"tmpDirSizeLimit,omitempty"`
	// Further volumes.
	Volumes []AdditionalVolume `json:"volumes,omitzero"`
}

// PodSetPodTemplate changes pods that have an id and a name of their own, such as Kafka nodes.
type PodSetPodTemplate struct {
	PodTemplate `json:",inline"`
	// Further volumes whose sources differ from pod to pod: `{nodeId}` and `{nodePodName}` stand for the pod's.
	TemplatedVolumes []TemplatedVolume `json:"templatedVolumes,omitzero"`
}

// ContainerTemplate changes a generated container.
type ContainerTemplate struct {
	// Further environment variables. Those the operator sets win.
	//
	// +kubebuilder:validation:items:XValidation:rule="!has(self.value) || !has(self.valueFrom)",message="either value or valueFrom can be set, not both"
	Env []corev1.EnvVar `json:"env,omitzero"`
	// Security settings.
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
	// Mounts of the further volumes, below `/mnt`.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitzero"`
}

// AdditionalVolume is a volume of the user's. It has one source.
type AdditionalVolume struct {
	// Name, unique within the pod.
	Name string `json:"name,omitempty"`
	// Keys of a ConfigMap.
	ConfigMap *corev1.ConfigMapVolumeSource `json:"configMap,omitempty"`
	// Keys of a Secret.
	Secret *corev1.SecretVolumeSource `json:"secret,omitempty"`
	// An empty directory.
	EmptyDir *EmptyDirVolumeSource `json:"emptyDir,omitempty"`
	// A claim that exists.
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
	// A volume of a CSI driver.
	CSI *corev1.CSIVolumeSource `json:"csi,omitempty"`
	// The content of an image.
	Image *corev1.ImageVolumeSource `json:"image,omitempty"`
}

// EmptyDirVolumeSource is a directory that lives as long as the pod.
type EmptyDirVolumeSource struct {
	// Where it is kept: absent for the node's disk, or in memory.
	//
	// +kubebuilder:validation:Enum=Memory
	Medium corev1.StorageMedium `json:"medium,omitempty"`
	// Largest size. Default: no limit.
	//
	// +kubebuilder:validation:Pattern=`^([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`
	SizeLimit string `json:"sizeLimit,omitempty"`
}

// TemplatedVolume is a volume of the user's whose source differs from pod to pod. It has one source.
type TemplatedVolume struct {
	// Name, unique within the pod.
	Name string `json:"name,omitempty"`
	// Keys of a ConfigMap.
	ConfigMap *corev1.ConfigMapVolumeSource `json:"configMap,omitempty"`
	// Keys of a Secret.
	Secret *corev1.SecretVolumeSource `json:"secret,omitempty"`
	// A claim that exists.
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
}
