//go:build apiserver

package topic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	topiccontroller "castellan.io/castellan/internal/controller/topic"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/topic"
)

var (
	api    client.WithWatch
	config *rest.Config
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, config = c.Admin, c.OperatorConfig }))
}

const (
	cluster  = "my-cluster"
	patience = time.Minute
)

// world is a namespace with an operator, and a Kafka in memory.
type world struct {
	*testing.T
	namespace string
	fake      *kfake.Cluster
	kafka     *kadm.Client
	// wire is what the requests of operators to the API server pass, if it is set.
	wire transport.WrapperFunc
	stop func()
}

// newWorld starts an operator with the rights of the install files.
func newWorld(t *testing.T, change func(*topiccontroller.Options)) *world {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.DefaultNumPartitions(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	raw, err := kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...), kgo.MetadataMinAge(10*time.Millisecond), kgo.MetadataMaxAge(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(raw.Close)
	w := &world{T: t, namespace: kubetest.Namespace(t, api), fake: fake, kafka: kadm.NewClient(raw)}
	w.bind()
	w.start(change)
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) account() string {
	return "system:serviceaccount:" + w.namespace + ":my-cluster-entity-operator"
}

func (w *world) bind() {
	w.Helper()
	w.must(api.Create(w.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "entity"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: w.namespace, Name: "my-cluster-entity-operator"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "strimzi-entity-operator"},
	}))
}

// start runs an operator until stop.
func (w *world) start(change func(*topiccontroller.Options)) {
	w.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: w.account(), Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	if w.wire != nil {
		as.Wrap(w.wire)
	}
	connected, err := apiserver.Connect(as)
	w.must(err)
	kafka, err := broker.OpenTopics(broker.Access{Brokers: w.fake.ListenAddrs()})
	w.must(err)
	exclusion, err := topic.ParseExclusion(topic.DefaultExclusion)
	w.must(err)
	options := topiccontroller.Options{
		API: connected, Kafka: kafka, Replicas: topiccontroller.NewReassigner(kafka, 0),
		Namespace: w.namespace, Labels: map[string]string{v1.LabelCluster: cluster}, Resync: time.Hour, Finalizers: true,
		BatchSize: 1000, BatchLinger: time.Millisecond, Workers: 4, Alterable: topic.ParseAlterable("ALL"), Mode: topic.Revert,
		Exclusion: exclusion, SyncInterval: 200 * time.Millisecond, Now: time.Now,
	}
	if change != nil {
		change(&options)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	operator, err := topiccontroller.New(options)
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

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// resource makes a KafkaTopic; create stores it.
func (w *world) resource(name string, change func(*v1.KafkaTopic)) *v1.KafkaTopic {
	out := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: cluster}}}
	if change != nil {
		change(out)
	}
	return out
}

func (w *world) create(name string, change func(*v1.KafkaTopic)) *v1.KafkaTopic {
	w.Helper()
	out := w.resource(name, change)
	w.must(api.Create(w.Context(), out))
	return out
}

// update changes a resource as a user does.
func (w *world) update(name string, change func(*v1.KafkaTopic)) {
	w.Helper()
	for {
		t := &v1.KafkaTopic{}
		w.must(api.Get(w.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, t))
		change(t)
		err := api.Update(w.Context(), t)
		if apierrors.IsConflict(err) {
			continue
		}
		w.must(err)
		return
	}
}

func (w *world) delete(name string) {
	w.Helper()
	w.must(api.Delete(w.Context(), w.resource(name, nil)))
}

// get reads a resource; nil if there is none.
func (w *world) get(name string) *v1.KafkaTopic {
	w.Helper()
	t := &v1.KafkaTopic{}
	err := api.Get(w.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, t)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return t
}

// eventually waits until look finds nothing wrong.
func (w *world) eventually(what string, look func() error) {
	w.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = look(); err == nil {
			return
		}
	}
	w.Fatalf("%s: %v", what, err)
}

// never looks for a while whether something stays as it is.
func (w *world) never(what string, look func() error) {
	w.Helper()
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err := look(); err != nil {
			w.Fatalf("%s: %v", what, err)
		}
	}
}

func condition(t *v1.KafkaTopic, kind string) *v1.Condition {
	for i := range t.Status.Conditions {
		if t.Status.Conditions[i].Type == kind {
			return &t.Status.Conditions[i]
		}
	}
	return nil
}

// ready waits until a resource is Ready for its newest generation.
func (w *world) ready(name string) *v1.KafkaTopic {
	w.Helper()
	var out *v1.KafkaTopic
	w.eventually(name+" is Ready", func() error {
		out = w.get(name)
		return isReady(out)
	})
	return out
}

func isReady(t *v1.KafkaTopic) error {
	if t == nil {
		return errors.New("it does not exist")
	}
	if c := condition(t, v1.ConditionReady); c == nil || c.Status != v1.ConditionTrue || t.Status.ObservedGeneration != t.Generation {
		text, _ := json.Marshal(t.Status)
		return fmt.Errorf("generation %d, status %s", t.Generation, text)
	}
	return nil
}

// refused waits until a resource says Ready=False for the reason, and gives the message.
func (w *world) refused(name, reason string) string {
	w.Helper()
	var message string
	w.eventually(name+" is refused", func() error {
		t := w.get(name)
		if t == nil {
			return errors.New("it does not exist")
		}
		c := condition(t, v1.ConditionReady)
		if c == nil || c.Status != v1.ConditionFalse || c.Reason != reason || t.Status.ObservedGeneration != t.Generation {
			text, _ := json.Marshal(t.Status)
			return fmt.Errorf("generation %d, status %s", t.Generation, text)
		}
		message = c.Message
		return nil
	})
	return message
}

func (w *world) gone(name string) {
	w.Helper()
	w.eventually(name+" is gone", func() error {
		if t := w.get(name); t != nil {
			text, _ := json.Marshal(t.Status)
			return fmt.Errorf("it exists, with finalizers %v and status %s", t.Finalizers, text)
		}
		return nil
	})
}

// inKafka describes a topic; false if there is none.
func (w *world) inKafka(name string) (kadm.TopicDetail, bool) {
	w.Helper()
	topics, err := w.kafka.ListTopics(w.Context(), name)
	w.must(err)
	detail, has := topics[name]
	return detail, has && detail.Err == nil
}

// options are the options that a topic has for itself.
func (w *world) options(name string) map[string]string {
	w.Helper()
	configs, err := w.kafka.DescribeTopicConfigs(w.Context(), name)
	w.must(err)
	out := map[string]string{}
	for _, c := range configs[0].Configs {
		if c.Source.String() == "DYNAMIC_TOPIC_CONFIG" && c.Value != nil {
			out[c.Key] = *c.Value
		}
	}
	return out
}

// set changes an option as Kafka's tools do; nil removes it.
func (w *world) set(name, option string, value *string) {
	w.Helper()
	op := kadm.SetConfig
	if value == nil {
		op = kadm.DeleteConfig
	}
	responses, err := w.kafka.AlterTopicConfigs(w.Context(), []kadm.AlterConfig{{Op: op, Name: option, Value: value}}, name)
	w.must(err)
	w.must(responses[0].Err)
}

func (w *world) makeInKafka(partitions int32, options map[string]*string, names ...string) {
	w.Helper()
	responses, err := w.kafka.CreateTopics(w.Context(), partitions, 1, options, names...)
	w.must(err)
	for _, r := range responses {
		w.must(r.Err)
	}
}

func (w *world) deleteInKafka(names ...string) {
	w.Helper()
	responses, err := w.kafka.DeleteTopics(w.Context(), names...)
	w.must(err)
	for _, r := range responses {
		w.must(r.Err)
	}
}

func text(s string) *string { return &s }

func number(n int32) *int32 { return &n }

func raw(n int) json.RawMessage { return json.RawMessage(strconv.Itoa(n)) }
