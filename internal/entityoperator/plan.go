package entityoperator

import (
	"cmp"
	"strconv"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/plan"
)

// mountAccount shows the operators the credentials of their account.
const mountAccount = "kube-api-access"

// Certificates are what a plan needs besides the entity operator.
type Certificates struct {
	// Secrets hold the certificates and keys of Identities.
	Secrets []plan.Secret
	// ClusterCACertGeneration and ClusterCAKeyGeneration count the certificates and keys of the cluster's authority.
	ClusterCACertGeneration, ClusterCAKeyGeneration int
	// Hash tells the certificates from others.
	Hash string
}

// Plan writes down what should exist. Of an entity operator that is withheld the certificates stay: it may be back any moment.
func (e *EntityOperator) Plan(certs Certificates) plan.Plan {
	out := plan.Plan{Owner: e.owner, Component: Component(e.owner.Name), Secrets: certs.Secrets}
	if len(e.operators) == 0 || e.Withheld != nil {
		return out
	}
	name := out.Component.Name
	out.Account = plan.Account{Name: name, Roles: e.roles(), Template: template.Opaque(e.template.ServiceAccount)}
	out.Workload = e.workload(certs)
	if e.settings.DisruptionBudgets {
		out.Disruption = e.disruption()
	}
	if e.settings.NetworkPolicies {
		out.Inbound = &plan.Inbound{Name: name}
		for i := range e.operators {
			out.Inbound.Rules = append(out.Inbound.Rules, plan.InboundRule{Port: e.operators[i].port, Anyone: true})
		}
	}
	return out
}

func (e *EntityOperator) disruption() *plan.Disruption {
	missing := int32(1)
	t := e.template.PodDisruptionBudget
	if t != nil && t.MaxUnavailable != nil {
		missing = *t.MaxUnavailable
	}
	return &plan.Disruption{Name: Component(e.owner.Name).Name, MaxMissing: &missing, Template: template.Opaque(t)}
}

func (e *EntityOperator) workload(certs Certificates) *plan.Workload {
	out := &plan.Workload{
		Name: Component(e.owner.Name).Name, Replicas: 1,
		// The API has these annotations on the pod, so that a new certificate restarts it. Here the operators read their
		// Secrets through the API and take new certificates over as they run, so the pod must not change with them.
		Facts: map[string]string{
			v1.AnnotationClusterCACertGeneration: strconv.Itoa(certs.ClusterCACertGeneration),
			v1.AnnotationClusterCAKeyGeneration:  strconv.Itoa(certs.ClusterCAKeyGeneration),
			v1.AnnotationServerCertHash:          certs.Hash,
		},
		Template: template.Opaque(e.template.Deployment), InstanceTemplate: template.Opaque(e.template.Pod),
	}
	for i := range e.operators {
		o := &e.operators[i]
		out.Processes = append(out.Processes, o.process())
		out.Files = append(out.Files, plan.FileSet{
			Name: o.object(e.owner.Name, "config"), Component: e.part(o), Files: map[string]string{loggingFile: o.logging},
		})
		out.Mounts = append(
			out.Mounts,
			plan.Mount{Name: o.temporary(), Path: "/tmp", Scratch: &plan.Scratch{SizeLimit: e.temporarySize(), Memory: true}},
			plan.Mount{Name: o.files(), Path: "/opt/" + o.name() + "/custom-config/", FileSet: o.object(e.owner.Name, "config")},
		)
	}
	out.Mounts = append(out.Mounts, plan.Mount{Name: mountAccount, Path: "/var/run/secrets/kubernetes.io/serviceaccount", Account: true})
	return out
}

// part names an operator as a part of the entity operator.
func (e *EntityOperator) part(o *operator) plan.Component {
	return plan.Component{Type: o.component(), Name: Component(e.owner.Name).Name}
}

func (e *EntityOperator) temporarySize() string {
	if e.template.Pod == nil {
		return "5Mi"
	}
	return cmp.Or(e.template.Pod.TmpDirSizeLimit, "5Mi")
}

// volumeNames are taken: users name their own volumes otherwise.
func (e *EntityOperator) volumeNames() []string {
	out := []string{mountAccount}
	for i := range e.operators {
		out = append(out, e.operators[i].temporary(), e.operators[i].files())
	}
	return out
}

func (o *operator) process() plan.Process {
	out := plan.Process{
		Name: o.name(), Image: o.image, Args: []string{o.name()}, Env: o.variables,
		Ports:     []plan.Port{{Name: "healthcheck-" + o.abbreviation, Number: o.port}},
		Resources: template.Requirements(o.spec.Resources),
		// It answers within a second. Readiness is asked at once, so that nobody waits for longer than it takes.
		Ready:    template.Check("/ready", o.port, o.spec.ReadinessProbe, plan.Check{InitialDelaySeconds: 1, TimeoutSeconds: 5, PeriodSeconds: 5}),
		Alive:    template.Check("/healthy", o.port, o.spec.LivenessProbe, plan.Check{InitialDelaySeconds: 10, TimeoutSeconds: 5}),
		Mounts:   []string{o.temporary(), o.files(), mountAccount},
		Template: template.Opaque(o.container),
	}
	if o.startup != nil {
		out.Startup = template.Check("/healthy", o.port, o.startupProbe, *o.startup)
	}
	return out
}
