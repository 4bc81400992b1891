//go:build apiserver

package kube_test

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/runtime/kube/render/rendertest"
)

func TestOnlyBindingsWithoutAClusterAreRemovedAtTheStart(t *testing.T) {
	cases := map[string]struct {
		// change makes the binding of a cluster another; nil leaves it as it is.
		change func(*rbacv1.ClusterRoleBinding)
		// lives: the Kafka resource exists. elsewhere: the operator watches another namespace.
		lives, elsewhere, stays bool
	}{
		"a binding whose Kafka is gone goes":         {},
		"a binding whose Kafka is there stays":       {lives: true, stays: true},
		"a binding of another namespace stays":       {elsewhere: true, stays: true},
		"a binding that somebody else manages stays": {change: func(b *rbacv1.ClusterRoleBinding) { b.Labels[v1.LabelAppManagedBy] = "another" }, stays: true},
		"a binding for another kind stays":           {change: func(b *rbacv1.ClusterRoleBinding) { b.Labels[v1.LabelKind] = "KafkaConnect" }, stays: true},
		"a binding for another cluster stays":        {change: func(b *rbacv1.ClusterRoleBinding) { b.Labels[v1.LabelCluster] = "another" }, stays: true},
		"a binding without a cluster stays":          {change: func(b *rbacv1.ClusterRoleBinding) { delete(b.Labels, v1.LabelCluster) }, stays: true},
		"a binding for another account stays":        {change: func(b *rbacv1.ClusterRoleBinding) { b.Subjects[0].Name = "another" }, stays: true},
		"a binding of two accounts stays":            {change: func(b *rbacv1.ClusterRoleBinding) { b.Subjects = append(b.Subjects, b.Subjects[0]) }, stays: true},
		"a binding of a person stays": {
			change: func(b *rbacv1.ClusterRoleBinding) {
				b.Subjects = []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "prod-kafka"}}
			}, stays: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			namespace := kubetest.Namespace(t, api)
			if test.lives {
				createKafka(t, namespace)
			}
			binding := bind(t, namespace, test.change)
			watched := namespace
			if test.elsewhere {
				watched = kubetest.Namespace(t, api)
			}
			must(t, kube.New(operator, operator, rendertest.Cases()["rack"].Settings).RemoveOrphans(t.Context(), []string{watched}))
			if bindingExists(t, binding) != test.stays {
				t.Errorf("stays: %v, want %v", !test.stays, test.stays)
			}
		})
	}
}

func TestAllNamespacesAreSearchedForOrphans(t *testing.T) {
	binding := bind(t, kubetest.Namespace(t, api), nil)
	must(t, kube.New(operator, operator, rendertest.Cases()["rack"].Settings).RemoveOrphans(t.Context(), nil))
	if bindingExists(t, binding) {
		t.Error("the binding is left")
	}
}

func TestRightsInOtherNamespacesWithoutAClusterAreRemovedAtTheStart(t *testing.T) {
	for name, lives := range map[string]bool{"whose Kafka is gone": false, "whose Kafka is there": true} {
		t.Run(name, func(t *testing.T) {
			c := moved(t, "workload")
			namespace, elsewhere := c.Plan.Owner.Namespace, kubetest.Namespace(t, api)
			if lives {
				createKafka(t, namespace)
			}
			c.Plan.Account.Roles[1].Namespace = elsewhere
			r := kube.New(operator, operator, c.Settings)
			must(t, r.Apply(t.Context(), c.Plan))
			must(t, r.RemoveOrphans(t.Context(), []string{elsewhere}))
			equal(t, "rights of a cluster in a namespace that is not watched", rights(), rightsIn(t, elsewhere))
			must(t, r.RemoveOrphans(t.Context(), []string{namespace}))
			var want []string
			if lives {
				want = rights()
			}
			equal(t, "rights elsewhere", want, rightsIn(t, elsewhere))
			equal(t, "rights in the cluster's namespace", rights(), rightsIn(t, namespace))
		})
	}
}

// bind makes the binding of a cluster as the operator does, and changes it.
func bind(t *testing.T, namespace string, change func(*rbacv1.ClusterRoleBinding)) string {
	t.Helper()
	c := caseIn(t, "rack", namespace)
	must(t, kube.New(operator, operator, c.Settings).Apply(t.Context(), c.Plan))
	name := "strimzi-" + namespace + "-prod-kafka-init"
	binding := &rbacv1.ClusterRoleBinding{}
	must(t, api.Get(t.Context(), types.NamespacedName{Name: name}, binding))
	if change != nil {
		change(binding)
		must(t, api.Update(t.Context(), binding))
	}
	return name
}

func createKafka(t *testing.T, namespace string) {
	t.Helper()
	k := &v1.Kafka{}
	k.Namespace, k.Name = namespace, "prod"
	k.Spec.Kafka.Listeners = []v1.Listener{{Name: "plain", Port: 9092, Type: v1.ListenerInternal}}
	must(t, api.Create(t.Context(), k))
}
