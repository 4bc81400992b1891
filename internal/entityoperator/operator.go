package entityoperator

import (
	"fmt"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// operator is one operator of the pod: what sets it apart from others, and what was decided about it.
type operator struct {
	// word is in the names of all that belongs to it, abbreviation in those of its port and its temporary directory.
	word, abbreviation string
	// port answers questions about its health.
	port int32
	// usualImage is used where the resource names none.
	usualImage func(Settings) string
	// rules are what it needs in the namespace that it watches.
	rules []plan.Rule
	// spec is what the resource says about it.
	spec *v1.EntityOperatorContainer
	// startup is how it is asked whether it has started, nil if it is not, and startupProbe what the resource says about that.
	startup      *plan.Check
	startupProbe *v1.Probe
	// env are the variables that no other operator has.
	env func(o *operator, in Input) ([]plan.Env, []string)
	// container and grant are the user's additions to its container and to what gives it its rights.
	container *v1.ContainerTemplate
	grant     *v1.ResourceTemplate

	// watched is its namespace, level that of its log, and logging the text of its configuration.
	image, watched, level, logging string
	variables                      []plan.Env
	// copies are the namespaces in which it may keep copies of Secrets, and refused says why not in those that the resource names.
	copies  []string
	refused error
}

// wanted are the operators that a resource asks for, in the order of their containers.
func wanted(k *v1.Kafka) []operator {
	spec := k.Spec.EntityOperator
	if spec == nil {
		return nil
	}
	templates := v1.EntityOperatorTemplate{}
	if spec.Template != nil {
		templates = *spec.Template
	}
	var out []operator
	if topics := spec.TopicOperator; topics != nil {
		out = append(out, operator{
			word: "topic", abbreviation: "to", port: 8080, rules: topicRules(), env: topicEnv,
			usualImage: func(s Settings) string { return s.TopicOperatorImage },
			spec:       &topics.EntityOperatorContainer, startup: topicStartup(), startupProbe: topics.StartupProbe,
			container: templates.TopicOperatorContainer, grant: templates.TopicOperatorRoleBinding,
		})
	}
	if users := spec.UserOperator; users != nil {
		out = append(out, operator{
			word: "user", abbreviation: "uo", port: 8081, rules: userRules(), env: userEnv,
			usualImage: func(s Settings) string { return s.UserOperatorImage },
			spec:       &users.EntityOperatorContainer,
			container:  templates.UserOperatorContainer, grant: templates.UserOperatorRoleBinding,
		})
	}
	return out
}

// topicStartup asks at once, with the API's patience of two minutes. The API itself waits for 15 seconds before it asks first, and
// readiness is not asked for before that is answered.
func topicStartup() *plan.Check {
	return &plan.Check{InitialDelaySeconds: 1, TimeoutSeconds: 5, PeriodSeconds: 2, FailureThreshold: 60}
}

// name is that of its process, and the argument of the program that makes it this operator.
func (o *operator) name() string { return o.word + "-operator" }

// component is the sort of component that its own objects belong to.
func (o *operator) component() string { return "entity-" + o.name() }

func (o *operator) path() string { return "spec.entityOperator." + o.word + "Operator" }

// object names an object of the operator of a cluster.
func (o *operator) object(cluster, suffix string) string {
	return fmt.Sprintf("%s-%s-%s", cluster, o.component(), suffix)
}

func (o *operator) files() string     { return o.component() + "-metrics-and-logging" }
func (o *operator) temporary() string { return "strimzi-" + o.abbreviation + "-tmp" }

// Component names the entity operator of a cluster as a part of it.
func Component(cluster string) plan.Component {
	return plan.Component{Type: v1.ComponentEntityOperator, Name: cluster + "-entity-operator"}
}

// IdentityEntry begins the names of certificate and key in the Secret of an Identity.
const IdentityEntry = "entity-operator"

// Identity is how an operator of the pod proves to Kafka who it is.
type Identity struct {
	// Name tells the identities of a cluster apart; CommonName is its certificate's.
	Name, CommonName string
	// Secret that holds the certificate and its key, and the Component that it belongs to.
	Secret    string
	Component plan.Component
}

// Identities are those of the operators that a resource asks for. They depend on names alone: what is wrong with the rest of the
// resource does not keep the certificates of operators that run from being renewed.
func Identities(k *v1.Kafka) []Identity {
	var out []Identity
	for _, o := range wanted(k) {
		out = append(out, Identity{
			Name: o.component(), CommonName: k.Name + "-" + o.component(), Secret: o.object(k.Name, "certs"),
			Component: plan.Component{Type: o.component(), Name: Component(k.Name).Name},
		})
	}
	return out
}
