package rendertest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// templates has every template that there is. Keys of app.kubernetes.io/ in them do not count.
func templates() plan.Plan {
	p := cluster()
	p.Account.Template = resource("account")
	p.Disruption.Template = &v1.PodDisruptionBudgetTemplate{Metadata: metadata("disruption")}
	p.Endpoints[0].Template = &v1.ServiceTemplate{Metadata: metadata("bootstrap")}
	p.Secrets[0].Template = resource("authority")
	g := add(&p, "both", shape{broker: true, controller: true, edit: containers, storage: func(instance string) []plan.Mount {
		mounts := single(instance)
		mounts[0].Volume.Template = resource("claim")
		return mounts
	}}, 7)
	g.Template = &v1.KafkaNodePoolTemplate{PodSet: resource("set"), Pod: podTemplate()}
	return p
}

func metadata(name string) *v1.MetadataTemplate {
	return &v1.MetadataTemplate{
		Labels:      map[string]string{"label": name, "app.kubernetes.io/name": "dropped"},
		Annotations: map[string]string{"annotation": name, "app.kubernetes.io/note": "dropped"},
	}
}

func resource(name string) *v1.ResourceTemplate {
	return &v1.ResourceTemplate{Metadata: metadata(name)}
}

func containers(in *plan.Instance) {
	in.Main.Template = &v1.ContainerTemplate{
		Env: []corev1.EnvVar{
			{Name: "KAFKA_CLUSTER_NAME", Value: "loses"},
			{Name: "EXTRA", Value: "1"},
			{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: "tokens"}, Key: "a",
			}}},
		},
		SecurityContext: &corev1.SecurityContext{ReadOnlyRootFilesystem: new(true)},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "plugins", MountPath: "/mnt/plugins"}, {Name: "own", MountPath: "/mnt/own", ReadOnly: true},
		},
	}
	in.Prepare[0].Template = &v1.ContainerTemplate{Env: []corev1.EnvVar{{Name: "EXTRA", Value: "2"}}}
}

func podTemplate() *v1.PodSetPodTemplate {
	return &v1.PodSetPodTemplate{
		PodTemplate: v1.PodTemplate{
			Metadata:                      metadata("pod"),
			ImagePullSecrets:              []corev1.LocalObjectReference{{Name: "mine"}},
			SecurityContext:               &corev1.PodSecurityContext{RunAsUser: new(int64(1001)), FSGroup: new(int64(7))},
			TerminationGracePeriodSeconds: new(int64(0)),
			Affinity:                      affinity(),
			Tolerations:                   []corev1.Toleration{{Key: "kafka", Operator: corev1.TolerationOpExists}},
			TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{},
			}},
			PriorityClassName:  "high",
			SchedulerName:      "mine",
			HostAliases:        []corev1.HostAlias{{IP: "192.0.2.1", Hostnames: []string{"one"}}},
			DNSPolicy:          corev1.DNSNone,
			DNSConfig:          &corev1.PodDNSConfig{Nameservers: []string{"192.0.2.53"}},
			EnableServiceLinks: new(false),
			HostUsers:          new(false),
			Volumes: []v1.AdditionalVolume{
				{Name: "plugins", EmptyDir: &v1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: "1Gi"}},
				{Name: "image", Image: &corev1.ImageVolumeSource{Reference: "plugins:1"}},
			},
		},
		TemplatedVolumes: []v1.TemplatedVolume{
			{Name: "own", Secret: &corev1.SecretVolumeSource{
				SecretName: "own-{nodeId}", Items: []corev1.KeyToPath{{Key: "{nodePodName}.key", Path: "key-{nodeId}"}},
			}},
			{Name: "settings", ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "{nodePodName}"}}},
			{Name: "shared", PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "shared-{nodeId}"}},
		},
	}
}
