package render

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// defaultGraceSeconds is how long a pod may take to stop when the user says nothing.
const defaultGraceSeconds = 30

// secretMode lets the process read its keys whatever user it runs as; nobody else shares the mount.
const secretMode = 0o444

func pod(p *plan.Plan, g *plan.Group, in *plan.Instance, s Settings) (*corev1.Pod, error) {
	template := groupTemplate(g)
	spec, err := podSpec(p, in.Name, in.Mounts, s)
	if err != nil {
		return nil, err
	}
	spec.Hostname, spec.Subdomain = in.Name, in.Domain
	if err := addContainers(&spec, in, s); err != nil {
		return nil, err
	}
	if err := applyPodTemplate(&spec, &template.Pod.PodTemplate); err != nil {
		return nil, err
	}
	for i := range template.Pod.TemplatedVolumes {
		spec.Volumes = append(spec.Volumes, templatedVolume(in, &template.Pod.TemplatedVolumes[i]))
	}
	requireMachineLabel(&spec, in.Spread)
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: podMeta(p, g, in, s),
		Spec:       spec,
	}, nil
}

// podSpec is what all pods have in common. Files are those of an instance, if there are any.
func podSpec(p *plan.Plan, files string, mounts []plan.Mount, s Settings) (corev1.PodSpec, error) {
	out := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyAlways,
		ServiceAccountName:            p.Account.Name,
		AutomountServiceAccountToken:  ptr(false),
		SchedulerName:                 corev1.DefaultSchedulerName,
		TerminationGracePeriodSeconds: ptr(int64(defaultGraceSeconds)),
		SecurityContext:               podSecurity(mounts),
	}
	for _, name := range s.PullSecrets {
		out.ImagePullSecrets = append(out.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	for i := range mounts {
		v, err := volume(files, &mounts[i])
		if err != nil {
			return out, err
		}
		out.Volumes = append(out.Volumes, v)
	}
	return out, nil
}

func addContainers(spec *corev1.PodSpec, in *plan.Instance, s Settings) error {
	for i := range in.Prepare {
		c, err := container(in.Mounts, &in.Prepare[i], s)
		if err != nil {
			return err
		}
		spec.InitContainers = append(spec.InitContainers, c)
	}
	main, err := container(in.Mounts, &in.Main, s)
	spec.Containers = []corev1.Container{main}
	return err
}

// podMeta is a pod's metadata; the owner reference to its set comes when the set makes it.
func podMeta(p *plan.Plan, g *plan.Group, in *plan.Instance, s Settings) metav1.ObjectMeta {
	template := templateMetadata(groupTemplate(g).Pod.Metadata)
	m := groupNaming(p, g).meta(in.Name, template.with(s.PodLabels[p.Component.Type], in.Facts))
	m.OwnerReferences = nil
	maps.Copy(m.Labels, instanceLabels(g, in))
	return m
}

func instanceLabels(g *plan.Group, in *plan.Instance) map[string]string {
	out := map[string]string{
		v1.LabelPodName:        in.Name,
		v1.LabelController:     v1.ControllerPodSet,
		v1.LabelControllerName: g.Set,
	}
	for role, has := range in.Roles {
		out[roleLabel(role)] = fmt.Sprint(has)
	}
	return out
}

func roleLabel(role string) string { return v1.Domain + role + "-role" }

// podSecurity gives the pod's group write access to durable volumes, which are root's when they are new.
func podSecurity(mounts []plan.Mount) *corev1.PodSecurityContext {
	for i := range mounts {
		if mounts[i].Volume != nil {
			return &corev1.PodSecurityContext{FSGroup: ptr(int64(0))}
		}
	}
	return nil
}

func volume(files string, m *plan.Mount) (corev1.Volume, error) {
	var err error
	if m.FileSet != "" {
		files = m.FileSet
	}
	out := corev1.Volume{Name: m.Name}
	switch {
	case m.Volume != nil:
		out.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: m.Volume.Name}
	case m.Secret != "":
		out.Secret = &corev1.SecretVolumeSource{SecretName: m.Secret, DefaultMode: ptr(int32(secretMode))}
	case m.Files, m.FileSet != "":
		out.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: files}}
	case m.Account:
		out.Projected = accountProjection()
	case m.Scratch != nil:
		medium := corev1.StorageMediumDefault
		if m.Scratch.Memory {
			medium = corev1.StorageMediumMemory
		}
		out.EmptyDir, err = emptyDir(m.Name, medium, m.Scratch.SizeLimit)
	}
	return out, err
}

func emptyDir(name string, medium corev1.StorageMedium, limit string) (*corev1.EmptyDirVolumeSource, error) {
	out := &corev1.EmptyDirVolumeSource{Medium: medium}
	if limit == "" {
		return out, nil
	}
	size, err := resource.ParseQuantity(limit)
	if err != nil {
		return nil, fmt.Errorf("size limit %q of volume %s: %w", limit, name, err)
	}
	out.SizeLimit = &size
	return out, nil
}

// accountProjection is what Kubernetes itself would mount, but only where the plan asks for it.
func accountProjection() *corev1.ProjectedVolumeSource {
	return &corev1.ProjectedVolumeSource{
		DefaultMode: ptr(int32(0o644)),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr(int64(3600))}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"},
				Items:                []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"},
			}}}},
		},
	}
}

// requireMachineLabel keeps pods off machines without the label that names their rack: on those they could not start.
func requireMachineLabel(spec *corev1.PodSpec, key string) {
	if key == "" {
		return
	}
	exists := corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpExists}
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	na := spec.Affinity.NodeAffinity
	if na.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		na.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{}
	}
	required := na.RequiredDuringSchedulingIgnoredDuringExecution
	if len(required.NodeSelectorTerms) == 0 {
		required.NodeSelectorTerms = []corev1.NodeSelectorTerm{{}}
	}
	for i := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[i]
		term.MatchExpressions = append(term.MatchExpressions, exists)
	}
}

func ptr[T any](v T) *T { return &v }
