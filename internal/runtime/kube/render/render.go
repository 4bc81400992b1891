package render

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

// Settings are the operator's own choices about Kubernetes objects.
type Settings struct {
	// PullPolicy of images; empty chooses Always for the tag latest and IfNotPresent for others.
	PullPolicy corev1.PullPolicy
	// PullSecrets are used where a user names none.
	PullSecrets []string
	// Restricted gives every container the security context of the restricted Pod Security profile.
	Restricted bool
	// OperatorNamespace and OperatorNamespaceLabels tell network policies where the operator lives.
	OperatorNamespace       string
	OperatorNamespaceLabels map[string]string
	// PodLabels are added to every pod, by the component's type.
	PodLabels map[string]map[string]string
	// MachineReaderRole is the cluster role that lets instances read machines.
	MachineReaderRole string
}

// Objects renders a plan in the order in which its objects should be written: what others need comes first.
func Objects(p *plan.Plan, s Settings) ([]client.Object, error) {
	var out []client.Object
	out = append(out, secrets(p)...)
	out = append(out, account(p, s)...)
	out = append(out, endpoints(p)...)
	for i := range p.Groups {
		out = append(out, files(p, &p.Groups[i])...)
		claims, err := claims(p, &p.Groups[i])
		if err != nil {
			return nil, err
		}
		out = append(out, claims...)
	}
	out = append(out, fileSets(p)...)
	out = append(out, networkPolicy(p, s)...)
	out = append(out, disruptionBudget(p)...)
	if p.Workload != nil {
		workload, err := Deployment(p, s)
		if err != nil {
			return nil, err
		}
		out = append(out, workload)
	}
	for i := range p.Groups {
		set, err := podSet(p, &p.Groups[i], s)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", p.Groups[i].Set, err)
		}
		out = append(out, set)
	}
	return out, nil
}

func secrets(p *plan.Plan) []client.Object {
	var out []client.Object
	for i := range p.Secrets {
		out = append(out, Secret(p.Owner, p.Component, &p.Secrets[i]))
	}
	return out
}

// Secret renders one secret of an owner. A secret that names no component of its own belongs to the given one.
func Secret(owner plan.Owner, component plan.Component, s *plan.Secret) *corev1.Secret {
	n := naming{plan: &plan.Plan{Owner: owner}, component: component, owner: owner}
	m := n.of(s.Component).meta(s.Name, resourceMetadata(s.Template).with(nil, s.Facts))
	if s.Unowned {
		m.OwnerReferences = nil
	}
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: m,
		Type:       corev1.SecretTypeOpaque,
		Data:       s.Data,
	}
}

func account(p *plan.Plan, s Settings) []client.Object {
	if p.Account.Name == "" {
		return nil
	}
	n := clusterNaming(p)
	out := []client.Object{&corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: n.meta(p.Account.Name, resourceMetadata(p.Account.Template)),
	}}
	if p.Account.ReadsPlatformNodes {
		out = append(out, machineReader(p, s))
	}
	for i := range p.Account.Roles {
		out = append(out, rights(p, &p.Account.Roles[i])...)
	}
	return out
}

// machineReader lets instances read the machine that they run on. A namespaced owner cannot own it.
func machineReader(p *plan.Plan, s Settings) client.Object {
	m := clusterNaming(p).meta(MachineReaderName(p.Owner, p.Component), metadata{})
	m.Namespace, m.OwnerReferences = "", nil
	return &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding"},
		ObjectMeta: m,
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: p.Account.Name, Namespace: p.Owner.Namespace}},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: s.MachineReaderRole},
	}
}

// MachineReaderName is the name of the cluster wide binding for a component's account.
func MachineReaderName(o plan.Owner, c plan.Component) string {
	return "strimzi-" + o.Namespace + "-" + c.Name + "-init"
}

func endpoints(p *plan.Plan) []client.Object {
	var out []client.Object
	for i := range p.Endpoints {
		out = append(out, service(p, &p.Endpoints[i]))
	}
	return out
}

func service(p *plan.Plan, e *plan.Endpoint) *corev1.Service {
	n := clusterNaming(p)
	if g := group(p, e.Group); g != nil {
		n = groupNaming(p, g)
	}
	m := n.meta(e.Name, serviceMetadata(e.Template).with(e.Labels, e.Facts))
	selector := n.selector()
	if e.Role != "" {
		selector[roleLabel(e.Role)] = "true"
	}
	if e.Instance != "" {
		selector[v1.LabelPodName] = e.Instance
	}
	out := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: m,
		Spec: corev1.ServiceSpec{
			Type:                     corev1.ServiceTypeClusterIP,
			Selector:                 selector,
			PublishNotReadyAddresses: e.EvenUnready,
		},
	}
	if e.Reach == plan.ReachInstances {
		out.Spec.ClusterIP = corev1.ClusterIPNone
	}
	addressFamilies(&out.Spec, e)
	for _, port := range e.Ports {
		out.Spec.Ports = append(out.Spec.Ports, corev1.ServicePort{
			Name: port.Name, Port: port.Number, TargetPort: intstr.FromInt32(port.Number), Protocol: corev1.ProtocolTCP,
		})
	}
	return out
}

func addressFamilies(spec *corev1.ServiceSpec, e *plan.Endpoint) {
	if e.IPFamilyPolicy != "" {
		policy := corev1.IPFamilyPolicy(e.IPFamilyPolicy)
		spec.IPFamilyPolicy = &policy
	}
	for _, f := range e.IPFamilies {
		spec.IPFamilies = append(spec.IPFamilies, corev1.IPFamily(f))
	}
}

func group(p *plan.Plan, name string) *plan.Group {
	if name == "" {
		return nil
	}
	for i := range p.Groups {
		if p.Groups[i].Name == name {
			return &p.Groups[i]
		}
	}
	return nil
}

func files(p *plan.Plan, g *plan.Group) []client.Object {
	n := groupNaming(p, g)
	var out []client.Object
	for i := range g.Instances {
		instance := &g.Instances[i]
		m := n.meta(instance.Name, metadata{})
		m.Labels[v1.LabelPodName] = instance.Name
		out = append(out, &corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: m,
			Data:       instance.Files,
		})
	}
	return out
}

func disruptionBudget(p *plan.Plan) []client.Object {
	if p.Disruption == nil {
		return nil
	}
	n := clusterNaming(p)
	spec := policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: n.selector()}}
	if p.Disruption.MaxMissing != nil {
		spec.MaxUnavailable = ptr(intstr.FromInt32(*p.Disruption.MaxMissing))
	} else {
		spec.MinAvailable = ptr(intstr.FromInt32(p.Disruption.MinAvailable))
	}
	return []client.Object{&policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: n.meta(p.Disruption.Name, disruptionMetadata(p.Disruption.Template)),
		Spec:       spec,
	}}
}

func networkPolicy(p *plan.Plan, s Settings) []client.Object {
	if p.Inbound == nil {
		return nil
	}
	n := clusterNaming(p)
	out := &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: n.meta(p.Inbound.Name, metadata{}),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: n.selector()},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		},
	}
	for i := range p.Inbound.Rules {
		rule := ingressRule(p, &p.Inbound.Rules[i], s)
		// To Kubernetes no peers are all peers, so a rule that allows nobody must not be written.
		if p.Inbound.Rules[i].Anyone || len(rule.From) > 0 {
			out.Spec.Ingress = append(out.Spec.Ingress, rule)
		}
	}
	return []client.Object{out}
}

func ingressRule(p *plan.Plan, r *plan.InboundRule, s Settings) networkingv1.NetworkPolicyIngressRule {
	port, protocol := intstr.FromInt32(r.Port), corev1.ProtocolTCP
	out := networkingv1.NetworkPolicyIngressRule{
		Ports: []networkingv1.NetworkPolicyPort{{Port: &port, Protocol: &protocol}},
	}
	if r.Anyone {
		return out
	}
	if r.Operator {
		out.From = append(out.From, operatorPeer(p, s))
	}
	for _, name := range r.Components {
		selector := clusterNaming(p).selector()
		selector[v1.LabelName] = name
		out.From = append(out.From, networkingv1.NetworkPolicyPeer{
			PodSelector: &metav1.LabelSelector{MatchLabels: selector},
		})
	}
	out.From = append(out.From, networkPeers(r.Template)...)
	return out
}

func operatorPeer(p *plan.Plan, s Settings) networkingv1.NetworkPolicyPeer {
	peer := networkingv1.NetworkPolicyPeer{
		PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelKind: kindClusterOperator}},
	}
	if s.OperatorNamespace == p.Owner.Namespace {
		return peer
	}
	peer.NamespaceSelector = &metav1.LabelSelector{MatchLabels: nonEmpty(s.OperatorNamespaceLabels)}
	return peer
}

func merged(base, over map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}

func uid(s string) types.UID { return types.UID(s) }
