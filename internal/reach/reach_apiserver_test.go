//go:build apiserver

package reach_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/reach"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// api is the client of the API server that all tests of the package share.
var api client.WithWatch

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api = c.Admin }))
}

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := api.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// pems are a certificate and its key.
func pems(t *testing.T) (certificate, key []byte) {
	t.Helper()
	server, _ := serverTLS(t)
	der, err := x509.MarshalPKCS8PrivateKey(server.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificates[0].Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// kafkaResource has a listener of each kind.
func kafkaResource(t *testing.T, namespace string, certificate []byte) reach.Cluster {
	t.Helper()
	k := &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "my-cluster"}}
	k.Spec.Kafka.Listeners = []v1.Listener{
		{Name: "plain", Port: 9092, Type: v1.ListenerInternal},
		{Name: "tls", Port: 9093, Type: v1.ListenerInternal, TLS: true},
		{Name: "mine", Port: 9094, Type: v1.ListenerInternal, TLS: true, Authentication: &v1.ListenerAuthentication{Type: v1.ListenerAuthenticationScramSha512}},
	}
	create(t, k)
	k.Status.Listeners = []v1.ListenerStatus{
		{Name: "plain", BootstrapServers: "a:9092,b:9092"},
		{Name: "tls", BootstrapServers: "a:9093", Certificates: []string{string(certificate)}},
		{Name: "mine", BootstrapServers: "a:9094", Certificates: []string{string(certificate)}},
	}
	if err := api.Status().Update(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	return reach.Cluster{From: api, Namespace: namespace, Name: "my-cluster"}
}

func TestListenersAreReachedAsTheirStatusSays(t *testing.T) {
	certificate, _ := pems(t)
	cluster := kafkaResource(t, kubetest.Namespace(t, api), certificate)
	secured := func() *clientconfig.Client {
		return &clientconfig.Client{TLS: &tls.Config{MinVersion: tls.VersionTLS12}}
	}
	cases := map[string]struct {
		listener string
		as       *clientconfig.Client
		brokers  string
		trusted  bool
		err      string
	}{
		"in the clear":                   {listener: "plain", brokers: "a:9092 b:9092"},
		"with TLS, as the status says":   {listener: "tls", brokers: "a:9093", trusted: true},
		"as somebody":                    {listener: "mine", as: secured(), brokers: "a:9094", trusted: true},
		"as nobody":                      {listener: "mine", err: "clients of listener mine must say who they are (scram-sha-512): say it in a file"},
		"with TLS where there is none":   {listener: "plain", as: secured(), err: "listener plain has tls: false"},
		"without TLS where there is one": {listener: "tls", as: &clientconfig.Client{}, err: "listener tls has tls: true"},
		"a listener that is not there":   {listener: "other", err: `Kafka my-cluster has no listener "other": it has plain, tls, mine`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := cluster.Listener(t.Context(), c.listener, c.as)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error: %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.brokers, strings.Join(got.Brokers, " ")); diff != "" || c.trusted != (got.TLS != nil && got.TLS.RootCAs != nil) {
				t.Errorf("TLS %v, addresses (-want +got):\n%s", got.TLS, diff)
			}
		})
	}
}

var errNobody = errors.New("nobody is there")

func TestAClusterIsReachedThroughItsPodsAsTheOperator(t *testing.T) {
	namespace := kubetest.Namespace(t, api)
	certificate, key := pems(t)
	cluster := kafkaResource(t, namespace, certificate)
	connect := func(context.Context, string, string) (net.Conn, error) { return nil, errNobody }
	refuses := func(want string) {
		t.Helper()
		if _, err := cluster.Through(t.Context(), connect); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error: %v, want %q", err, want)
		}
	}
	refuses("no broker of Kafka my-cluster in namespace " + namespace + " runs")
	for _, pod := range []struct {
		name, role string
		ready      corev1.ConditionStatus
	}{{"my-cluster-a-0", "true", corev1.ConditionFalse}, {"my-cluster-b-1", "true", corev1.ConditionTrue}, {"my-cluster-c-2", "false", corev1.ConditionTrue}} {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pod.name, Labels: map[string]string{v1.LabelCluster: "my-cluster", v1.LabelBrokerRole: pod.role}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "kafka", Image: "kafka"}}},
		}
		create(t, p)
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: pod.ready}}
		if err := api.Status().Update(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	refuses("read Secret my-cluster-cluster-ca-cert")
	create(
		t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "my-cluster-cluster-ca-cert"}, Data: map[string][]byte{"ca.crt": certificate}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "my-cluster-cluster-operator-certs"},
			Data:       map[string][]byte{"cluster-operator.crt": certificate, "cluster-operator.key": key},
		},
	)
	got, err := cluster.Through(t.Context(), connect)
	if err != nil {
		t.Fatal(err)
	}
	suffix := ".my-cluster-kafka-brokers." + namespace + ".svc:9091"
	if diff := cmp.Diff([]string{"my-cluster-b-1" + suffix, "my-cluster-a-0" + suffix}, got.Brokers); diff != "" {
		t.Errorf("brokers (-want +got):\n%s", diff)
	}
	if got.TLS.RootCAs == nil || len(got.TLS.Certificates) != 1 || got.Connect == nil {
		t.Errorf("access is %+v", got)
	}
	cluster.Name = "other"
	refuses("there is no Kafka other in namespace " + namespace)
}
