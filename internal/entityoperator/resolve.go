package entityoperator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// elsewhereVariable lets entity operators watch other namespaces.
const elsewhereVariable = "STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED"

// Input is everything that a resolution depends on.
type Input struct {
	// Kafka is the cluster's resource, Owner the same as the owner of what is made for it.
	Kafka *v1.Kafka
	Owner plan.Owner
	// ClientsCA is how long certificates of the clients CA live, and with that the certificates of users.
	ClientsCA pki.Lifetime
	// Settings of the cluster operator.
	Settings Settings
	// ConfigMaps that References names, by name; those that do not exist are absent.
	ConfigMaps map[string]map[string]string
}

// Settings come from the cluster operator's configuration.
type Settings struct {
	// TopicOperatorImage and UserOperatorImage are used where the resource names none.
	TopicOperatorImage, UserOperatorImage string
	// Elsewhere lets operators have rights in other namespaces than that of their cluster.
	Elsewhere bool
	// KeyStores adds PKCS#12 stores to Secrets of users.
	KeyStores bool
	// FeatureGates are given to the operators; empty for the defaults.
	FeatureGates string
	// NetworkPolicies and DisruptionBudgets tell whether plans contain them.
	NetworkPolicies, DisruptionBudgets bool
}

// EntityOperator is an entity operator in which everything is decided. One without operators is to be removed.
type EntityOperator struct {
	// Withheld says why nothing runs although the resource asks for it, and Refused what is left out of what runs: each is an
	// outcome.Invalid, or nil.
	Withheld, Refused error

	owner     plan.Owner
	settings  Settings
	operators []operator
	template  v1.EntityOperatorTemplate
}

// References names the ConfigMaps that the caller must read for Input.
func References(k *v1.Kafka) []string {
	var out []string
	for _, o := range wanted(k) {
		if ref := loggingReference(o.spec.Logging); ref != nil && ref.Name != "" {
			out = append(out, ref.Name)
		}
	}
	return out
}

// Resolve checks what a resource says about its entity operator. The error is an outcome.Invalid: a person must change something,
// and what runs goes on until then.
func Resolve(in Input) (*EntityOperator, error) {
	out := &EntityOperator{owner: in.Owner, settings: in.Settings, operators: wanted(in.Kafka)}
	if len(out.operators) == 0 {
		return out, nil
	}
	if t := in.Kafka.Spec.EntityOperator.Template; t != nil {
		out.template = *t
	}
	out.Withheld = withheld(in, out.operators)
	problems := out.checkTemplate()
	for i := range out.operators {
		o := &out.operators[i]
		o.watched = cmp.Or(o.spec.WatchedNamespace, in.Kafka.Namespace)
		o.image = cmp.Or(o.spec.Image, o.usualImage(in.Settings))
		problems = append(problems, template.Resources(o.path()+".resources", o.spec.Resources)...)
		if interval := o.spec.ReconciliationIntervalMs; interval != nil && *interval < 1 {
			problems = append(problems, fmt.Sprintf("%s.reconciliationIntervalMs: is %d; it must be at least 1", o.path(), *interval))
		}
		problems = append(problems, o.resolveLogging(in.ConfigMaps, in.Kafka.Namespace)...)
		problems = append(problems, o.resolveEnv(in)...)
		out.Refused = cmp.Or(out.Refused, o.refused)
	}
	if problems = unique(problems); len(problems) > 0 {
		return nil, outcome.Invalid(v1.ReasonInvalidResource, errors.New(strings.Join(problems, "; ")))
	}
	return out, nil
}

// unique leaves out what is said again, as it is of an annotation that is for both operators.
func unique(problems []string) []string {
	var out []string
	for _, p := range problems {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// withheld refuses to watch other namespaces where that was not allowed.
func withheld(in Input, operators []operator) error {
	for _, o := range operators {
		watched := o.spec.WatchedNamespace
		if watched == "" || watched == in.Kafka.Namespace || in.Settings.Elsewhere {
			continue
		}
		return outcome.Invalid(v1.ReasonInvalidConfiguration, fmt.Errorf(
			"%s.watchedNamespace: is %s, and the cluster operator lets entity operators watch no namespace but that of their cluster: set %s to true on the cluster operator, or remove the field",
			o.path(), watched, elsewhereVariable))
	}
	return nil
}

func (e *EntityOperator) checkTemplate() []string {
	const at = "spec.entityOperator.template."
	t := e.template
	var problems []string
	if t.Deployment != nil {
		problems = append(problems, template.Merged(at+"deployment", t.Deployment.Metadata)...)
	}
	if t.Pod != nil {
		problems = append(problems, template.Pod(at+"pod", &v1.PodSetPodTemplate{PodTemplate: *t.Pod}, e.volumeNames())...)
	}
	if t.PodDisruptionBudget != nil {
		problems = append(problems, template.Direct(at+"podDisruptionBudget", t.PodDisruptionBudget.Metadata)...)
	}
	problems = append(problems, template.Container(at+"topicOperatorContainer", t.TopicOperatorContainer)...)
	problems = append(problems, template.Container(at+"userOperatorContainer", t.UserOperatorContainer)...)
	for _, resource := range []struct {
		name     string
		template *v1.ResourceTemplate
	}{
		{"serviceAccount", t.ServiceAccount},
		{"entityOperatorRole", t.EntityOperatorRole},
		{"topicOperatorRoleBinding", t.TopicOperatorRoleBinding},
		{"userOperatorRoleBinding", t.UserOperatorRoleBinding},
	} {
		if resource.template != nil {
			problems = append(problems, template.Direct(at+resource.name, resource.template.Metadata)...)
		}
	}
	return problems
}
