//go:build apiserver

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
)

// server is the API server that all tests of the package share.
var server kubetest.Clients

func TestMain(m *testing.M) {
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { server = c }))
}

// inContext makes a namespace that of the current context.
func inContext(t *testing.T, namespace string) {
	t.Helper()
	to := rest.CopyConfig(server.OperatorConfig)
	config := clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"test": {Server: to.Host, CertificateAuthorityData: to.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"test": {ClientCertificateData: to.CertData, ClientKeyData: to.KeyData, Impersonate: to.Impersonate.UserName, ImpersonateGroups: to.Impersonate.Groups}},
		Contexts:       map[string]*clientcmdapi.Context{"test": {Cluster: "test", AuthInfo: "test", Namespace: namespace}},
		CurrentContext: "test",
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(config, path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
}

// put creates an object with its status.
func put(t *testing.T, o client.Object) {
	t.Helper()
	wanted, _ := o.DeepCopyObject().(client.Object)
	if err := server.Admin.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, is := o.(*corev1.Secret); is {
		return
	}
	wanted.SetResourceVersion(o.GetResourceVersion())
	if err := server.Admin.Status().Update(t.Context(), wanted); err != nil {
		t.Fatal(err)
	}
}

// identity is a certificate that signed itself, for this machine, with its key.
func identity(t *testing.T) (pair tls.Certificate, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "me"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
	pair, err = tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return pair, certificate, key
}

// secured is a Kafka for clients with a certificate, its resource, and a user of it in another namespace.
func secured(t *testing.T) (users, cluster string) {
	t.Helper()
	users, cluster = kubetest.Namespace(t, server.Admin), kubetest.Namespace(t, server.Admin)
	pair, trusted, _ := identity(t)
	own, certificate, key := identity(t)
	clients := x509.NewCertPool()
	clients.AddCert(own.Leaf)
	at := kafkaInMemory(t, kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12,
	}))
	ready := []v1.Condition{{Type: v1.ConditionReady, Status: v1.ConditionTrue}}
	k := &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: cluster, Name: "my-cluster"}}
	k.Spec.Kafka.Listeners = []v1.Listener{
		{Name: "plain", Port: 9092, Type: v1.ListenerInternal},
		{Name: "tls", Port: 9093, Type: v1.ListenerInternal, TLS: true, Authentication: &v1.ListenerAuthentication{Type: v1.ListenerAuthenticationTLS}},
		{Name: "each", Port: 9094, Type: v1.ListenerClusterIP, TLS: true, Authentication: &v1.ListenerAuthentication{Type: v1.ListenerAuthenticationTLS}},
	}
	k.Status.Conditions = ready
	k.Status.Listeners = []v1.ListenerStatus{{Name: "tls", BootstrapServers: at, Certificates: []string{trusted}}}
	put(t, k)
	u := &v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{Namespace: users, Name: "my-user", Labels: map[string]string{v1.LabelCluster: "my-cluster"}}}
	u.Spec.Authentication = &v1.UserAuthentication{Type: v1.UserAuthenticationTLS}
	u.Status = v1.KafkaUserStatus{Conditions: ready, ObservedGeneration: 1, Username: "CN=my-user", Secret: "prefix-my-user"}
	put(t, u)
	put(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: users, Name: "prefix-my-user"},
		StringData: map[string]string{"ca.crt": certificate, "user.crt": certificate, "user.key": key},
	})
	return users, cluster
}

func TestPrintedSettingsConnect(t *testing.T) {
	users, cluster := secured(t)
	inContext(t, users)
	stdout, stderr, err := runWith(t, "", "client-config", "my-user", "--cluster-namespace", cluster)
	if err != nil {
		t.Fatal(err)
	}
	said := "listener tls (internal, SSL) of Kafka my-cluster; others that fit: each (cluster-ip, SSL) (--listener takes them)\n"
	if diff := cmp.Diff(said, stderr); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	properties := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(properties, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	_, at, _ := strings.Cut(stdout, "bootstrap.servers=")
	at, _, _ = strings.Cut(at, "\n")
	if listed, _, err := runWith(t, "", "topics", "import", "--bootstrap-server", at, "--command-config", properties); err != nil || !strings.Contains(listed, "name: orders\n") {
		t.Errorf("topics: %s, %v", listed, err)
	}
}

func TestSettingsAreWrittenWithTheirFiles(t *testing.T) {
	users, cluster := secured(t)
	inContext(t, "default")
	directory := filepath.Join(t.TempDir(), "my-user")
	arguments := []string{"client-config", "my-user", "-n", users, "--cluster-namespace", cluster, "--format", "pem-files", "--directory", directory}
	stdout, stderr, err := runWith(t, "", arguments...)
	if err != nil {
		t.Fatal(err)
	}
	if stdout != "" || !strings.Contains(stderr, directory+" has ca.crt, user.crt and user.key\n") ||
		!strings.Contains(stderr, "with security.protocol SSL, trust ca.crt, show user.crt with its key user.key\n") || strings.Contains(stderr, "BEGIN") {
		t.Errorf("standard output: %s, standard error: %s", stdout, stderr)
	}
	if _, err := tls.LoadX509KeyPair(filepath.Join(directory, "user.crt"), filepath.Join(directory, "user.key")); err != nil {
		t.Error(err)
	}
	_, _, err = runWith(t, "", arguments...)
	checkRefusal(t, "", err, []string{"has ca.crt, user.crt and user.key already: --force overwrites"})
	if _, _, err := runWith(t, "", append(arguments, "--force")...); err != nil {
		t.Error(err)
	}
	stdout, stderr, err = runWith(t, "", "client-config", "my-user", "-n", users, "--cluster-namespace", cluster, "--format", "kcat")
	if err != nil || !strings.Contains(stdout, "\nssl.key.location=user.key\n") || !strings.Contains(stderr, "this reads ca.crt, user.crt and user.key from the directory it is used in") {
		t.Errorf("standard output: %s, standard error: %s, %v", stdout, stderr, err)
	}
}

func TestObjectsThatAreMissingAreNamed(t *testing.T) {
	users, cluster := secured(t)
	inContext(t, users)
	refuses := func(want string, arguments ...string) {
		t.Helper()
		stdout, stderr, err := runWith(t, "", append([]string{"client-config"}, arguments...)...)
		checkRefusal(t, stdout+stderr, err, []string{want})
	}
	refuses("there is no KafkaUser other in namespace "+users+": name another, or another namespace with --namespace", "other")
	refuses("there is no Kafka my-cluster in namespace "+users+", which KafkaUser my-user is for: say with --cluster-namespace", "my-user")
	refuses("does not tell yet how listener each is reached", "my-user", "--cluster-namespace", cluster, "--listener", "each")
	refuses("listener plain of Kafka my-cluster in namespace "+cluster+" does not take users with authentication tls", "my-user", "--cluster-namespace", cluster, "--listener", "plain")
	if err := server.Admin.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: users, Name: "prefix-my-user"}}); err != nil {
		t.Fatal(err)
	}
	refuses("there is no Secret prefix-my-user in namespace "+users+" yet: the user operator makes it", "my-user", "--cluster-namespace", cluster)
}
