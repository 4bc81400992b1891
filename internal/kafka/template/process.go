package template

import (
	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// Defaults of a check that the user describes in part, in seconds.
const (
	probeDelay   = 15
	probeTimeout = 5
)

// Check asks a process at the port as the user wants, or else as defaults say.
func Check(path string, port int32, wanted *v1.Probe, defaults plan.Check) *plan.Check {
	question := defaults
	if wanted != nil {
		question = plan.Check{
			InitialDelaySeconds: value(wanted.InitialDelaySeconds, probeDelay), TimeoutSeconds: value(wanted.TimeoutSeconds, probeTimeout),
			PeriodSeconds: value(wanted.PeriodSeconds, 0), FailureThreshold: value(wanted.FailureThreshold, 0), SuccessThreshold: value(wanted.SuccessThreshold, 0),
		}
	}
	question.Path, question.Port = path, port
	return &question
}

func value(wanted *int32, otherwise int32) int32 {
	if wanted == nil {
		return otherwise
	}
	return *wanted
}

// Requirements are what the user asks for and allows, in a plan's words.
func Requirements(r *corev1.ResourceRequirements) plan.Resources {
	if r == nil {
		return plan.Resources{}
	}
	return plan.Resources{Requests: quantities(r.Requests), Limits: quantities(r.Limits)}
}

func quantities(list corev1.ResourceList) map[string]string {
	texts := make(map[string]string, len(list))
	for name, quantity := range list {
		texts[string(name)] = quantity.String()
	}
	return texts
}

// Opaque makes a template that nobody set nil to those who do not know its type.
func Opaque[T any](t *T) any {
	if t == nil {
		return nil
	}
	return t
}
