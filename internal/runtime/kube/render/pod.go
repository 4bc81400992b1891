package render

import (
	"crypto/sha1" //nolint:gosec // names a revision in the compatible API's form, protects nothing
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// defaultGraceSeconds is how long a pod may take to stop when the user says nothing.
const defaultGraceSeconds = 30

// secretMode lets the process read its keys whatever user it runs as; nobody else shares the mount.
const secretMode = 0o444

func podSet(p *plan.Plan, g *plan.Group, s Settings) (client.Object, error) {
	n := groupNaming(p, g)
	template := groupTemplate(g)
	m := n.meta(g.Set, templateMetadata(template.PodSet))
	m.Annotations = nonEmpty(merged(m.Annotations, g.Facts))
	out := &podsetv1.StrimziPodSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: podsetv1.GroupVersion().String(), Kind: "StrimziPodSet"},
		ObjectMeta: m,
		Spec:       podsetv1.StrimziPodSetSpec{Selector: metav1.LabelSelector{MatchLabels: n.selector()}},
	}
	for i := range g.Instances {
		raw, err := encodedPod(pod(p, g, &g.Instances[i], s))
		if err != nil {
			return nil, fmt.Errorf("pod %s: %w", g.Instances[i].Name, err)
		}
		out.Spec.Pods = append(out.Spec.Pods, raw)
	}
	return out, nil
}

// encodedPod adds the revision annotations and encodes the pod without the fields that only a server fills.
func encodedPod(pod *corev1.Pod) (runtime.RawExtension, error) {
	if err := annotateRevision(pod); err != nil {
		return runtime.RawExtension{}, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return runtime.RawExtension{}, err
	}
	delete(content, "status")
	if m, ok := content["metadata"].(map[string]any); ok {
		delete(m, "creationTimestamp")
	}
	raw, err := json.Marshal(content)
	return runtime.RawExtension{Raw: raw}, err
}

// annotateRevision records what the pod is and what it may use: a pod whose annotations differ is outdated.
func annotateRevision(pod *corev1.Pod) error {
	bare := pod.DeepCopy()
	var resources []corev1.ResourceRequirements
	for i := range bare.Spec.Containers {
		resources = append(resources, bare.Spec.Containers[i].Resources)
		bare.Spec.Containers[i].Resources = corev1.ResourceRequirements{}
	}
	shape, err := shortHash(bare)
	if err != nil {
		return err
	}
	sizes, err := shortHash(resources)
	if err != nil {
		return err
	}
	pod.Annotations = merged(pod.Annotations, map[string]string{
		v1.AnnotationRevision: shape, v1.AnnotationResourceRevision: sizes,
	})
	return nil
}

func shortHash(value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	sum := sha1.Sum(raw) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])[:8], nil
}

func pod(p *plan.Plan, g *plan.Group, in *plan.Instance, s Settings) *corev1.Pod {
	n := groupNaming(p, g)
	template := groupTemplate(g)
	m := n.meta(in.Name, templateMetadata(template.Pod.Metadata))
	m.OwnerReferences = nil
	maps.Copy(m.Labels, s.PodLabels[p.Component.Type])
	maps.Copy(m.Labels, instanceLabels(g, in))
	m.Annotations = nonEmpty(merged(m.Annotations, in.Facts))
	out := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: m,
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyAlways,
			Hostname:                      in.Name,
			Subdomain:                     in.Domain,
			ServiceAccountName:            p.Account.Name,
			AutomountServiceAccountToken:  ptr(false),
			SchedulerName:                 corev1.DefaultSchedulerName,
			TerminationGracePeriodSeconds: ptr(int64(defaultGraceSeconds)),
			SecurityContext:               podSecurity(in, s),
		},
	}
	for _, name := range s.PullSecrets {
		out.Spec.ImagePullSecrets = append(out.Spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	for i := range in.Mounts {
		out.Spec.Volumes = append(out.Spec.Volumes, volume(in, &in.Mounts[i]))
	}
	for i := range in.Prepare {
		out.Spec.InitContainers = append(out.Spec.InitContainers, container(in, &in.Prepare[i], s))
	}
	out.Spec.Containers = []corev1.Container{container(in, &in.Main, s)}
	applyPodTemplate(out, in, &template.Pod)
	requireMachineLabel(&out.Spec, in.Spread)
	return out
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
// Under the restricted profile that is the administrator's business.
func podSecurity(in *plan.Instance, s Settings) *corev1.PodSecurityContext {
	if s.Restricted {
		return nil
	}
	for i := range in.Mounts {
		if in.Mounts[i].Volume != nil {
			return &corev1.PodSecurityContext{FSGroup: ptr(int64(0))}
		}
	}
	return nil
}

func volume(in *plan.Instance, m *plan.Mount) corev1.Volume {
	out := corev1.Volume{Name: m.Name}
	switch {
	case m.Volume != nil:
		out.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: m.Volume.Name}
	case m.Secret != "":
		out.Secret = &corev1.SecretVolumeSource{SecretName: m.Secret, DefaultMode: ptr(int32(secretMode))}
	case m.Files:
		out.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: in.Name}}
	case m.Account:
		out.Projected = accountProjection()
	case m.Scratch != nil:
		out.EmptyDir = &corev1.EmptyDirVolumeSource{}
		if m.Scratch.Memory {
			out.EmptyDir.Medium = corev1.StorageMediumMemory
		}
		if m.Scratch.SizeLimit != "" {
			out.EmptyDir.SizeLimit = ptr(resource.MustParse(m.Scratch.SizeLimit))
		}
	}
	return out
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

func container(in *plan.Instance, p *plan.Process, s Settings) corev1.Container {
	out := corev1.Container{
		Name:            p.Name,
		Image:           p.Image,
		ImagePullPolicy: pullPolicy(p.Image, s),
		Command:         p.Command,
		Resources:       resources(p.Resources),
		ReadinessProbe:  probe(p.Ready),
		LivenessProbe:   probe(p.Alive),
		SecurityContext: containerSecurity(s),
	}
	for _, port := range p.Ports {
		out.Ports = append(out.Ports, corev1.ContainerPort{Name: port.Name, ContainerPort: port.Number, Protocol: corev1.ProtocolTCP})
	}
	for i := range p.Env {
		out.Env = append(out.Env, envVar(&p.Env[i]))
	}
	for _, name := range p.Mounts {
		out.VolumeMounts = append(out.VolumeMounts, mount(in, name))
	}
	applyContainerTemplate(&out, p.Template)
	return out
}

func mount(in *plan.Instance, name string) corev1.VolumeMount {
	for i := range in.Mounts {
		m := &in.Mounts[i]
		if m.Name == name {
			return corev1.VolumeMount{Name: name, MountPath: m.Path, ReadOnly: m.Secret != "" || m.Files || m.Account}
		}
	}
	return corev1.VolumeMount{Name: name}
}

func envVar(e *plan.Env) corev1.EnvVar {
	out := corev1.EnvVar{Name: e.Name, Value: e.Value}
	if e.SecretName != "" {
		out.ValueFrom = &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: e.SecretName}, Key: e.SecretKey,
		}}
	}
	if e.Machine {
		out.ValueFrom = &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "spec.nodeName"}}
	}
	return out
}

func pullPolicy(image string, s Settings) corev1.PullPolicy {
	if s.PullPolicy != "" {
		return s.PullPolicy
	}
	if strings.HasSuffix(image, ":latest") {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

// containerSecurity leaves a container nothing that Kafka does not need. The baseline profile leaves the user free.
func containerSecurity(s Settings) *corev1.SecurityContext {
	if !s.Restricted {
		return nil
	}
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false),
		RunAsNonRoot:             ptr(true),
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

func resources(r plan.Resources) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: quantities(r.Requests), Limits: quantities(r.Limits)}
}

func quantities(in map[string]string) corev1.ResourceList {
	if len(in) == 0 {
		return nil
	}
	out := corev1.ResourceList{}
	for name, value := range in {
		out[corev1.ResourceName(name)] = resource.MustParse(value)
	}
	return out
}

func probe(c *plan.Check) *corev1.Probe {
	if c == nil {
		return nil
	}
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: c.Path, Port: intstr.FromInt32(c.Port), Scheme: corev1.URISchemeHTTP,
		}},
		InitialDelaySeconds: c.InitialDelaySeconds,
		PeriodSeconds:       c.PeriodSeconds,
		TimeoutSeconds:      c.TimeoutSeconds,
		FailureThreshold:    c.FailureThreshold,
		SuccessThreshold:    c.SuccessThreshold,
	}
}

func claims(p *plan.Plan, g *plan.Group) ([]client.Object, error) {
	n := groupNaming(p, g)
	template := groupTemplate(g)
	var out []client.Object
	for i := range g.Instances {
		for j := range g.Instances[i].Mounts {
			v := g.Instances[i].Mounts[j].Volume
			if v == nil {
				continue
			}
			c, err := claim(n, v, templateMetadata(template.PersistentVolumeClaim))
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func claim(n naming, v *plan.Volume, template metadata) (client.Object, error) {
	size, err := resource.ParseQuantity(v.Size)
	if err != nil {
		return nil, fmt.Errorf("size %q of volume %s: %w", v.Size, v.Name, err)
	}
	m := n.meta(v.Name, template)
	m.Annotations = merged(m.Annotations, map[string]string{v1.AnnotationDeleteClaim: fmt.Sprint(v.DeleteWhenUnused)})
	if !v.DeleteWhenUnused {
		m.OwnerReferences = nil
	}
	mode := corev1.PersistentVolumeFilesystem
	out := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: m,
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			VolumeMode:  &mode,
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
	if v.Class != "" {
		out.Spec.StorageClassName = &v.Class
	}
	if v.AttributesClass != "" {
		out.Spec.VolumeAttributesClassName = &v.AttributesClass
	}
	if len(v.Selector) > 0 {
		out.Spec.Selector = &metav1.LabelSelector{MatchLabels: v.Selector}
	}
	return out, nil
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
