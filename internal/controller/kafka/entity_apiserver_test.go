//go:build apiserver

package kafka_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

const topicCertificates = "one-entity-topic-operator-certs"

// wantTopics asks for a topic operator, or for none.
func (w *world) wantTopics(t *testing.T, wanted bool) {
	t.Helper()
	w.wantOperators(t, wanted, false)
}

// wantOperators asks for operators of topics and users, or for none.
func (w *world) wantOperators(t *testing.T, topics, users bool) {
	t.Helper()
	w.edit(t, func(k *v1.Kafka) {
		k.Spec.EntityOperator = nil
		if !topics && !users {
			return
		}
		k.Spec.EntityOperator = &v1.EntityOperatorSpec{}
		if topics {
			k.Spec.EntityOperator.TopicOperator = &v1.TopicOperatorSpec{}
		}
		if users {
			k.Spec.EntityOperator.UserOperator = &v1.UserOperatorSpec{}
		}
	})
}

// newTopicWorld has a cluster that serves, with a topic operator.
func newTopicWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, combined(1))
	w.wantTopics(t, true)
	w.settle(t)
	return w
}

// entityObjects are those of the entity operator, by kind and name.
func (w *world) entityObjects(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, o := range w.objects(t) {
		if o.GetLabels()[v1.LabelName] == "one-entity-operator" {
			out = append(out, o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetName())
		}
	}
	slices.Sort(out)
	return out
}

func allEntityObjects() []string {
	return []string{
		"ConfigMap one-entity-topic-operator-config", "Deployment one-entity-operator", "NetworkPolicy one-entity-operator",
		"PodDisruptionBudget one-entity-operator", "Role one-entity-operator", "RoleBinding one-entity-topic-operator-role",
		"Secret " + topicCertificates, "ServiceAccount one-entity-operator",
	}
}

func (w *world) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	var d appsv1.Deployment
	must(t, api.Get(t.Context(), client.ObjectKey{Namespace: w.namespace, Name: "one-entity-operator"}, &d))
	return &d
}

func TestTheEntityOperatorFollowsKafkaAndIsWaitedFor(t *testing.T) {
	w := newWorld(t, combined(1))
	w.wantTopics(t, true)
	for range 3 {
		w.reconcile(t)
		w.reconcileSets(t)
	}
	equal(t, "before Kafka serves", []string{"Secret " + topicCertificates}, w.entityObjects(t))

	w.others(t)
	w.reconcile(t)
	equal(t, "once Kafka serves", allEntityObjects(), w.entityObjects(t))
	got := verdict(w.cluster(t))
	equal(t, "verdict before it runs", []string{v1.ReasonCreating, "one-entity-operator is starting"}, []string{got.Reason, got.Message})
	equal(t, "comes back when it runs, or with the resync", resync, w.reconcile(t).RequeueAfter)

	w.settle(t)
	equal(t, "warning", "", warningsOf(w.cluster(t))[v1.ReasonNotSupportedYet])
	certificate := w.secret(t, topicCertificates)
	subject := parsed(t, certificate.Data["entity-operator.crt"]).Subject
	equal(t, "subject", []string{"one-entity-topic-operator", "io.strimzi"}, append([]string{subject.CommonName}, subject.Organization...))
	if certificate.Annotations[v1.AnnotationNotAfter] == "" || len(certificate.Data["entity-operator.key"]) == 0 {
		t.Errorf("annotations %v, entries %v", certificate.Annotations, sortedKeys(certificate.Data))
	}

	requests, versions := len(w.requests.made), w.versions(t)
	w.reconcile(t)
	equal(t, "requests of an idle cluster", []string{}, w.requests.made[requests:])
	w.startOperator(t)
	w.settle(t)
	equal(t, "versions after the operator started anew", versions, w.versions(t))
}

func TestTheEntityOperatorGoesWithoutATrace(t *testing.T) {
	w := newTopicWorld(t)
	w.wantTopics(t, false)
	w.settle(t)
	equal(t, "objects", []string(nil), w.entityObjects(t))
	w.wantTopics(t, true)
	w.settle(t)
	equal(t, "objects when it is wanted again", allEntityObjects(), w.entityObjects(t))
}

func TestAPausedClusterKeepsItsEntityOperator(t *testing.T) {
	w := newTopicWorld(t)
	w.annotate(t, v1.AnnotationPauseReconciliation, "true")
	w.reconcile(t)
	w.wantTopics(t, false)
	w.reconcile(t)
	equal(t, "objects", allEntityObjects(), w.entityObjects(t))
}

func TestAnEntityOperatorRunsOnWhileKafkaRolls(t *testing.T) {
	w := newTopicWorld(t)
	before := w.deployment(t)
	w.option(t, 12)
	w.edit(t, func(k *v1.Kafka) { k.Spec.EntityOperator.TopicOperator.Image = "newer" })
	w.reconcile(t)
	equal(t, "restarts of nodes", []string{"one-both-0"}, w.requests.restarts)
	equal(t, "version while a node restarts", before.ResourceVersion, w.deployment(t).ResourceVersion)
	w.settle(t)
	equal(t, "image", "newer", w.deployment(t).Spec.Template.Spec.Containers[0].Image)
}

func TestWhatIsWrongWithTheEntityOperatorStopsNothingElse(t *testing.T) {
	w := newTopicWorld(t)
	w.annotate(t, v1.AnnotationDrift, "sometimes")
	w.option(t, 12)
	for range 6 {
		w.reconcile(t)
		w.others(t)
	}
	equal(t, "restarts of nodes", []string{"one-both-0"}, w.requests.restarts)
	got := verdict(w.cluster(t))
	if got.Reason != v1.ReasonInvalidResource || !strings.Contains(got.Message, v1.AnnotationDrift) {
		t.Errorf("verdict: %+v", got)
	}
	equal(t, "objects", allEntityObjects(), w.entityObjects(t))
}

func TestAnotherNamespaceThatMayNotBeWatchedEndsTheEntityOperator(t *testing.T) {
	w := newTopicWorld(t)
	w.edit(t, func(k *v1.Kafka) { k.Spec.EntityOperator.TopicOperator.WatchedNamespace = "elsewhere" })
	for range 2 {
		w.reconcile(t)
		got := verdict(w.cluster(t))
		if got.Reason != v1.ReasonInvalidConfiguration || !strings.Contains(got.Message, "STRIMZI_ENTITY_OPERATOR_WATCHED_NAMESPACE_ENABLED") {
			t.Errorf("verdict: %+v", got)
		}
		equal(t, "objects", []string{"Secret " + topicCertificates}, w.entityObjects(t))
	}
}

// TestTheTopicOperatorsCertificateFollowsANewKeyInItsTurn shows that it changes with those of the nodes, and that its pod does not
// restart for it.
func TestTheTopicOperatorsCertificateFollowsANewKeyInItsTurn(t *testing.T) {
	w := newTopicWorld(t)
	before, pod := w.secret(t, topicCertificates), w.deployment(t)
	w.ask(t, clusterKey, v1.AnnotationForceReplace)
	w.settle(t)
	equal(t, "certificate while clients get to know the new key", before.Data, w.secret(t, topicCertificates).Data)
	w.now = w.now.Add(clientsTime)
	w.settle(t)
	after := w.secret(t, topicCertificates)
	if bytes.Equal(before.Data["entity-operator.crt"], after.Data["entity-operator.crt"]) {
		t.Error("the certificate is the earlier one")
	}
	issuer := parsed(t, w.secret(t, clusterCertificate).Data["ca.crt"])
	must(t, parsed(t, after.Data["entity-operator.crt"]).CheckSignatureFrom(issuer))
	is := w.deployment(t)
	equal(t, "pod", pod.Spec, is.Spec)
	equal(t, "generation of the key", "1", is.Annotations[v1.AnnotationClusterCAKeyGeneration])
	if is.Annotations[v1.AnnotationServerCertHash] == pod.Annotations[v1.AnnotationServerCertHash] {
		t.Error("the hash is that of the earlier certificate")
	}
}

func TestADamagedCertificateOfTheTopicOperatorIsMadeAnew(t *testing.T) {
	w := newTopicWorld(t)
	w.editSecret(t, topicCertificates, func(s *corev1.Secret) { s.Data["entity-operator.crt"] = []byte("half a certifica") })
	w.settle(t)
	parsed(t, w.secret(t, topicCertificates).Data["entity-operator.crt"])
}
