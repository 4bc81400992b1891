package render

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"castellan.io/castellan/internal/plan"
)

func container(mounts []plan.Mount, p *plan.Process, s Settings) (corev1.Container, error) {
	sizes, err := resources(p.Resources)
	if err != nil {
		return corev1.Container{}, fmt.Errorf("container %s: %w", p.Name, err)
	}
	out := corev1.Container{
		Name:            p.Name,
		Image:           p.Image,
		ImagePullPolicy: pullPolicy(p.Image, s),
		Command:         p.Command,
		Args:            p.Args,
		Resources:       sizes,
		StartupProbe:    probe(p.Startup),
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
		out.VolumeMounts = append(out.VolumeMounts, mount(mounts, name))
	}
	applyContainerTemplate(&out, p.Template)
	return out, nil
}

func mount(mounts []plan.Mount, name string) corev1.VolumeMount {
	for i := range mounts {
		m := &mounts[i]
		if m.Name == name {
			return corev1.VolumeMount{Name: name, MountPath: m.Path, ReadOnly: m.Secret != "" || m.Files || m.FileSet != "" || m.Account}
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

func resources(r plan.Resources) (corev1.ResourceRequirements, error) {
	requests, err := quantities(r.Requests)
	if err != nil {
		return corev1.ResourceRequirements{}, err
	}
	limits, err := quantities(r.Limits)
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}, err
}

func quantities(in map[string]string) (corev1.ResourceList, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := corev1.ResourceList{}
	for name, value := range in {
		quantity, err := resource.ParseQuantity(value)
		if err != nil {
			return nil, fmt.Errorf("%s of %q: %w", name, value, err)
		}
		out[corev1.ResourceName(name)] = quantity
	}
	return out, nil
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
