package render

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// rights renders a role and what binds it to the plan's account. The role comes first: nobody can bind one that does not exist.
func rights(p *plan.Plan, r *plan.Role) []client.Object {
	n := clusterNaming(p)
	role := &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: rightsMeta(n, r.Namespace, n.meta(r.Name, resourceMetadata(r.Template))),
	}
	for _, rule := range r.Rules {
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{rule.Group}, Resources: rule.Resources, Verbs: rule.Verbs})
	}
	out := []client.Object{role}
	for _, g := range r.Grants {
		out = append(out, &rbacv1.RoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
			ObjectMeta: rightsMeta(n, r.Namespace, n.of(g.Component).meta(g.Name, resourceMetadata(g.Template))),
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: p.Account.Name, Namespace: p.Owner.Namespace}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: r.Name},
		})
	}
	return out
}

// rightsMeta moves metadata into another namespace. No owner can own across namespaces, so an annotation names the owner's: by it
// the operator finds what it has to take away itself.
func rightsMeta(n naming, namespace string, m metav1.ObjectMeta) metav1.ObjectMeta {
	if namespace == "" || namespace == n.owner.Namespace {
		return m
	}
	m.Namespace, m.OwnerReferences = namespace, nil
	m.Annotations = merged(m.Annotations, map[string]string{v1.AnnotationClusterNamespace: n.owner.Namespace})
	return m
}
