package render

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// kindClusterOperator is the value of the kind label on the operator's own pods.
const kindClusterOperator = "cluster-operator"

// maxLabelValue is the longest value that Kubernetes accepts for a label.
const maxLabelValue = 63

// naming is what every object of one plan has in common.
type naming struct {
	plan      *plan.Plan
	component plan.Component
	owner     plan.Owner
	pool      string
}

func clusterNaming(p *plan.Plan) naming {
	return naming{plan: p, component: p.Component, owner: p.Owner}
}

func groupNaming(p *plan.Plan, g *plan.Group) naming {
	return naming{plan: p, component: p.Component, owner: g.Owner, pool: g.Name}
}

// labels are the owner's, on top of them those given, and on top of all those of the compatible API: nobody may take
// an object out of the inventory, or out of a selector, by a label of the same name.
func (n naming) labels(users map[string]string) map[string]string {
	out := merged(merged(n.owner.Labels, users), n.selector())
	cluster := n.plan.Owner.Name
	out[v1.LabelComponentType] = n.component.Type
	out[v1.LabelAppName] = n.component.Type
	out[v1.LabelAppInstance] = LabelValue(cluster)
	out[v1.LabelAppPartOf] = LabelValue("strimzi-" + cluster)
	out[v1.LabelAppManagedBy] = v1.ManagedByClusterOperator
	return out
}

// selector is the part of the labels that selects the instances.
func (n naming) selector() map[string]string {
	out := map[string]string{
		v1.LabelCluster: n.plan.Owner.Name,
		v1.LabelKind:    n.plan.Owner.Kind,
		v1.LabelName:    n.component.Name,
	}
	if n.pool != "" {
		out[v1.LabelPoolName] = n.pool
	}
	return out
}

// LabelValue is what of a text can be the value of a label.
func LabelValue(value string) string {
	if len(value) > maxLabelValue {
		value = value[:maxLabelValue]
	}
	return strings.TrimRight(value, ".-_")
}

// ownerReferences make Kubernetes collect an object together with its owner.
func ownerReferences(o plan.Owner, controller bool) []metav1.OwnerReference {
	if o.UID == "" {
		return nil
	}
	block := true
	return []metav1.OwnerReference{{
		APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: uid(o.UID),
		Controller: &controller, BlockOwnerDeletion: &block,
	}}
}

// meta is the metadata of an object that the plan's cluster or one of its groups owns.
func (n naming) meta(name string, template metadata) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:            name,
		Namespace:       n.plan.Owner.Namespace,
		Labels:          n.labels(template.labels),
		Annotations:     nonEmpty(template.annotations),
		OwnerReferences: ownerReferences(n.owner, false),
	}
}

// of is the naming of an object that belongs to a part of the plan's component, if it names one.
func (n naming) of(c plan.Component) naming {
	if c.Type != "" {
		n.component = c
	}
	return n
}

func nonEmpty(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}
