//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// TestUsers has clients of three kinds, Kafka's own tools, kcat and a Go program, use what the user operator gives them.
func TestUsers(t *testing.T) {
	w := newWorld(t, "users")
	w.apply("users.yaml")
	w.waitReady()
	w.user("alice", v1.UserAuthenticationTLS, "team")
	w.user("bob", v1.UserAuthenticationScramSha512, "team")
	w.user("carol", v1.UserAuthenticationTLS, "team")
	for _, name := range []string{"alice", "bob", "carol"} {
		w.userReady(name)
	}
	for _, topic := range []string{"team-one", "secret"} {
		w.tool("kafka-topics.sh", "--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1")
	}
	w.apply("client.yaml")
	w.running("client")
	t.Run("with Kafka's tools and the key store", func(t *testing.T) { inner(t, w).withTools("tls") })
	t.Run("with Kafka's tools and a password", func(t *testing.T) { inner(t, w).withTools("scram") })
	t.Run("with kcat and PEM files", func(t *testing.T) { inner(t, w).withKcat("carol") })
	t.Run("what Kafka's tools change is taken back", func(t *testing.T) { inner(t, w).takesBack() })
	t.Run("quotas slow a user down", func(t *testing.T) { inner(t, w).slowsDown() })
	t.Run("certificates are renewed while clients come and go", func(t *testing.T) { inner(t, w).renews() })
	t.Run("a deleted user is refused", func(t *testing.T) { inner(t, w).refusesTheDeleted() })
	w.expectNothingTold() // the operator's own log goes with it
	t.Run("nothing is left of the operator", func(t *testing.T) { inner(t, w).withoutUserOperator() })
}

// withTools: Kafka's own console tools may do what the rules say, and no more.
func (w *world) withTools(kind string) {
	w.t.Helper()
	settings := "--command-config /client/" + kind + ".properties --bootstrap-server my-cluster-kafka-bootstrap:" + map[string]string{"tls": "9093", "scram": "9094"}[kind]
	said := w.inClient(fmt.Sprintf("echo from-%s | kafka-console-producer.sh %s --topic team-one", kind, settings))
	if err := refusal(said); err != nil {
		w.t.Fatal(err)
	}
	said = w.inClient(fmt.Sprintf("kafka-console-consumer.sh %s --topic team-one --from-beginning --group team-%s --timeout-ms 20000 --max-messages 1", settings, kind))
	if err := contains(said, "Processed a total of 1 messages"); err != nil {
		w.t.Fatal(err)
	}
	denied := map[string]string{
		"Not authorized to access topics: [secret]": fmt.Sprintf("echo no | kafka-console-producer.sh %s --topic secret", settings),
		"Not authorized to access group: other":     fmt.Sprintf("kafka-console-consumer.sh %s --topic team-one --group other --timeout-ms 5000", settings),
		"ClusterAuthorizationException":             fmt.Sprintf("kafka-acls.sh %s --list", settings),
	}
	for want, command := range denied {
		if said := w.inClient(command); !strings.Contains(said, want) {
			w.t.Errorf("%s: expected %q:\n%s", command, want, said)
		}
	}
}

func refusal(said string) error {
	if strings.Contains(said, "ERROR") || strings.Contains(said, "Exception") {
		return errors.New(said)
	}
	return nil
}

// inClient runs a line in the client's pod and gives all that it says, whether it fails or not.
func (w *world) inClient(line string) string {
	w.t.Helper()
	out, _ := w.exec("client", "client", []string{"sh", "-c", "PATH=/opt/kafka/bin:$PATH; { " + line + "; } 2>&1"})
	return out
}

// withKcat: a client of the C library with the PEM files of a user.
func (w *world) withKcat(user string) {
	w.t.Helper()
	folder := w.t.TempDir()
	secret := w.secretOf(user)
	files := map[string][]byte{"user.crt": secret.Data["user.crt"], "user.key": secret.Data["user.key"], "ca.crt": w.secretOf(clusterName + "-cluster-ca-cert").Data["ca.crt"]}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	kcat := func(input string, arguments ...string) (string, error) {
		line := append([]string{
			"-b", fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9093", clusterName, w.namespace), "-X", "security.protocol=ssl", "-X", "ssl.ca.location=" + folder + "/ca.crt",
			"-X", "ssl.certificate.location=" + folder + "/user.crt", "-X", "ssl.key.location=" + folder + "/user.key", "-X", "message.timeout.ms=15000",
		}, arguments...)
		command := exec.CommandContext(w.ctx, "kcat", line...)
		command.Stdin = strings.NewReader(input)
		said, err := command.CombinedOutput()
		return string(said), err
	}
	if said, err := kcat("from-kcat\n", "-P", "-t", "team-one"); err != nil {
		w.t.Fatalf("%v: %s", err, said)
	}
	if said, err := kcat("", "-C", "-t", "team-one", "-o", "beginning", "-e"); err != nil || !strings.Contains(said, "from-kcat") {
		w.t.Fatalf("%v: %s", err, said)
	}
	for _, arguments := range [][]string{{"-P", "-t", "secret"}, {"-C", "-t", "secret", "-o", "beginning", "-e"}} {
		if said, err := kcat("no\n", arguments...); err == nil || !strings.Contains(strings.ToLower(said), "authorization failed") {
			w.t.Errorf("%v: %v, expected to be refused:\n%s", arguments, err, said)
		}
	}
}

// takesBack: what Kafka's tools change about users is undone at the next look.
func (w *world) takesBack() {
	w.t.Helper()
	w.changeUser("alice", func(u *v1.KafkaUser) {
		u.Spec.Quotas = &v1.UserQuotas{RequestPercentage: new(int32(55)), ControllerMutationRate: new(10.0)}
	})
	w.userReady("alice")
	w.eventually("the quotas are in Kafka", func() error {
		return contains(w.quotas("CN=alice"), "Quota configs for user-principal 'CN=alice'", "request_percentage=55.0", "controller_mutation_rate=10.0")
	})
	w.tool("kafka-acls.sh", "--add", "--allow-principal", "User:CN=alice", "--operation", "Read", "--topic", "secret")
	w.tool("kafka-acls.sh", "--remove", "--force", "--allow-principal", "User:CN=alice", "--operation", "Read", "--group", "team", "--resource-pattern-type", "prefixed")
	w.tool("kafka-acls.sh", "--add", "--allow-principal", "User:nobody", "--operation", "Read", "--topic", "secret")
	w.tool("kafka-configs.sh", "--alter", "--entity-type", "users", "--entity-name", "CN=alice", "--add-config", "request_percentage=99,producer_byte_rate=5")
	w.eventually("what Kafka's tools changed is taken back", func() error {
		if is := w.tool("kafka-acls.sh", "--list", "--topic", "secret"); strings.Contains(is, "User:") {
			return errors.New(is)
		}
		if err := contains(w.tool("kafka-acls.sh", "--list", "--principal", "User:CN=alice"), "resourceType=GROUP, name=team, patternType=PREFIXED"); err != nil {
			return err
		}
		if is := w.quotas("CN=alice"); strings.Contains(is, "producer_byte_rate") || !strings.Contains(is, "request_percentage=55.0") {
			return errors.New(is)
		}
		return nil
	})
	w.tool("kafka-configs.sh", "--alter", "--entity-type", "users", "--entity-name", "bob", "--add-config", "SCRAM-SHA-512=[password=another]")
	w.eventually("the password is that of the Secret again", func() error { return w.login("bob", string(w.secretOf("bob").Data["password"])) })
}

func (w *world) quotas(name string) string {
	w.t.Helper()
	return w.tool("kafka-configs.sh", "--describe", "--entity-type", "users", "--entity-name", name)
}

// slowsDown: Kafka makes who exceeds a quota wait.
func (w *world) slowsDown() {
	w.t.Helper()
	w.changeUser("carol", func(u *v1.KafkaUser) { u.Spec.Quotas = &v1.UserQuotas{ProducerByteRate: new(int64(20_000))} })
	w.userReady("carol")
	throttled := &throttling{}
	// Zeros would hardly be sent at all.
	c := w.as("carol", kgo.WithHooks(throttled), kgo.ProducerBatchCompression(kgo.NoCompression()))
	defer c.Close()
	w.eventually("a user who exceeds the quota is made to wait", func() error {
		if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: make([]byte, 100_000)}).FirstErr(); err != nil {
			return err
		}
		if waited := time.Duration(throttled.longest.Load()); waited < time.Second {
			return fmt.Errorf("made to wait for %s", waited)
		}
		return nil
	})
	w.t.Logf("quota of 20 kB/s: the longest wait that Kafka asked for was %s", time.Duration(throttled.longest.Load()))
	w.changeUser("carol", func(u *v1.KafkaUser) { u.Spec.Quotas = nil })
	w.userReady("carol")
	w.eventually("nothing is left of the quota", func() error {
		if is := w.quotas("CN=carol"); strings.Contains(is, "producer_byte_rate") {
			return errors.New(is)
		}
		return nil
	})
}

// throttling notes how long Kafka had a client wait.
type throttling struct{ longest atomic.Int64 }

// OnBrokerThrottle is called by kgo.
func (t *throttling) OnBrokerThrottle(_ kgo.BrokerMetadata, interval time.Duration, _ bool) {
	if int64(interval) > t.longest.Load() {
		t.longest.Store(int64(interval))
	}
}

// renews: a certificate that lives ninety seconds is renewed twice, while a client connects again and again with what the Secret has, and
// the earlier certificate holds until its end.
func (w *world) renews() {
	w.t.Helper()
	w.user("dave", v1.UserAuthenticationTLS, "team", func(u *v1.KafkaUser) {
		u.Annotations = map[string]string{v1.AnnotationLifetime: "90s", v1.AnnotationRenewBefore: "60s"}
	})
	w.userReady("dave")
	first := w.clientOf("dave")
	serials := map[string]bool{}
	connections := 0
	w.eventually("the certificate is renewed twice", func() error {
		settings := w.clientOf("dave")
		c := w.connect(settings)
		defer c.Close()
		if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: []byte("x")}).FirstErr(); err != nil {
			w.t.Fatalf("connection %d: %v", connections, err)
		}
		connections++
		if serials[serial(w.t, settings)] = true; len(serials) == 2 {
			c := w.connect(first)
			defer c.Close()
			if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: []byte("x")}).FirstErr(); err != nil && time.Now().Before(leaf(w.t, first).NotAfter) {
				w.t.Fatalf("with the earlier certificate: %v", err)
			}
		}
		if len(serials) < 3 {
			return fmt.Errorf("%d certificates so far", len(serials))
		}
		return nil
	})
	w.t.Logf("%d connections with %d certificates, none refused", connections, len(serials))
	w.deleteUser("dave")
}

func leaf(t *testing.T, settings *tls.Config) *x509.Certificate {
	t.Helper()
	out, err := x509.ParseCertificate(settings.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func serial(t *testing.T, settings *tls.Config) string {
	t.Helper()
	return leaf(t, settings).SerialNumber.String()
}

// refusesTheDeleted: the next connection of a user with a password is refused, and the next request of one with a certificate.
func (w *world) refusesTheDeleted() {
	w.t.Helper()
	password := string(w.secretOf("bob").Data["password"])
	if err := w.login("bob", password); err != nil {
		w.t.Fatal(err)
	}
	c := w.as("carol")
	defer c.Close()
	if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: []byte("x")}).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"bob", "carol"} {
		w.deleteUser(name)
		w.absent(&corev1.Secret{}, name)
	}
	w.eventually("the password is refused", func() error {
		if err := w.login("bob", password); !errors.Is(err, kerr.SaslAuthenticationFailed) {
			return fmt.Errorf("it is not: %w", err)
		}
		return nil
	})
	w.eventually("the certificate may do nothing", func() error {
		if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: []byte("x")}).FirstErr(); !errors.Is(err, kerr.TopicAuthorizationFailed) {
			return fmt.Errorf("it may: %w", err)
		}
		return nil
	})
	w.eventually("nothing about them is left in Kafka", func() error {
		rules := w.tool("kafka-acls.sh", "--list")
		credentials := w.tool("kafka-configs.sh", "--describe", "--entity-type", "users")
		if strings.Contains(rules+credentials, "bob") || strings.Contains(rules+credentials, "carol") {
			return errors.New(rules + credentials)
		}
		return nil
	})
}

// withoutUserOperator: what the cluster operator made for it goes, and users keep what they have.
func (w *world) withoutUserOperator() {
	w.t.Helper()
	w.change(func(k *v1.Kafka) { k.Spec.EntityOperator = nil })
	w.absent(&appsv1.Deployment{}, entityOperator)
	w.absent(&corev1.Secret{}, clusterName+"-entity-user-operator-certs")
	c := w.as("alice")
	defer c.Close()
	if err := c.ProduceSync(w.ctx, &kgo.Record{Topic: "team-one", Value: []byte("x")}).FirstErr(); err != nil {
		w.t.Error(err)
	}
}

// user makes a user who may use the topics and groups whose names begin like that.
func (w *world) user(name string, how v1.UserAuthenticationType, prefix string, changes ...func(*v1.KafkaUser)) {
	w.t.Helper()
	u := &v1.KafkaUser{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: clusterName}},
		Spec: v1.KafkaUserSpec{
			Authentication: &v1.UserAuthentication{Type: how},
			Authorization: &v1.UserAuthorization{Type: v1.UserAuthorizationSimple, ACLs: []v1.ACLRule{
				{Resource: v1.ACLResource{Type: v1.ACLTopic, Name: prefix, PatternType: v1.ACLPrefix}, Operations: []v1.ACLOperation{"Read", "Write", "Describe"}},
				{Resource: v1.ACLResource{Type: v1.ACLGroup, Name: prefix, PatternType: v1.ACLPrefix}, Operations: []v1.ACLOperation{"Read"}},
			}},
		},
	}
	for _, change := range changes {
		change(u)
	}
	if err := w.client.Create(w.ctx, u); err != nil {
		w.t.Fatalf("create user %s: %v", name, err)
	}
}

func (w *world) getUser(name string) *v1.KafkaUser {
	w.t.Helper()
	var u v1.KafkaUser
	if err := w.client.Get(w.ctx, w.key(name), &u); err != nil {
		w.t.Fatalf("read user %s: %v", name, err)
	}
	return &u
}

func (w *world) changeUser(name string, change func(*v1.KafkaUser)) {
	w.t.Helper()
	u := w.getUser(name)
	before := u.DeepCopy()
	change(u)
	if err := w.client.Patch(w.ctx, u, client.MergeFrom(before)); err != nil {
		w.t.Fatalf("change user %s: %v", name, err)
	}
}

func (w *world) deleteUser(name string) {
	w.t.Helper()
	if err := w.client.Delete(w.ctx, w.getUser(name)); err != nil {
		w.t.Fatalf("delete user %s: %v", name, err)
	}
}

func (w *world) userReady(name string) {
	w.t.Helper()
	w.eventually("user "+name+" is ready", func() error {
		u := w.getUser(name)
		for _, c := range u.Status.Conditions {
			if c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue && u.Status.ObservedGeneration == u.Generation {
				return nil
			}
		}
		return fmt.Errorf("generation %d: %+v", u.Generation, u.Status)
	})
}

func (w *world) secretOf(name string) *corev1.Secret {
	w.t.Helper()
	var out corev1.Secret
	if err := w.client.Get(w.ctx, w.key(name), &out); err != nil {
		w.t.Fatalf("read Secret %s: %v", name, err)
	}
	return &out
}

// clientOf is what the Secret of a user has now.
func (w *world) clientOf(name string) *tls.Config {
	w.t.Helper()
	secret := w.secretOf(name)
	pair, err := tls.X509KeyPair(secret.Data["user.crt"], secret.Data["user.key"])
	if err != nil {
		w.t.Fatalf("Secret %s: %v", name, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, RootCAs: w.roots()}
}

func (w *world) roots() *x509.CertPool {
	w.t.Helper()
	out := x509.NewCertPool()
	out.AppendCertsFromPEM(w.secretOf(clusterName + "-cluster-ca-cert").Data["ca.crt"])
	return out
}

// as connects with the certificate of a user.
func (w *world) as(name string, opts ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	return w.connect(w.clientOf(name), opts...)
}

func (w *world) connect(settings *tls.Config, opts ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	base := []kgo.Opt{
		kgo.SeedBrokers(fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9093", clusterName, w.namespace)), kgo.DialTLSConfig(settings),
		kgo.DisableIdempotentWrite(), kgo.RecordRetries(0), kgo.RequiredAcks(kgo.AllISRAcks()),
	}
	c, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// login tries a password.
func (w *world) login(name, password string) error {
	w.t.Helper()
	c, err := kgo.NewClient(
		kgo.SeedBrokers(fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9094", clusterName, w.namespace)),
		kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.roots()}),
		kgo.SASL(scram.Auth{User: name, Pass: password}.AsSha512Mechanism()),
	)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	_, err = kmsg.NewPtrMetadataRequest().RequestWith(ctx, c)
	return err
}

// running waits for a pod.
func (w *world) running(name string) {
	w.t.Helper()
	w.eventually("pod "+name+" runs", func() error {
		var pod corev1.Pod
		if err := w.client.Get(w.ctx, w.key(name), &pod); err != nil {
			return err
		}
		if !podReady(&pod) {
			return fmt.Errorf("it is %s", pod.Status.Phase)
		}
		return nil
	})
}
