//go:build apiserver

package kafka_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

const userCertificates = "one-entity-user-operator-certs"

// newUserWorld has a cluster that serves, with operators of topics and users that may have rights in other namespaces.
func newUserWorld(t *testing.T, elsewhere bool) *world {
	t.Helper()
	w := newWorld(t, combined(1))
	w.elsewhere = elsewhere
	w.startOperator(t)
	w.wantOperators(t, true, true)
	w.settle(t)
	return w
}

func allUserObjects() []string {
	return []string{
		"ConfigMap one-entity-user-operator-config", "Deployment one-entity-operator", "NetworkPolicy one-entity-operator",
		"PodDisruptionBudget one-entity-operator", "Role one-entity-operator", "RoleBinding one-entity-user-operator-role",
		"Secret " + userCertificates, "ServiceAccount one-entity-operator",
	}
}

// bothOperators are the objects of two operators, which share those of their pod.
func bothOperators() []string {
	out := append(allEntityObjects(), allUserObjects()...)
	slices.Sort(out)
	return slices.Compact(out)
}

func (w *world) containers(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, c := range w.deployment(t).Spec.Template.Spec.Containers {
		out = append(out, c.Name)
	}
	return out
}

// variable of a container of the entity operator.
func (w *world) variable(t *testing.T, container, name string) string {
	t.Helper()
	for _, c := range w.deployment(t).Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			if c.Name == container && e.Name == name {
				return e.Value
			}
		}
	}
	return ""
}

// rights are the roles and bindings in a namespace, with what the roles are about.
func rights(t *testing.T, namespace string) []string {
	t.Helper()
	var roles rbacv1.RoleList
	var bindings rbacv1.RoleBindingList
	must(t, api.List(t.Context(), &roles, client.InNamespace(namespace)))
	must(t, api.List(t.Context(), &bindings, client.InNamespace(namespace)))
	var out []string
	for _, r := range roles.Items {
		var about []string
		for _, rule := range r.Rules {
			about = append(about, rule.Resources...)
		}
		out = append(out, "Role "+r.Name+" "+strings.Join(about, ","))
		if len(r.OwnerReferences) > 0 {
			t.Errorf("role %s has owners", r.Name)
		}
	}
	for _, b := range bindings.Items {
		out = append(out, "RoleBinding "+b.Name+" "+b.RoleRef.Name+" "+b.Subjects[0].Namespace+"/"+b.Subjects[0].Name)
	}
	return out
}

func TestOperatorsOfTopicsAndUsersComeAndGoByThemselves(t *testing.T) {
	w := newWorld(t, combined(1))
	w.wantOperators(t, false, true)
	w.settle(t)
	equal(t, "objects of a user operator alone", allUserObjects(), w.entityObjects(t))
	equal(t, "containers", []string{"user-operator"}, w.containers(t))
	equal(t, "warning", "", warningsOf(w.cluster(t))[v1.ReasonNotSupportedYet])
	subject := parsed(t, w.secret(t, userCertificates).Data["entity-operator.crt"]).Subject
	equal(t, "subject", []string{"one-entity-user-operator", "io.strimzi"}, append([]string{subject.CommonName}, subject.Organization...))
	alone := w.deployment(t).Annotations[v1.AnnotationServerCertHash]

	w.wantOperators(t, true, true)
	w.settle(t)
	equal(t, "objects of both", bothOperators(), w.entityObjects(t))
	equal(t, "containers", []string{"topic-operator", "user-operator"}, w.containers(t))
	together := w.deployment(t).Annotations[v1.AnnotationServerCertHash]
	if alone == "" || !strings.HasSuffix(together, alone) || together == alone {
		t.Errorf("the hash %q of both certificates is not that of topics and %q", together, alone)
	}

	w.wantOperators(t, true, false)
	w.settle(t)
	equal(t, "objects without users", allEntityObjects(), w.entityObjects(t))
	equal(t, "containers", []string{"topic-operator"}, w.containers(t))
}

func TestUsersInAnotherNamespaceAreWatchedThere(t *testing.T) {
	w := newUserWorld(t, true)
	users := kubetest.Namespace(t, api)
	w.edit(t, func(k *v1.Kafka) { k.Spec.EntityOperator.UserOperator.WatchedNamespace = users })
	w.settle(t)
	equal(t, "rights there", []string{
		"Role one-entity-operator kafkausers,kafkausers/status,kafkausers/finalizers,secrets",
		"RoleBinding one-entity-user-operator-role one-entity-operator " + w.namespace + "/one-entity-operator",
	}, rights(t, users))
	equal(t, "objects at home", bothOperators(), w.entityObjects(t))
	equal(t, "namespaces", []string{users, w.namespace}, []string{
		w.variable(t, "user-operator", "STRIMZI_NAMESPACE"), w.variable(t, "topic-operator", "STRIMZI_NAMESPACE"),
	})
	w.wantOperators(t, true, false)
	w.settle(t)
	equal(t, "rights that nobody needs", []string(nil), rights(t, users))
}

func TestRightsForCopiesOfSecretsFollowTheAnnotation(t *testing.T) {
	w := newUserWorld(t, true)
	shop, billing := kubetest.Namespace(t, api), kubetest.Namespace(t, api)
	role := "one-entity-user-operator-secrets." + w.namespace
	given := []string{"Role " + role + " secrets", "RoleBinding " + role + " " + role + " " + w.namespace + "/one-entity-operator"}
	w.annotate(t, v1.AnnotationUserSecretNamespaces, shop+","+billing)
	w.settle(t)
	equal(t, "rights in the first", given, rights(t, shop))
	equal(t, "rights in the second", given, rights(t, billing))
	equal(t, "variable", shop+","+billing, w.variable(t, "user-operator", "CASTELLAN_USER_SECRET_NAMESPACES"))

	w.annotate(t, v1.AnnotationUserSecretNamespaces, billing)
	w.settle(t)
	equal(t, "rights in the first when only the second is named", []string(nil), rights(t, shop))
	equal(t, "rights in the second", given, rights(t, billing))

	must(t, api.Delete(t.Context(), w.cluster(t)))
	w.reconcile(t)
	equal(t, "rights when the cluster is gone", []string(nil), rights(t, billing))
}

// TestClustersOfOneNameHaveCopiesInOneNamespace has a second cluster that looks like the first in a namespace of its own.
func TestClustersOfOneNameHaveCopiesInOneNamespace(t *testing.T) {
	shop := kubetest.Namespace(t, api)
	for range 2 {
		w := newUserWorld(t, true)
		w.annotate(t, v1.AnnotationUserSecretNamespaces, shop)
		w.settle(t)
	}
	equal(t, "roles and bindings", 4, len(rights(t, shop)))
}

func TestCopiesThatAreNotAllowedLeaveAllElseRunning(t *testing.T) {
	w := newUserWorld(t, false)
	shop := kubetest.Namespace(t, api)
	w.annotate(t, v1.AnnotationUserSecretNamespaces, shop)
	w.edit(t, func(k *v1.Kafka) { k.Spec.EntityOperator.UserOperator.Image = "newer" })
	for range 3 {
		w.reconcile(t)
		w.others(t)
	}
	got := verdict(w.cluster(t))
	if got.Reason != v1.ReasonInvalidConfiguration || !strings.Contains(got.Message, "STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED") {
		t.Errorf("verdict: %+v", got)
	}
	equal(t, "objects", bothOperators(), w.entityObjects(t))
	equal(t, "image", "newer", w.deployment(t).Spec.Template.Spec.Containers[1].Image)
	equal(t, "variable", "", w.variable(t, "user-operator", "CASTELLAN_USER_SECRET_NAMESPACES"))
	equal(t, "rights", []string(nil), rights(t, shop))
}

// TestRightsForCopiesEndWithTheLeave starts the operator anew without it.
func TestRightsForCopiesEndWithTheLeave(t *testing.T) {
	w := newUserWorld(t, true)
	shop := kubetest.Namespace(t, api)
	w.annotate(t, v1.AnnotationUserSecretNamespaces, shop)
	w.settle(t)
	w.elsewhere = false
	w.startOperator(t)
	for range 3 {
		w.reconcile(t)
		w.others(t)
	}
	equal(t, "rights", []string(nil), rights(t, shop))
	equal(t, "reason", v1.ReasonInvalidConfiguration, verdict(w.cluster(t)).Reason)
}
