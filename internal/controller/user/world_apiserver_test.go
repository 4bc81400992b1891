//go:build apiserver

package user_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"maps"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/user/credential"
)

var (
	api    client.WithWatch
	config *rest.Config
	logged = &record{}
)

func TestMain(m *testing.M) {
	log.SetLogger(logged.logger())
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, config = c.Admin, c.OperatorConfig }))
}

const (
	cluster      = "my-cluster"
	caCertSecret = cluster + "-clients-ca-cert"
	caKeySecret  = cluster + "-clients-ca"
	account      = cluster + "-entity-operator"
	patience     = 30 * time.Second
)

// world is a namespace with an operator, a clients CA, and a Kafka in memory.
type world struct {
	*testing.T
	namespace string
	fake      *kfake.Cluster
	// kafka is the test's own connection, access how everybody reaches the fake.
	kafka  *broker.Users
	access broker.Access
	ca     pki.Authority
	// wire is what the operator's requests to the API server pass.
	wire *wire
	stop func()
}

// newWorld starts an operator with the rights of the install files.
func newWorld(t *testing.T, change func(*usercontroller.Options)) *world {
	t.Helper()
	w := newQuietWorld(t)
	w.start(change)
	return w
}

// newQuietWorld has no operator yet.
func newQuietWorld(t *testing.T, opts ...kfake.Opt) *world {
	t.Helper()
	t.Parallel()
	fake, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	w := &world{T: t, namespace: kubetest.Namespace(t, api), fake: fake, stop: func() {}, access: broker.Access{Brokers: fake.ListenAddrs()}}
	if len(opts) > 0 {
		w.access.SASL = &broker.SASL{Mechanism: broker.MechanismPlain, Username: "root", Password: "root"}
	}
	if w.kafka, err = broker.OpenUsers(w.access); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.kafka.Close)
	w.bind(w.namespace)
	w.ca, err = pki.NewAuthority(pki.ClientsAuthority, authorityPolicy(), time.Now().Add(-time.Hour), rand.Reader)
	w.must(err)
	w.putAuthority()
	t.Cleanup(w.tellsNoSecret)
	t.Cleanup(func() { w.stop() })
	return w
}

func authorityPolicy() pki.Policy {
	return pki.Policy{Key: pki.ECDSAP256, Lifetime: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}}
}

// putAuthority writes the Secrets of the clients CA as the cluster operator does.
func (w *world) putAuthority() {
	w.Helper()
	w.putCertificates()
	w.putSecret(caKeySecret, map[string][]byte{pki.KeyEntry: w.ca.Key})
}

func (w *world) putCertificates() {
	w.Helper()
	certificates := map[string][]byte{pki.CertificateEntry: w.ca.Certificate}
	maps.Copy(certificates, w.ca.Old)
	w.putSecret(caCertSecret, certificates)
}

// putSecret makes or replaces a Secret that is not the operator's.
func (w *world) putSecret(name string, data map[string][]byte) {
	w.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, Data: data}
	err := api.Create(w.Context(), s)
	if apierrors.IsAlreadyExists(err) {
		err = api.Update(w.Context(), s)
	}
	w.must(err)
}

// bind gives the operator's account the rights of the install files in a namespace.
func (w *world) bind(namespace string) {
	w.Helper()
	w.must(api.Create(w.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "entity"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: w.namespace, Name: account}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "strimzi-entity-operator"},
	}))
}

// start runs an operator until stop.
func (w *world) start(change func(*usercontroller.Options)) {
	w.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + w.namespace + ":" + account, Groups: []string{"system:serviceaccounts", "system:authenticated"},
	}
	selected := map[string]string{v1.LabelCluster: cluster}
	passed := &wire{}
	w.wire = passed
	as.Wrap(func(to http.RoundTripper) http.RoundTripper { return through{to, passed} })
	connected, err := apiserver.Connect(as)
	w.must(err)
	kafka, err := broker.OpenUsers(w.access)
	w.must(err)
	options := usercontroller.Options{
		API: connected, Kafka: kafka,
		Namespace: w.namespace, Labels: selected, CANamespace: w.namespace, CACertSecret: caCertSecret, CAKeySecret: caKeySecret,
		Credentials: credential.Defaults{
			Lifetime: pki.Lifetime{Validity: pki.Days(365), RenewBefore: pki.Days(30)}, Key: pki.ECDSAP256, PKCS12: true, PasswordLength: 32,
		},
		LabelExclusion: func(string) bool { return false }, ACLs: true,
		Refresh: time.Hour, Timeout: time.Minute, BatchSize: 100, BatchLinger: time.Millisecond, Workers: 4,
		Now: time.Now, Random: rand.Reader,
		NewKey: func(a pki.KeyAlgorithm) (crypto.Signer, error) { return pki.GenerateKey(a, rand.Reader) },
	}
	if change != nil {
		change(&options)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	operator, err := usercontroller.New(options)
	w.must(err)
	ended := make(chan error, 1)
	go func() { ended <- operator.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
		kafka.Close()
		w.stop = func() {}
	}
}

// restart stops the operator and starts another one.
func (w *world) restart(change func(*usercontroller.Options)) {
	w.Helper()
	w.stop()
	w.start(change)
}

// often has Kafka looked at often.
func often(o *usercontroller.Options) { o.Refresh = 200 * time.Millisecond }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// create stores a KafkaUser.
func (w *world) create(name string, change func(*v1.KafkaUser)) {
	w.Helper()
	out := &v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: cluster}, Annotations: map[string]string{},
	}}
	if change != nil {
		change(out)
	}
	w.must(api.Create(w.Context(), out))
}

// update changes a resource as a user does.
func (w *world) update(name string, change func(*v1.KafkaUser)) {
	w.Helper()
	for {
		u := w.get(name)
		if u.Annotations == nil {
			u.Annotations = map[string]string{}
		}
		change(u)
		err := api.Update(w.Context(), u)
		if apierrors.IsConflict(err) {
			continue
		}
		w.must(err)
		return
	}
}

func (w *world) annotate(name, annotation, value string) {
	w.Helper()
	w.update(name, func(u *v1.KafkaUser) { u.Annotations[annotation] = value })
}

func (w *world) delete(name string) {
	w.Helper()
	w.must(api.Delete(w.Context(), &v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}))
}

// get reads a resource; nil if there is none.
func (w *world) get(name string) *v1.KafkaUser {
	w.Helper()
	u := &v1.KafkaUser{}
	err := api.Get(w.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, u)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return u
}

// secret reads a Secret of the namespace; nil if there is none.
func (w *world) secret(name string) *corev1.Secret {
	w.Helper()
	return w.secretIn(w.namespace, name)
}

func (w *world) secretIn(namespace, name string) *corev1.Secret {
	w.Helper()
	s := &corev1.Secret{}
	err := api.Get(w.Context(), client.ObjectKey{Namespace: namespace, Name: name}, s)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return s
}

// changeSecret changes a Secret by hand.
func (w *world) changeSecret(name string, change func(*corev1.Secret)) {
	w.Helper()
	for {
		s := w.secret(name)
		change(s)
		err := api.Update(w.Context(), s)
		if apierrors.IsConflict(err) {
			continue
		}
		w.must(err)
		return
	}
}
