package render

import (
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// metadata is what a user adds to the metadata of an object.
type metadata struct {
	labels, annotations map[string]string
}

// with adds what takes precedence.
func (m metadata) with(labels, annotations map[string]string) metadata {
	return metadata{labels: merged(m.labels, labels), annotations: merged(m.annotations, annotations)}
}

// kubernetesLabels are the prefix of labels that describe the application; the operator's own win.
const kubernetesLabels = "app.kubernetes.io/"

func userMetadata(m *v1.MetadataTemplate) metadata {
	if m == nil {
		return metadata{}
	}
	return metadata{labels: withoutReserved(m.Labels), annotations: withoutReserved(m.Annotations)}
}

func withoutReserved(in map[string]string) map[string]string {
	out := maps.Clone(in)
	maps.DeleteFunc(out, func(key, _ string) bool { return strings.HasPrefix(key, kubernetesLabels) })
	return out
}

func templateMetadata[T *v1.ResourceTemplate | *v1.MetadataTemplate](t T) metadata {
	switch t := any(t).(type) {
	case *v1.ResourceTemplate:
		if t != nil {
			return userMetadata(t.Metadata)
		}
	case *v1.MetadataTemplate:
		return userMetadata(t)
	}
	return metadata{}
}

func resourceMetadata(template any) metadata {
	t, _ := template.(*v1.ResourceTemplate)
	return templateMetadata(t)
}

func disruptionMetadata(template any) metadata {
	if t, _ := template.(*v1.PodDisruptionBudgetTemplate); t != nil {
		return userMetadata(t.Metadata)
	}
	return metadata{}
}

func serviceMetadata(template any) metadata {
	switch t := template.(type) {
	case *v1.ServiceTemplate:
		if t != nil {
			return userMetadata(t.Metadata)
		}
	case *v1.ResourceTemplate:
		return templateMetadata(t)
	}
	return metadata{}
}

func networkPeers(template any) []networkingv1.NetworkPolicyPeer {
	peers, _ := template.([]networkingv1.NetworkPolicyPeer)
	return peers
}

// podTemplates are the user's wishes for a group's objects; members nobody set are empty.
type podTemplates struct {
	PodSet *v1.ResourceTemplate
	Pod    v1.PodSetPodTemplate
}

func groupTemplate(g *plan.Group) podTemplates {
	t, _ := g.Template.(*v1.KafkaNodePoolTemplate)
	if t == nil {
		return podTemplates{}
	}
	out := podTemplates{PodSet: t.PodSet}
	if t.Pod != nil {
		out.Pod = *t.Pod
	}
	return out
}

// workloadTemplates are the user's wishes for a workload and its pods.
func workloadTemplates(w *plan.Workload) (metadata, v1.PodTemplate) {
	var own metadata
	if t, _ := w.Template.(*v1.DeploymentTemplate); t != nil {
		own = userMetadata(t.Metadata)
	}
	if t, _ := w.InstanceTemplate.(*v1.PodTemplate); t != nil {
		return own, *t
	}
	return own, v1.PodTemplate{}
}

func applyPodTemplate(spec *corev1.PodSpec, t *v1.PodTemplate) error {
	if t.ImagePullSecrets != nil {
		spec.ImagePullSecrets = t.ImagePullSecrets
	}
	if t.SecurityContext != nil {
		spec.SecurityContext = t.SecurityContext
	}
	if t.TerminationGracePeriodSeconds != nil {
		spec.TerminationGracePeriodSeconds = t.TerminationGracePeriodSeconds
	}
	if t.SchedulerName != "" {
		spec.SchedulerName = t.SchedulerName
	}
	spec.Affinity = t.Affinity.DeepCopy()
	spec.Tolerations = t.Tolerations
	spec.TopologySpreadConstraints = t.TopologySpreadConstraints
	spec.PriorityClassName = t.PriorityClassName
	spec.HostAliases = t.HostAliases
	spec.DNSPolicy = t.DNSPolicy
	spec.DNSConfig = t.DNSConfig
	spec.EnableServiceLinks = t.EnableServiceLinks
	spec.HostUsers = t.HostUsers
	for i := range t.Volumes {
		v, err := additionalVolume(&t.Volumes[i])
		if err != nil {
			return err
		}
		spec.Volumes = append(spec.Volumes, v)
	}
	return nil
}

func additionalVolume(v *v1.AdditionalVolume) (corev1.Volume, error) {
	out := corev1.Volume{Name: v.Name, VolumeSource: corev1.VolumeSource{
		ConfigMap: v.ConfigMap, Secret: v.Secret, PersistentVolumeClaim: v.PersistentVolumeClaim, CSI: v.CSI, Image: v.Image,
	}}
	if v.EmptyDir == nil {
		return out, nil
	}
	var err error
	out.EmptyDir, err = emptyDir(v.Name, v.EmptyDir.Medium, v.EmptyDir.SizeLimit)
	return out, err
}

// templatedVolume fills in the instance's id and name.
func templatedVolume(in *plan.Instance, v *v1.TemplatedVolume) corev1.Volume {
	fill := strings.NewReplacer("{nodeId}", strconv.Itoa(int(in.ID)), "{nodePodName}", in.Name).Replace
	out := corev1.Volume{Name: v.Name}
	switch {
	case v.ConfigMap != nil:
		out.ConfigMap = v.ConfigMap.DeepCopy()
		out.ConfigMap.Name = fill(out.ConfigMap.Name)
		fillItems(out.ConfigMap.Items, fill)
	case v.Secret != nil:
		out.Secret = v.Secret.DeepCopy()
		out.Secret.SecretName = fill(out.Secret.SecretName)
		fillItems(out.Secret.Items, fill)
	case v.PersistentVolumeClaim != nil:
		out.PersistentVolumeClaim = v.PersistentVolumeClaim.DeepCopy()
		out.PersistentVolumeClaim.ClaimName = fill(out.PersistentVolumeClaim.ClaimName)
	}
	return out
}

func fillItems(items []corev1.KeyToPath, fill func(string) string) {
	for i := range items {
		items[i].Key, items[i].Path = fill(items[i].Key), fill(items[i].Path)
	}
}

// applyContainerTemplate adds the user's wishes; variables that the plan sets win.
func applyContainerTemplate(c *corev1.Container, template any) {
	t, _ := template.(*v1.ContainerTemplate)
	if t == nil {
		return
	}
	set := map[string]bool{}
	for i := range c.Env {
		set[c.Env[i].Name] = true
	}
	for i := range t.Env {
		if !set[t.Env[i].Name] {
			c.Env = append(c.Env, t.Env[i])
		}
	}
	c.VolumeMounts = append(c.VolumeMounts, t.VolumeMounts...)
	if t.SecurityContext != nil {
		c.SecurityContext = t.SecurityContext
	}
}
