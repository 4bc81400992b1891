//go:build apiserver

package topic_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	topiccontroller "castellan.io/castellan/internal/controller/topic"
	"castellan.io/castellan/internal/topic"
)

func TestATopicIsMadeChangedAndDeleted(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Replicas = number(3), number(2)
		t.Spec.Config = v1.FreeForm{"retention.ms": raw(7200000), "cleanup.policy": []byte(`["compact","delete"]`)}
	})
	is := w.ready("orders")
	detail, has := w.inKafka("orders")
	if !has || len(detail.Partitions) != 3 || len(detail.Partitions[0].Replicas) != 2 {
		t.Errorf("in Kafka: %v %+v", has, detail)
	}
	if is.Status.TopicName != "orders" || is.Status.TopicID != detail.ID.String() && is.Status.TopicID == "" {
		t.Errorf("status: %+v, in Kafka: %s", is.Status, detail.ID)
	}
	if !slices.Contains(is.Finalizers, v1.FinalizerTopic) {
		t.Errorf("finalizers: %v", is.Finalizers)
	}
	want := map[string]string{"retention.ms": "7200000", "cleanup.policy": "compact,delete"}
	if diff := cmp.Diff(want, w.options("orders")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	w.update("orders", func(t *v1.KafkaTopic) {
		t.Spec.Partitions = number(5)
		t.Spec.Config = v1.FreeForm{"retention.ms": raw(1), "max.message.bytes": raw(1000)}
	})
	w.ready("orders")
	if detail, _ := w.inKafka("orders"); len(detail.Partitions) != 5 {
		t.Errorf("partitions: %d", len(detail.Partitions))
	}
	want = map[string]string{"retention.ms": "1", "max.message.bytes": "1000"}
	if diff := cmp.Diff(want, w.options("orders")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	w.delete("orders")
	w.gone("orders")
	if _, has := w.inKafka("orders"); has {
		t.Error("the topic is still there")
	}
}

func TestWhatCannotBeIsSaidAndTheRestIsDone(t *testing.T) {
	w := newWorld(t, nil)
	w.create("fewer", func(t *v1.KafkaTopic) { t.Spec.Partitions = number(3) })
	w.create("renamed", func(t *v1.KafkaTopic) { t.Spec.TopicName = "Old_Name" })
	w.create("nested", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": []byte(`{"a":1}`)} })
	w.ready("fewer")
	w.ready("renamed")
	before := w.get("fewer").Generation
	w.update("fewer", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Config = number(1), v1.FreeForm{"retention.ms": raw(5)}
	})
	if got := w.refused("fewer", v1.ReasonNotSupported); got != "Decreasing partitions not supported" {
		t.Errorf("message: %s", got)
	}
	if is := w.get("fewer"); is.Status.ObservedGeneration != before+1 || w.options("fewer")["retention.ms"] != "5" {
		t.Errorf("generation %d was %d, options %v", is.Status.ObservedGeneration, before, w.options("fewer"))
	}
	w.update("renamed", func(t *v1.KafkaTopic) { t.Spec.TopicName = "New_Name" })
	if got := w.refused("renamed", v1.ReasonNotSupported); !strings.Contains(got, "Changing spec.topicName is not supported") {
		t.Errorf("message: %s", got)
	}
	if is := w.get("renamed"); is.Status.TopicName != "Old_Name" {
		t.Errorf("status: %+v", is.Status)
	}
	if _, has := w.inKafka("New_Name"); has {
		t.Error("a topic of the new name was made")
	}
	if got := w.refused("nested", v1.ReasonInternal); !strings.Contains(got, "spec.config.retention.ms") {
		t.Errorf("message: %s", got)
	}
}

func TestTheOldestResourceOfATopicManagesIt(t *testing.T) {
	w := newWorld(t, nil)
	w.create("first", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	w.ready("first")
	time.Sleep(1100 * time.Millisecond) // creation times are whole seconds
	w.create("second", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	want := fmt.Sprintf("Managed by Ref{namespace='%s', name='first'}", w.namespace)
	if got := w.refused("second", v1.ReasonResourceConflict); got != want {
		t.Errorf("message: %s, want %s", got, want)
	}
	w.delete("second")
	w.gone("second")
	if _, has := w.inKafka("shared"); !has {
		t.Fatal("deleting the resource that did not manage the topic deleted it")
	}
	w.create("third", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	w.refused("third", v1.ReasonResourceConflict)
	before, _ := w.inKafka("shared")
	w.delete("first")
	w.gone("first")
	w.ready("third")
	if after, has := w.inKafka("shared"); !has || after.ID != before.ID {
		t.Error("the topic was not handed over")
	}
}

func TestTopicsThatAreNotManagedAreLeftAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.create("ours", nil)
	w.ready("ours")
	w.update("ours", func(t *v1.KafkaTopic) {
		t.Annotations = map[string]string{v1.AnnotationManaged: "false"}
		t.Spec.Config = v1.FreeForm{"retention.ms": raw(5)}
	})
	w.eventually("it says Unmanaged", func() error {
		is := w.get("ours")
		if condition(is, v1.ConditionUnmanaged) == nil || condition(is, v1.ConditionReady) != nil || is.Status.TopicName != "" || is.Status.TopicID != "" {
			return fmt.Errorf("%+v", is.Status)
		}
		return nil
	})
	if len(w.options("ours")) > 0 {
		t.Error("it was changed")
	}
	w.delete("ours")
	w.gone("ours")
	if _, has := w.inKafka("ours"); !has {
		t.Error("the topic was deleted")
	}
	w.create("paused", func(t *v1.KafkaTopic) { t.Annotations = map[string]string{v1.AnnotationPauseReconciliation: "true"} })
	w.eventually("it says ReconciliationPaused", func() error {
		if is := w.get("paused"); condition(is, v1.ConditionReconciliationPaused) == nil {
			return fmt.Errorf("%+v", is.Status)
		}
		return nil
	})
	w.create("foreign", func(t *v1.KafkaTopic) { t.Labels[v1.LabelCluster] = "another" })
	w.never("others are left alone", func() error {
		_, paused := w.inKafka("paused")
		_, foreign := w.inKafka("foreign")
		if is := w.get("foreign"); paused || foreign || len(is.Status.Conditions) > 0 || len(is.Finalizers) > 0 {
			return fmt.Errorf("paused %t, foreign %t, %+v", paused, foreign, is.Status)
		}
		return nil
	})
}

func TestDriftIsRevertedByTheNextLook(t *testing.T) {
	w := newWorld(t, func(o *topiccontroller.Options) { o.Resync = 300 * time.Millisecond })
	w.create("steady", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": raw(100)} })
	w.ready("steady")
	w.set("steady", "retention.ms", text("7"))
	w.set("steady", "max.message.bytes", text("9000"))
	w.eventually("Kafka is as the resource says", func() error {
		if diff := cmp.Diff(map[string]string{"retention.ms": "100"}, w.options("steady")); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	w.deleteInKafka("steady")
	w.eventually("the topic is made again", func() error {
		if _, has := w.inKafka("steady"); !has {
			return errors.New("it is not there")
		}
		return nil
	})
}

func TestDriftIsReportedWhereThatIsAskedFor(t *testing.T) {
	w := newWorld(t, func(o *topiccontroller.Options) { o.Resync = 300 * time.Millisecond })
	w.create("told", func(t *v1.KafkaTopic) {
		t.Annotations = map[string]string{v1.AnnotationDrift: "report"}
		t.Spec.Partitions, t.Spec.Config = number(2), v1.FreeForm{"retention.ms": raw(100)}
	})
	w.ready("told")
	w.eventually("what is agreed is known", func() error {
		if w.get("told").Annotations[v1.AnnotationAgreed] == "" {
			return errors.New("no annotation")
		}
		return nil
	})
	w.set("told", "retention.ms", text("7"))
	w.eventually("the drift is told", func() error {
		c := condition(w.get("told"), v1.ConditionWarning)
		if c == nil || c.Reason != v1.WarningDrift || !strings.Contains(c.Message, `retention.ms is "7"`) {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	if w.options("told")["retention.ms"] != "7" {
		t.Error("it was reverted")
	}
	// What the user changes is still carried out, and does not revert the rest.
	w.update("told", func(t *v1.KafkaTopic) { t.Spec.Config["max.message.bytes"] = raw(1000) })
	w.eventually("the user's change is made", func() error {
		if diff := cmp.Diff(map[string]string{"retention.ms": "7", "max.message.bytes": "1000"}, w.options("told")); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	w.deleteInKafka("told")
	w.refused("told", v1.ReasonDrift)
	if _, has := w.inKafka("told"); has {
		t.Error("the topic was made again")
	}
}

func TestOneBadTopicHarmsNobody(t *testing.T) {
	w := newWorld(t, nil)
	w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.InvalidReplicationFactor, Topic: "bad", Count: -1})
	w.create("bad", nil)
	w.create("good", nil)
	w.ready("good")
	want := "org.apache.kafka.common.errors.InvalidReplicationFactorException: "
	if got := w.refused("bad", v1.ReasonKafka); !strings.HasPrefix(got, want) {
		t.Errorf("message: %s, want %s…", got, want)
	}
}

func TestWithoutFinalizersTheTopicGoesAfterTheResource(t *testing.T) {
	w := newWorld(t, nil)
	w.create("loose", nil)
	w.ready("loose")
	w.stop()
	w.start(func(o *topiccontroller.Options) { o.Finalizers = false })
	w.eventually("the finalizer is taken away", func() error {
		if f := w.get("loose").Finalizers; len(f) > 0 {
			return fmt.Errorf("%v", f)
		}
		return nil
	})
	w.delete("loose")
	w.eventually("the topic is gone", func() error {
		if _, has := w.inKafka("loose"); has {
			return errors.New("it is there")
		}
		return nil
	})
}

func TestManyInvalidResourcesDoNotDelayAValidOne(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 300 {
		w.create(fmt.Sprintf("bad-%d", i), func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": []byte(`{"a":1}`)} })
	}
	w.create("good", nil)
	w.ready("good")
	var list v1.KafkaTopicList
	w.must(api.List(t.Context(), &list, client.InNamespace(w.namespace)))
	for i := range list.Items {
		if r := list.Items[i]; r.Name != "good" {
			w.refused(r.Name, v1.ReasonInternal)
		}
	}
}

func twoWay(o *topiccontroller.Options) { o.Mode = topic.TwoWay }

func TestATopicMadeInKafkaBecomesAResourceAndInternalOnesDoNot(t *testing.T) {
	w := newWorld(t, twoWay)
	w.makeInKafka(4, map[string]*string{"retention.ms": text("99")}, "from-kafka", "With_Capitals", "app-store-changelog", "__mine")
	is := w.ready("from-kafka")
	if *is.Spec.Partitions != 4 || string(is.Spec.Config["retention.ms"]) != "99" || is.Labels[v1.LabelCluster] != cluster {
		t.Errorf("spec: %+v labels: %v", is.Spec, is.Labels)
	}
	if capitals := w.ready(topic.ResourceName("With_Capitals")); capitals.Spec.TopicName != "With_Capitals" {
		t.Errorf("spec: %+v", capitals.Spec)
	}
	var list v1.KafkaTopicList
	w.must(api.List(t.Context(), &list, client.InNamespace(w.namespace)))
	if len(list.Items) != 2 {
		t.Errorf("%d resources", len(list.Items))
	}
}

func TestChangesToEitherSideMeetAndTheResourceWinsAConflict(t *testing.T) {
	w := newWorld(t, twoWay)
	w.create("both", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Config = number(1), v1.FreeForm{"retention.ms": raw(1000), "max.message.bytes": raw(5000)}
	})
	w.ready("both")
	w.eventually("what is agreed is known", func() error {
		if w.get("both").Annotations[v1.AnnotationAgreed] == "" {
			return errors.New("no annotation")
		}
		return nil
	})
	w.stop()
	w.set("both", "retention.ms", text("2000"))
	w.set("both", "segment.bytes", text("4000000"))
	w.set("both", "max.message.bytes", text("6000"))
	w.update("both", func(t *v1.KafkaTopic) {
		t.Spec.Partitions = number(3)
		t.Spec.Config["max.message.bytes"], t.Spec.Config["min.insync.replicas"] = raw(7000), raw(1)
	})
	w.start(twoWay)
	want := map[string]string{"retention.ms": "2000", "segment.bytes": "4000000", "max.message.bytes": "7000", "min.insync.replicas": "1"}
	w.eventually("both sides are the same", func() error {
		is := w.get("both")
		got := map[string]string{}
		for name, value := range is.Spec.Config {
			got[name] = string(value)
		}
		kafka := w.options("both")
		// The brokers' value is as good as one of the topic's own.
		kafka["min.insync.replicas"] = "1"
		detail, _ := w.inKafka("both")
		if diff := cmp.Diff(want, got) + cmp.Diff(want, kafka); diff != "" || len(detail.Partitions) != 3 {
			return fmt.Errorf("%d partitions, %s", len(detail.Partitions), diff)
		}
		return isReady(is)
	})
}

func TestADeletionOnEitherSideDeletesTheOther(t *testing.T) {
	w := newWorld(t, twoWay)
	w.makeInKafka(1, nil, "a", "b", "c", "d", "e", "f", "g")
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		w.ready(name)
	}
	w.deleteInKafka("a")
	w.delete("b")
	w.gone("a")
	w.gone("b")
	if _, has := w.inKafka("b"); has {
		t.Error("the topic is still there")
	}
}

func TestAnEmptiedClusterDoesNotWipeTheResourcesUntilSomeoneSaysYes(t *testing.T) {
	w := newWorld(t, twoWay)
	names := []string{"a", "b", "c", "d"}
	w.makeInKafka(1, nil, names...)
	for _, name := range names {
		w.ready(name)
	}
	w.deleteInKafka(names...)
	for _, name := range names {
		w.refused(name, v1.ReasonDeletionHeld)
	}
	answer := func(name, value string) {
		w.update(name, func(t *v1.KafkaTopic) {
			t.Annotations[v1.AnnotationConfirmDeletion] = value
		})
	}
	answer("a", "true")
	answer("b", "false")
	w.gone("a")
	w.ready("b")
	if _, has := w.inKafka("b"); !has {
		t.Error("the topic was not made again")
	}
	w.never("the others wait", func() error {
		if w.get("c") == nil || w.get("d") == nil {
			return errors.New("they are gone")
		}
		return nil
	})
}

func TestAWipedNamespaceDoesNotWipeTheTopicsUntilSomeoneSaysYes(t *testing.T) {
	w := newWorld(t, twoWay)
	names := []string{"a", "b", "c", "d"}
	w.makeInKafka(1, nil, names...)
	for _, name := range names {
		w.ready(name)
	}
	w.must(api.DeleteAllOf(t.Context(), &v1.KafkaTopic{}, client.InNamespace(w.namespace)))
	for _, name := range names {
		w.refused(name, v1.ReasonDeletionHeld)
	}
	w.stop()
	w.start(twoWay)
	w.update("a", func(t *v1.KafkaTopic) {
		metav1.SetMetaDataAnnotation(&t.ObjectMeta, v1.AnnotationConfirmDeletion, "true")
	})
	w.gone("a")
	w.never("the other topics are kept", func() error {
		for _, name := range names[1:] {
			if _, has := w.inKafka(name); !has {
				return fmt.Errorf("%s is gone", name)
			}
		}
		return nil
	})
	if _, has := w.inKafka("a"); has {
		t.Error("the confirmed topic is still there")
	}
}
