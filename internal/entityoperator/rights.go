package entityoperator

import (
	"castellan.io/castellan/internal/kafka/template"
	"castellan.io/castellan/internal/plan"
)

// group is the API group of topics and users.
const group = "kafka.strimzi.io"

// topicRules are what the topic operator needs where its resources are.
func topicRules() []plan.Rule {
	return []plan.Rule{
		{Group: group, Resources: []string{"kafkatopics"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update", "delete"}},
		{Group: group, Resources: []string{"kafkatopics/status"}, Verbs: []string{"get", "patch", "update"}},
		{Group: group, Resources: []string{"kafkatopics/finalizers"}, Verbs: []string{"update"}},
	}
}

// userRules are what the user operator needs where its resources are.
func userRules() []plan.Rule {
	return []plan.Rule{
		{Group: group, Resources: []string{"kafkausers"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update"}},
		{Group: group, Resources: []string{"kafkausers/status"}, Verbs: []string{"get", "patch", "update"}},
		{Group: group, Resources: []string{"kafkausers/finalizers"}, Verbs: []string{"update"}},
		secretsRule(),
	}
}

// secretsRule lets the user operator keep Secrets.
func secretsRule() plan.Rule {
	return plan.Rule{Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch", "create", "delete", "patch", "update"}}
}

// roles are all rights in the cluster's namespace, as the API has them, where also the certificates of the operators are; and in
// others only those of the operators that watch them.
func (e *EntityOperator) roles() []plan.Role {
	home := e.role("", append(topicRules(), userRules()...))
	var elsewhere []plan.Role
	for i := range e.operators {
		o := &e.operators[i]
		home.Grants = append(home.Grants, e.grant(o))
		if o.watched != e.owner.Namespace {
			elsewhere = e.addRole(elsewhere, o)
		}
		for _, namespace := range o.copies {
			// At home it may do that, and more.
			if namespace != e.owner.Namespace {
				elsewhere = append(elsewhere, e.copiesRole(o, namespace))
			}
		}
	}
	return append([]plan.Role{home}, elsewhere...)
}

// addRole adds the rights of an operator to the role in the namespace that it watches.
func (e *EntityOperator) addRole(roles []plan.Role, o *operator) []plan.Role {
	for i := range roles {
		if roles[i].Namespace == o.watched {
			roles[i].Rules = append(roles[i].Rules, o.rules...)
			roles[i].Grants = append(roles[i].Grants, e.grant(o))
			return roles
		}
	}
	role := e.role(o.watched, o.rules)
	role.Grants = []plan.Grant{e.grant(o)}
	return append(roles, role)
}

// copiesRole lets an operator keep Secrets in a namespace. Clusters of one name in several namespaces may all have copies there, so its
// name ends with the cluster's: no name of a namespace has a dot.
func (e *EntityOperator) copiesRole(o *operator, namespace string) plan.Role {
	out := e.role(namespace, []plan.Rule{secretsRule()})
	out.Name = o.object(e.owner.Name, "secrets") + "." + e.owner.Namespace
	grant := e.grant(o)
	grant.Name = out.Name
	out.Grants = []plan.Grant{grant}
	return out
}

func (e *EntityOperator) role(namespace string, rules []plan.Rule) plan.Role {
	return plan.Role{Name: Component(e.owner.Name).Name, Namespace: namespace, Rules: rules, Template: template.Opaque(e.template.EntityOperatorRole)}
}

func (e *EntityOperator) grant(o *operator) plan.Grant {
	return plan.Grant{Name: o.object(e.owner.Name, "role"), Component: e.part(o), Template: template.Opaque(o.grant)}
}
