//go:build apiserver

package user_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// elsewhere makes a namespace in which the operator has rights.
func (w *world) elsewhere() string {
	w.Helper()
	out := kubetest.Namespace(w.T, api)
	w.bind(out)
	return out
}

// copied waits until a namespace has a copy of a user's Secret like it.
func (w *world) copied(namespace, name string) *corev1.Secret {
	w.Helper()
	var out *corev1.Secret
	w.eventually(name+" is copied", func() error {
		original := w.secret(name)
		if out = w.secretIn(namespace, name); out == nil || original == nil {
			return errors.New("there is none")
		}
		if cmp.Diff(original.Data, out.Data) != "" {
			return errors.New("it has other entries")
		}
		return nil
	})
	return out
}

func (w *world) noCopy(namespace, name string) {
	w.Helper()
	w.eventually("the copy of "+name+" is gone", func() error {
		if w.secretIn(namespace, name) != nil {
			return errors.New("it is there")
		}
		return nil
	})
}

func TestSecretsAreCopiedWhereThatIsAllowed(t *testing.T) {
	w := newQuietWorld(t)
	other, third := w.elsewhere(), w.elsewhere()
	options := func(o *usercontroller.Options) { o.SecretNamespaces = []string{other, third} }
	w.start(options)
	w.create("orders", func(u *v1.KafkaUser) {
		tls(u)
		u.Labels["team"] = "shop"
		u.Annotations[v1.AnnotationCopySecretTo] = other + ", forbidden ,"
	})
	w.ready("orders")
	is := w.copied(other, "orders")
	want := map[string]string{
		v1.LabelCluster: cluster, v1.LabelCopyOf: "orders", "team": "shop",
		v1.LabelAppName: "strimzi-user-operator", v1.LabelAppInstance: "orders", v1.LabelAppPartOf: "strimzi-orders", v1.LabelAppManagedBy: "strimzi-user-operator",
	}
	if diff := cmp.Diff(want, is.Labels); diff != "" || is.Annotations[v1.AnnotationCopiedFrom] != w.namespace || len(is.OwnerReferences) > 0 {
		t.Errorf("annotations %v, owners %v, labels (-want +got):\n%s", is.Annotations, is.OwnerReferences, diff)
	}
	w.lacks(w.warns("orders", v1.WarningSecretNotCopied), v1.AnnotationCopySecretTo, "forbidden", v1.AnnotationUserSecretNamespaces)
	before := w.secret("orders")
	w.annotate("orders", v1.AnnotationRotate, "now")
	w.replaced(before)
	w.copied(other, "orders")
	w.must(api.Delete(t.Context(), w.secretIn(other, "orders")))
	is = w.copied(other, "orders")
	is.Data["user.key"] = []byte("x")
	w.must(api.Update(t.Context(), is))
	w.copied(other, "orders")
	w.annotate("orders", v1.AnnotationCopySecretTo, third)
	w.copied(third, "orders")
	w.noCopy(other, "orders")
	version := w.secretIn(third, "orders").ResourceVersion
	w.restart(options)
	w.ready("orders")
	w.annotate("orders", v1.AnnotationRotate, "once more")
	w.eventually("the copy follows", func() error {
		if w.secretIn(third, "orders").ResourceVersion == version {
			return errors.New("it is as before")
		}
		return nil
	})
	w.update("orders", func(u *v1.KafkaUser) { u.Spec.Authentication = nil })
	w.noCopy(third, "orders")
	w.update("orders", tls)
	w.copied(third, "orders")
	w.stop()
	w.delete("orders")
	w.start(options)
	w.noCopy(third, "orders")
	w.noSecret("orders")
}

func TestASecretElsewhereThatIsNoCopyIsLeftAlone(t *testing.T) {
	w := newQuietWorld(t)
	other := w.elsewhere()
	w.start(func(o *usercontroller.Options) { often(o); o.SecretNamespaces = []string{other} })
	theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: other, Name: "orders"}, Data: map[string][]byte{"password": []byte("theirs")}}
	w.must(api.Create(t.Context(), theirs))
	w.create("orders", func(u *v1.KafkaUser) { scram(u); u.Annotations[v1.AnnotationCopySecretTo] = other })
	w.lacks(w.refused("orders", v1.ReasonExecution), v1.ReasonInvalidResource, "Secret orders", other, "rename or delete it", v1.AnnotationCopySecretTo)
	w.looks(2)
	w.annotate("orders", v1.AnnotationCopySecretTo, "")
	w.ready("orders")
	w.delete("orders")
	w.noSecret("orders")
	if is := w.secretIn(other, "orders"); is == nil || string(is.Data["password"]) != "theirs" || len(is.Data) != 1 {
		t.Errorf("it was changed: %v", is)
	}
}

func TestANamespaceWithoutRightsStopsNobody(t *testing.T) {
	w := newQuietWorld(t)
	other, without := w.elsewhere(), kubetest.Namespace(t, api)
	w.start(func(o *usercontroller.Options) { often(o); o.SecretNamespaces = []string{without, other} })
	w.create("orders", tls)
	w.create("copied", func(u *v1.KafkaUser) { tls(u); u.Annotations[v1.AnnotationCopySecretTo] = other })
	w.create("wishes", func(u *v1.KafkaUser) { tls(u); u.Annotations[v1.AnnotationCopySecretTo] = without })
	w.ready("orders")
	w.ready("copied")
	w.copied(other, "copied")
	w.lacks(w.refused("wishes", v1.ReasonExecution), without, "forbidden")
	w.bind(without)
	w.copied(without, "wishes")
	w.ready("wishes")
}

func TestASecretThatHoldsSomethingElseIsNotTouched(t *testing.T) {
	w := newWorld(t, often)
	theirs := map[string]*corev1.Secret{
		"other-entries":  {Data: map[string][]byte{"user.crt": []byte("x"), "mine": []byte("y")}},
		"other-kind":     {Data: map[string][]byte{"ca.crt": []byte("x")}, ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1.LabelKind: "Kafka"}}},
		"a-copy":         {Data: map[string][]byte{"ca.crt": []byte("x")}, ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1.LabelCopyOf: "a-copy"}}},
		"other-type":     {Data: map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("y")}, Type: corev1.SecretTypeTLS},
		"somebody-elses": {ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "1"}}}},
	}
	for name, s := range theirs {
		s.Namespace, s.Name = w.namespace, name
		w.must(api.Create(t.Context(), s))
		w.create(name, func(u *v1.KafkaUser) { tls(u); reads(u, name) })
	}
	for name := range theirs {
		w.lacks(w.refused(name, v1.ReasonExecution), v1.ReasonInvalidResource, "metadata.name", "Secret "+name, "rename the user or the Secret")
	}
	w.looks(2)
	for name, s := range theirs {
		if is := w.secret(name); is.ResourceVersion != s.ResourceVersion {
			t.Errorf("%s was changed: %v", name, is)
		}
		w.must(api.Delete(t.Context(), s))
		w.ready(name)
	}
	w.delete("other-type")
	w.noSecret("other-type")
}

func TestAPasswordThatIsThereBeforeTheUserIsTakenOverWhenItIsHandedOver(t *testing.T) {
	w := newWorld(t, nil)
	w.putSecret("orders", map[string][]byte{"password": []byte("from-before")})
	w.create("orders", scram)
	w.lacks(w.refused("orders", v1.ReasonExecution), "Secret orders exists and is not this user's", "strimzi.io/kind=KafkaUser")
	if is := w.secret("orders"); len(is.Data) != 1 || len(is.OwnerReferences) != 0 {
		t.Errorf("entries %v", entriesOf(is))
	}
	w.changeSecret("orders", func(s *corev1.Secret) {
		s.Labels = map[string]string{v1.LabelKind: "KafkaUser", v1.LabelCluster: cluster}
	})
	w.ready("orders")
	if is := w.secret("orders"); string(is.Data["password"]) != "from-before" || len(is.Data) != 2 || len(is.OwnerReferences) != 1 {
		t.Errorf("entries %v", entriesOf(is))
	}
}

func TestWhatOthersPutIntoASecretStays(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", tls)
	w.ready("orders")
	w.changeSecret("orders", func(s *corev1.Secret) {
		s.Data["truststore.jks"], s.Annotations["theirs"], s.Labels["theirs"] = []byte("x"), "a", "b"
	})
	before := w.secret("orders")
	w.annotate("orders", v1.AnnotationRotate, "now")
	is := w.replaced(before)
	if string(is.Data["truststore.jks"]) != "x" || is.Annotations["theirs"] != "a" || is.Labels["theirs"] != "b" {
		t.Errorf("entries %v, annotations %v, labels %v", entriesOf(is), is.Annotations, is.Labels)
	}
}
