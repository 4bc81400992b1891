//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

const entityOperator = clusterName + "-entity-operator"

// TestTopics has Kafka's own tools as the other side.
func TestTopics(t *testing.T) {
	w := newWorld(t, "topics")
	w.apply("topics.yaml")
	w.waitReady()
	w.oneWay()
	w.replicationFactors()
	before := w.pods()
	w.change(func(k *v1.Kafka) { k.Annotations[v1.AnnotationTopicSync] = "two-way" })
	w.change(func(k *v1.Kafka) {
		metav1.SetMetaDataAnnotation(&k.ObjectMeta, v1.AnnotationTopicSyncIntervalMs, "2000")
	})
	w.twoWay()
	w.sameNodes(before)
	w.withoutEntityOperator()
}

// oneWay: the resource is right about everything.
func (w *world) oneWay() {
	w.t.Helper()
	w.topic("orders", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Replicas = new(int32(3)), new(int32(2))
		t.Spec.Config = v1.FreeForm{"retention.ms": []byte("7200000")}
	})
	w.topicReady("orders")
	w.expectInKafka("orders", "PartitionCount: 3", "ReplicationFactor: 2", "retention.ms=7200000")
	w.tool("kafka-configs.sh", "--alter", "--entity-type", "topics", "--entity-name", "orders", "--add-config", "retention.ms=1,max.message.bytes=5000")
	w.eventually("what Kafka's tools changed is taken back", func() error {
		if is := w.describe("orders"); !strings.Contains(is, "retention.ms=7200000") || strings.Contains(is, "max.message.bytes") {
			return errors.New(is)
		}
		return nil
	})
	w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Partitions = new(int32(5)) })
	w.topicReady("orders")
	w.expectInKafka("orders", "PartitionCount: 5")
	w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Partitions = new(int32(2)) })
	w.topicRefused("orders", v1.ReasonNotSupported, "Decreasing partitions not supported")
	w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Partitions = new(int32(5)) })
	w.topicReady("orders")
	w.topic("too-many", func(t *v1.KafkaTopic) { t.Spec.Replicas = new(int32(4)) })
	w.topicRefused("too-many", v1.ReasonKafka, "org.apache.kafka.common.errors.InvalidReplicationFactorException: ")
	w.topic("wrong", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"min.insync.replicas": []byte(`"x"`)} })
	w.topicRefused("wrong", v1.ReasonKafka, "Invalid value x for configuration min.insync.replicas")
	w.deleteTopic("wrong")
	w.deleteTopic("too-many")
	w.absent(&v1.KafkaTopic{}, "wrong")
	w.absent(&v1.KafkaTopic{}, "too-many")
}

// replicationFactors are changed by Kafka itself.
func (w *world) replicationFactors() {
	w.t.Helper()
	for _, factor := range []int32{3, 1, 2} {
		w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Replicas = new(factor) })
		w.eventually(fmt.Sprintf("all partitions have %d replicas", factor), func() error {
			is := w.getTopic("orders")
			if is.Status.ReplicasChange != nil || is.Status.ObservedGeneration != is.Generation {
				return fmt.Errorf("%+v", is.Status.ReplicasChange)
			}
			text := w.describe("orders")
			if got := strings.Count(text, "Replicas: "); got != 5 || !strings.Contains(text, fmt.Sprintf("ReplicationFactor: %d", factor)) || strings.Contains(text, "Adding Replicas: ") && strings.Contains(text, "throttled") {
				return errors.New(text)
			}
			return nil
		})
	}
	w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Replicas = new(int32(4)) })
	w.eventually("it says that there are not enough brokers", func() error {
		is := w.getTopic("orders").Status
		if c := is.ReplicasChange; c == nil || c.State != v1.ReplicasChangePending || c.TargetReplicas != 4 ||
			!strings.Contains(c.Message, "Requested RF cannot be more than number of alive brokers") {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	w.topicReady("orders")
	w.changeTopic("orders", func(t *v1.KafkaTopic) { t.Spec.Replicas = new(int32(2)) })
	w.eventually("the wish is taken back", func() error {
		if c := w.getTopic("orders").Status.ReplicasChange; c != nil {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	w.eventually("nothing is left of the throttle", func() error {
		topics := w.describe("orders")
		brokers := w.tool("kafka-configs.sh", "--describe", "--entity-type", "brokers")
		if strings.Contains(topics, "throttled") || strings.Contains(brokers, "throttled.rate") {
			return errors.New(topics + brokers)
		}
		return nil
	})
}

// twoWay: changes to either side meet.
func (w *world) twoWay() {
	w.t.Helper()
	w.tool("kafka-topics.sh", "--create", "--topic", "From_Tools", "--partitions", "2", "--replication-factor", "2", "--config", "retention.ms=99000")
	w.tool("kafka-topics.sh", "--create", "--topic", "__hidden", "--partitions", "1", "--replication-factor", "1")
	var name string
	w.eventually("the topic has a resource", func() error {
		var all v1.KafkaTopicList
		if err := w.client.List(w.ctx, &all, client.InNamespace(w.namespace)); err != nil {
			return err
		}
		i := slices.IndexFunc(all.Items, func(t v1.KafkaTopic) bool { return t.Spec.TopicName == "From_Tools" })
		if i < 0 || len(all.Items) != 2 {
			return fmt.Errorf("%d resources", len(all.Items))
		}
		name = all.Items[i].Name
		return nil
	})
	w.topicReady(name)
	w.tool("kafka-topics.sh", "--alter", "--topic", "From_Tools", "--partitions", "4")
	w.tool("kafka-configs.sh", "--alter", "--entity-type", "topics", "--entity-name", "From_Tools", "--add-config", "segment.bytes=2000000")
	w.changeTopic(name, func(t *v1.KafkaTopic) { t.Spec.Config["retention.ms"] = []byte("88000") })
	w.eventually("both sides are the same", func() error {
		is := w.getTopic(name)
		if *is.Spec.Partitions != 4 || string(is.Spec.Config["segment.bytes"]) != "2000000" || string(is.Spec.Config["retention.ms"]) != "88000" {
			return fmt.Errorf("spec: %d %v", *is.Spec.Partitions, is.Spec.Config)
		}
		return contains(w.describe("From_Tools"), "PartitionCount: 4", "segment.bytes=2000000", "retention.ms=88000")
	})
	w.tool("kafka-topics.sh", "--delete", "--topic", "From_Tools")
	w.absent(&v1.KafkaTopic{}, name)
	w.deleteTopic("orders")
	w.absent(&v1.KafkaTopic{}, "orders")
	if is := w.tool("kafka-topics.sh", "--list"); strings.Contains(is, "orders") || strings.Contains(is, "From_Tools") {
		w.t.Errorf("topics: %s", is)
	}
}

// withoutEntityOperator: what the operator made for it goes, and the topics stay.
func (w *world) withoutEntityOperator() {
	w.t.Helper()
	w.topic("stays", nil)
	w.topicReady("stays")
	w.change(func(k *v1.Kafka) { k.Spec.EntityOperator = nil })
	w.absent(&appsv1.Deployment{}, entityOperator)
	w.absent(&corev1.ServiceAccount{}, entityOperator)
	w.absent(&corev1.Secret{}, clusterName+"-entity-topic-operator-certs")
	w.expectInKafka("stays", "PartitionCount: 1")
	// Nobody is left who would take the finalizer away.
	w.changeTopic("stays", func(t *v1.KafkaTopic) { t.Finalizers = nil })
}

func (w *world) topic(name string, change func(*v1.KafkaTopic)) {
	w.t.Helper()
	t := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: clusterName}}}
	if change != nil {
		change(t)
	}
	if err := w.client.Create(w.ctx, t); err != nil {
		w.t.Fatalf("create topic %s: %v", name, err)
	}
}

func (w *world) getTopic(name string) *v1.KafkaTopic {
	w.t.Helper()
	var t v1.KafkaTopic
	if err := w.client.Get(w.ctx, w.key(name), &t); err != nil {
		w.t.Fatalf("read topic %s: %v", name, err)
	}
	return &t
}

func (w *world) changeTopic(name string, change func(*v1.KafkaTopic)) {
	w.t.Helper()
	t := w.getTopic(name)
	before := t.DeepCopy()
	change(t)
	if err := w.client.Patch(w.ctx, t, client.MergeFrom(before)); err != nil {
		w.t.Fatalf("change topic %s: %v", name, err)
	}
}

func (w *world) deleteTopic(name string) {
	w.t.Helper()
	if err := w.client.Delete(w.ctx, w.getTopic(name)); err != nil {
		w.t.Fatalf("delete topic %s: %v", name, err)
	}
}

func (w *world) topicReady(name string) {
	w.t.Helper()
	w.eventually("topic "+name+" is ready", func() error {
		return topicSays(w.getTopic(name), v1.ConditionTrue, "", "")
	})
}

func (w *world) topicRefused(name, reason, message string) {
	w.t.Helper()
	w.eventually("topic "+name+" is refused", func() error {
		return topicSays(w.getTopic(name), v1.ConditionFalse, reason, message)
	})
}

func topicSays(t *v1.KafkaTopic, status, reason, message string) error {
	for _, c := range t.Status.Conditions {
		if c.Type == v1.ConditionReady && c.Status == status && c.Reason == reason && strings.Contains(c.Message, message) && t.Status.ObservedGeneration == t.Generation {
			return nil
		}
	}
	return fmt.Errorf("generation %d: %+v", t.Generation, t.Status)
}

func (w *world) describe(name string) string {
	w.t.Helper()
	return w.tool("kafka-topics.sh", "--describe", "--topic", name)
}

func (w *world) expectInKafka(name string, texts ...string) {
	w.t.Helper()
	if err := contains(w.describe(name), texts...); err != nil {
		w.t.Error(err)
	}
}

func contains(is string, texts ...string) error {
	for _, text := range texts {
		if !strings.Contains(is, text) {
			return fmt.Errorf("%q is not in:\n%s", text, is)
		}
	}
	return nil
}

// tool runs one of Kafka's tools in a broker's container.
func (w *world) tool(name string, arguments ...string) string {
	w.t.Helper()
	out, err := w.exec(clusterName+"-dual-0", "kafka", append([]string{"/opt/kafka/bin/" + name, "--bootstrap-server", "localhost:9092"}, arguments...))
	if err != nil {
		w.t.Fatalf("%s %v: %v\n%s", name, arguments, err, out)
	}
	return out
}

// exec runs a command in a container, and gives what it says; with an error also what it says about that.
func (w *world) exec(pod, container string, command []string) (string, error) {
	w.t.Helper()
	connection, err := ctrl.GetConfig()
	if err != nil {
		w.t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(connection)
	if err != nil {
		w.t.Fatal(err)
	}
	request := clients.CoreV1().RESTClient().Post().Resource("pods").Namespace(w.namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, clientgoscheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(connection, "GET", request.URL().String())
	if err != nil {
		w.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if err := executor.StreamWithContext(w.ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &errs}); err != nil {
		return out.String() + errs.String(), err
	}
	return out.String(), nil
}

// sameNodes expects that no node of the cluster was restarted.
func (w *world) sameNodes(before map[string]*corev1.Pod) {
	w.t.Helper()
	after := w.pods()
	for name, was := range before {
		if is := after[name]; strings.HasPrefix(name, clusterName+"-dual-") && (is == nil || is.UID != was.UID) {
			w.t.Errorf("node %s was restarted", name)
		}
	}
}
