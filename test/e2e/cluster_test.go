//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// TestCluster takes one cluster of three combined nodes through its life. Its parts build on one another.
func TestCluster(t *testing.T) {
	w := newWorld(t, "cluster")
	w.apply("combined.yaml")
	w.waitReady()

	run := func(name string, part func(*world)) {
		t.Run(name, func(t *testing.T) { part(inner(t, w)) })
		if t.Failed() {
			t.FailNow()
		}
	}
	run("status says where the cluster is", statusIsComplete)
	run("no record is lost when a broker goes", survivesBrokerLoss)
	run("data outlives all pods", survivesAllPods)
	run("an unchanged resource changes nothing", staysUntouched)
	run("a changed configuration rolls node by node under load", rollsUnderLoad)
	run("a roll goes on after the operator was killed", rollSurvivesOperator)
	run("a second replica takes over a roll", replicaTakesOver)
	run("a controller comes and goes under load", controllersComeAndGo)
	run("a paused cluster is left alone", pauses)
	run("what cannot work changes nothing", refusesBadSpecs)
	run("deletion collects everything but the data", collects)
}

func statusIsComplete(w *world) {
	k := w.kafka()
	if k.Status.ClusterID == "" || k.Status.KafkaVersion != "4.3.1" || k.Status.KafkaMetadataVersion != "4.3-IV0" {
		w.t.Errorf("cluster id %q, version %q, metadata version %q", k.Status.ClusterID, k.Status.KafkaVersion, k.Status.KafkaMetadataVersion)
	}
	var listeners []string
	for _, l := range k.Status.Listeners {
		listeners = append(listeners, fmt.Sprintf("%s %s %d", l.Name, l.BootstrapServers, len(l.Certificates)))
	}
	host := clusterName + "-kafka-bootstrap." + w.namespace + ".svc"
	if diff := cmp.Diff([]string{"plain " + host + ":9092 0", "tls " + host + ":9093 1"}, listeners); diff != "" {
		w.t.Errorf("listeners (-want +got):\n%s", diff)
	}
	var pool v1.KafkaNodePool
	if err := w.client.Get(w.ctx, w.key("dual"), &pool); err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{0, 1, 2}, pool.Status.NodeIDs); diff != "" {
		w.t.Errorf("node ids (-want +got):\n%s", diff)
	}
}

func survivesBrokerLoss(w *world) {
	w.createTopic(w.dial(), "loss", 6, 3)
	w.produce("loss", 0, 5000)
	l := make(chan struct{})
	go func() {
		defer close(l)
		w.produce("loss", 5000, 10000)
	}()
	w.deletePod(clusterName + "-dual-1")
	<-l
	w.expectRecords("loss", 10000)
}

func survivesAllPods(w *world) {
	claims := w.claims()
	if len(claims) != 3 {
		w.t.Fatalf("claims: %v", claims)
	}
	for name := range w.pods() {
		w.deletePod(name)
	}
	w.waitReady()
	w.expectRecords("loss", 10000)
	if diff := cmp.Diff(claims, w.claims()); diff != "" {
		w.t.Errorf("claims changed (-before +after):\n%s", diff)
	}
}

// claims returns the uids of the cluster's volume claims by name.
func (w *world) claims() map[string]types.UID {
	w.t.Helper()
	var list corev1.PersistentVolumeClaimList
	if err := w.client.List(w.ctx, &list, client.InNamespace(w.namespace)); err != nil {
		w.t.Fatal(err)
	}
	out := map[string]types.UID{}
	for i := range list.Items {
		out[list.Items[i].Name] = list.Items[i].UID
	}
	return out
}

// staysUntouched restarts the operator, whose first act is to apply everything again: no object may change.
func staysUntouched(w *world) {
	before := w.versions()
	w.restartOperator()
	w.poke()
	if diff := cmp.Diff(before, w.versions()); diff != "" {
		w.t.Errorf("objects changed (-before +after):\n%s", diff)
	}
}

// versions returns the resource versions of everything that the operator made.
func (w *world) versions() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, list := range []client.ObjectList{
		&corev1.ConfigMapList{}, &corev1.SecretList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{},
		&corev1.PersistentVolumeClaimList{}, &podsetv1.StrimziPodSetList{}, &corev1.PodList{}, &v1.KafkaNodePoolList{},
	} {
		if err := w.client.List(w.ctx, list, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelCluster: clusterName}); err != nil {
			w.t.Fatal(err)
		}
		raw, err := json.Marshal(list)
		if err != nil {
			w.t.Fatal(err)
		}
		var items struct {
			Items []struct {
				Metadata struct{ Name, ResourceVersion string }
			}
		}
		if err := json.Unmarshal(raw, &items); err != nil {
			w.t.Fatal(err)
		}
		for _, i := range items.Items {
			out[fmt.Sprintf("%T %s", list, i.Metadata.Name)] = i.Metadata.ResourceVersion
		}
	}
	return out
}

func rollsUnderLoad(w *world) {
	w.createTopic(w.dial(), "roll", 6, 3)
	before := w.pods()
	l := w.startLoad("roll")
	watch := w.watchDisruption()
	w.change(func(k *v1.Kafka) { k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("99") })
	w.waitReady()
	watch.finish(w)
	l.finish()
	w.expectAllReplaced(before)
	w.expectConfig("log.retention.hours", "99")
	w.expectEvents("PodHasOldRevision", 3)
}

func (w *world) expectAllReplaced(before map[string]*corev1.Pod) {
	w.t.Helper()
	for name, pod := range w.pods() {
		if old := before[name]; old != nil && old.UID == pod.UID {
			w.t.Errorf("pod %s was not replaced", name)
		}
	}
}

func (w *world) expectConfig(option, want string) {
	w.t.Helper()
	configs, err := kadm.NewClient(w.dial()).DescribeBrokerConfigs(w.ctx, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range configs[0].Configs {
		if c.Key == option {
			if c.MaybeValue() != want {
				w.t.Errorf("broker 0 has %s=%s, want %s", option, c.MaybeValue(), want)
			}
			return
		}
	}
	w.t.Errorf("broker 0 does not know %s", option)
}

func rollSurvivesOperator(w *world) {
	before := w.pods()
	w.createTopic(w.dial(), "roll-on", 6, 3)
	l := w.startLoad("roll-on")
	watch := w.watchDisruption()
	w.change(func(k *v1.Kafka) { k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("98") })
	w.eventually("the first node restarts", func() error { return anyReplaced(before, w.pods()) })
	w.killOperator()
	w.waitReady()
	watch.finish(w)
	l.finish()
	w.expectAllReplaced(before)
}

// replicaTakesOver ends the leading of two replicas in the middle of a roll.
func replicaTakesOver(w *world) {
	w.scaleOperator(2)
	w.t.Cleanup(func() { w.scaleOperator(1) })
	first := w.leader()
	before := w.pods()
	watch := w.watchDisruption()
	w.change(func(k *v1.Kafka) { k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("96") })
	w.eventually("the first node restarts", func() error { return anyReplaced(before, w.pods()) })
	w.killPod(first)
	w.eventually("the other replica leads", func() error {
		if l := w.leader(); l == "" || l == first {
			return fmt.Errorf("the leader is %q", l)
		}
		return nil
	})
	w.waitReady()
	watch.finish(w)
	w.expectAllReplaced(before)
}

func anyReplaced(before, now map[string]*corev1.Pod) error {
	for name, pod := range now {
		if old := before[name]; old != nil && old.UID != pod.UID {
			return nil
		}
	}
	return errors.New("no pod was replaced yet")
}

// controllersComeAndGo scales combined nodes from three to four and back. Two at once are refused.
func controllersComeAndGo(w *world) {
	before := w.runningObjects()
	w.scale("dual", 5)
	w.eventually("two more controllers at once are refused", func() error {
		return refused(w.kafka(), v1.ReasonInvalidResource, []string{"0, 1, 2, 3, 4", "spec.replicas", "one node joins or leaves"})
	})
	if diff := cmp.Diff(before, w.runningObjects()); diff != "" {
		w.t.Errorf("objects changed (-before +after):\n%s", diff)
	}
	// Made before the fourth broker comes, which thus gets no replicas that would keep it.
	w.createTopic(w.dial(), "quorum", 6, 3)
	l := w.startLoad("quorum")
	for _, replicas := range []int32{4, 3} {
		w.scale("dual", replicas)
		w.waitReadyNodes("dual", int(replicas))
		w.expectVoters(int(replicas))
	}
	l.finish()
}

// expectVoters wants the active controller to count that many voters.
func (w *world) expectVoters(count int) {
	w.t.Helper()
	w.eventually("the controllers vote", func() error {
		request := kmsg.NewPtrDescribeQuorumRequest()
		topic := kmsg.NewDescribeQuorumRequestTopic()
		topic.Topic = "__cluster_metadata"
		topic.Partitions = append(topic.Partitions, kmsg.NewDescribeQuorumRequestTopicPartition())
		request.Topics = append(request.Topics, topic)
		answer, err := request.RequestWith(w.ctx, w.dial())
		if err != nil {
			return err
		}
		if got := len(answer.Topics[0].Partitions[0].CurrentVoters); got != count {
			return fmt.Errorf("%d voters, want %d", got, count)
		}
		return nil
	})
}

func (w *world) scale(name string, replicas int32) {
	w.t.Helper()
	var pool v1.KafkaNodePool
	if err := w.client.Get(w.ctx, w.key(name), &pool); err != nil {
		w.t.Fatal(err)
	}
	before := pool.DeepCopy()
	pool.Spec.Replicas = replicas
	if err := w.client.Patch(w.ctx, &pool, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// waitReadyNodes waits until exactly that many pods run, all ready and as their set wants them.
func (w *world) waitReadyNodes(pool string, want int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d nodes are ready and current", want), func() error {
		var set podsetv1.StrimziPodSet
		if err := w.client.Get(w.ctx, w.key(clusterName+"-"+pool), &set); err != nil {
			return err
		}
		s := set.Status
		if int(s.Pods) != want || int(s.ReadyPods) != want || int(s.CurrentPods) != want || s.ObservedGeneration != set.Generation {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	w.waitReady()
}

func pauses(w *world) {
	before := w.versions()
	w.change(func(k *v1.Kafka) {
		k.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "true"}
		k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("97")
	})
	w.eventually("the pause shows", func() error {
		if condition(w.kafka(), v1.ConditionReconciliationPaused) == nil {
			return errors.New("not yet")
		}
		return nil
	})
	if diff := cmp.Diff(before, w.versions()); diff != "" {
		w.t.Errorf("objects changed (-before +after):\n%s", diff)
	}
	w.change(func(k *v1.Kafka) {
		k.Annotations = nil
		k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("98")
	})
	w.waitReady()
}

// poke has the resource reconciled and waits for it.
func (w *world) poke() {
	w.t.Helper()
	w.change(func(k *v1.Kafka) { k.Spec.MaintenanceTimeWindows = []string{"* * * * * ?"} })
	w.waitReady()
}

func collects(w *world) {
	k := w.kafka()
	if err := w.client.Delete(w.ctx, k); err != nil {
		w.t.Fatal(err)
	}
	for _, pool := range []string{"dual"} {
		if err := w.client.Delete(w.ctx, &v1.KafkaNodePool{ObjectMeta: metaOf(w, pool)}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.absent(&v1.Kafka{}, clusterName)
	w.eventually("everything but the claims is gone", func() error {
		left := w.versions()
		for name := range left {
			if !strings.Contains(name, "PersistentVolumeClaimList") {
				return fmt.Errorf("left: %v", left)
			}
		}
		return nil
	})
	if claims := w.claims(); len(claims) < 3 {
		w.t.Errorf("claims without deleteClaim are gone: %v", claims)
	}
}

// TestDeleteAtReady deletes a cluster at the very moment it becomes ready and creates it again at once.
func TestDeleteAtReady(t *testing.T) {
	w := newWorld(t, "again")
	w.apply("ephemeral.yaml")
	w.waitReady()
	first := w.kafka()
	for _, o := range w.read("ephemeral.yaml") {
		if err := w.client.Delete(w.ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	w.apply("ephemeral.yaml")
	w.waitReady()
	second := w.kafka()
	if first.UID == second.UID {
		t.Fatal("the resource is still the first one")
	}
	w.eventually("the second cluster serves", func() error {
		c, err := kgo.NewClient(kgo.SeedBrokers(fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9092", clusterName, w.namespace)))
		if err != nil {
			return err
		}
		defer c.Close()
		meta, err := kadm.NewClient(c).BrokerMetadata(w.ctx)
		if err != nil {
			return err
		}
		if meta.Cluster != second.Status.ClusterID {
			return fmt.Errorf("cluster id %s is served, %s is in the status", meta.Cluster, second.Status.ClusterID)
		}
		return nil
	})
}
