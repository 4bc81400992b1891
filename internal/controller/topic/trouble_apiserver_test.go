//go:build apiserver

package topic_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	topiccontroller "castellan.io/castellan/internal/controller/topic"
	"castellan.io/castellan/internal/topic"
)

// interruptible lets the Kafka close every connection that asks something, while the switch is on.
func (w *world) interruptible(keys ...kmsg.Key) *atomic.Bool {
	out := &atomic.Bool{}
	for _, key := range keys {
		w.fake.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			if out.Load() {
				return nil, errors.New("silence"), true
			}
			return nil, nil, false
		})
	}
	return out
}

func TestKafkaThatIsSilentForAWhileIsNothingToTell(t *testing.T) {
	w := newWorld(t, nil)
	silent := w.interruptible(kmsg.Metadata, kmsg.DescribeConfigs)
	w.create("steady", nil)
	w.create("wrong", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": raw(1)} })
	before := w.ready("steady")
	w.ready("wrong")
	silent.Store(true)
	w.update("steady", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": raw(5)} })
	w.update("wrong", func(t *v1.KafkaTopic) { t.Spec.Config = v1.FreeForm{"retention.ms": []byte(`{"a":1}`)} })
	w.refused("wrong", v1.ReasonInternal) // needs no Kafka
	w.never("the status stays as it is", func() error {
		if diff := cmp.Diff(before.Status, w.get("steady").Status); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	silent.Store(false)
	w.ready("steady")
	if got := w.options("steady")["retention.ms"]; got != "5" {
		t.Errorf("retention.ms: %s", got)
	}
}

func TestATopicThatSomebodyElseMadeMeanwhileIsTakenOver(t *testing.T) {
	w := newWorld(t, nil)
	w.fake.ControlKey(kmsg.CreateTopics.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.SleepControl(func() {
			if err := w.fake.CreateTopic("raced", 1, map[string]string{"retention.ms": "7"}); err != nil {
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	w.create("raced", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Config = number(3), v1.FreeForm{"retention.ms": raw(100)}
	})
	w.ready("raced")
	if detail, _ := w.inKafka("raced"); len(detail.Partitions) != 3 || w.options("raced")["retention.ms"] != "100" {
		t.Errorf("%d partitions, %v", len(detail.Partitions), w.options("raced"))
	}
}

func TestADeletionThatKafkaRefusesIsToldAndTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	refusal := w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DeleteTopics}, Err: kerr.TopicDeletionDisabled, Topic: "kept", Count: -1})
	w.create("kept", nil)
	w.create("other", nil)
	w.ready("kept")
	w.ready("other")
	w.delete("kept")
	w.delete("other")
	w.gone("other")
	w.eventually("the refusal is told", func() error {
		is := w.get("kept")
		if c := condition(is, v1.ConditionReady); c == nil || c.Reason != v1.ReasonKafka || !strings.Contains(c.Message, "TopicDeletionDisabledException") {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	if _, has := w.inKafka("kept"); !has || !slices.Contains(w.get("kept").Finalizers, v1.FinalizerTopic) {
		t.Errorf("in Kafka: %t, finalizers %v", has, w.get("kept").Finalizers)
	}
	refusal.Remove()
	w.gone("kept")
	if _, has := w.inKafka("kept"); has {
		t.Error("the topic is still there")
	}
}

func TestManyTopicsAreMadeThoughARequestFails(t *testing.T) {
	w := newWorld(t, nil)
	failing := w.interruptible(kmsg.CreateTopics)
	failing.Store(true)
	const many = 200
	for i := range many {
		w.create(fmt.Sprint("t-", i), nil)
	}
	w.never("nothing is there", func() error {
		if _, has := w.inKafka("t-0"); has {
			return errors.New("it is")
		}
		return nil
	})
	failing.Store(false)
	// Made, but Kafka says that it took too long.
	w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.RequestTimedOut, Topic: "t-7"})
	for i := range many {
		w.ready(fmt.Sprint("t-", i))
	}
	topics, err := w.kafka.ListTopics(t.Context())
	w.must(err)
	if len(topics) != many {
		t.Errorf("%d topics", len(topics))
	}
}

// mute loses patches, as those of an operator that is killed.
type mute struct {
	http.RoundTripper
	lost *atomic.Int64
}

func (m mute) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPatch {
		m.lost.Add(1)
		return nil, errors.New("killed")
	}
	return m.RoundTripper.RoundTrip(r)
}

func TestAnOperatorThatIsKilledBetweenTheSidesLosesNothing(t *testing.T) {
	twoWay := func(o *topiccontroller.Options) { o.Mode = topic.TwoWay }
	w := newWorld(t, twoWay)
	w.create("both", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Config = number(1), v1.FreeForm{"retention.ms": raw(100), "max.message.bytes": raw(5000)}
	})
	w.ready("both")
	w.eventually("what is agreed is known", func() error {
		if w.get("both").Annotations[v1.AnnotationAgreed] == "" {
			return errors.New("no annotation")
		}
		return nil
	})
	w.stop()
	w.set("both", "retention.ms", text("200"))
	w.set("both", "segment.bytes", text("4000000"))
	w.update("both", func(t *v1.KafkaTopic) { t.Spec.Partitions, t.Spec.Config["max.message.bytes"] = number(2), raw(6000) })
	var lost atomic.Int64
	w.wire = func(to http.RoundTripper) http.RoundTripper { return mute{to, &lost} }
	w.start(twoWay)
	w.eventually("Kafka is changed and the resource could not be", func() error {
		if got := w.options("both")["max.message.bytes"]; got != "6000" || lost.Load() == 0 {
			return fmt.Errorf("max.message.bytes is %s, %d patches were lost", got, lost.Load())
		}
		return nil
	})
	w.stop()
	w.wire = nil
	w.start(twoWay)
	want := map[string]string{"retention.ms": "200", "segment.bytes": "4000000", "max.message.bytes": "6000"}
	w.eventually("both sides have all", func() error {
		is := w.get("both")
		got := map[string]string{}
		for name, value := range is.Spec.Config {
			got[name] = string(value)
		}
		detail, _ := w.inKafka("both")
		if diff := cmp.Diff(want, got) + cmp.Diff(want, w.options("both")); diff != "" || len(detail.Partitions) != 2 || *is.Spec.Partitions != 2 {
			return fmt.Errorf("%d partitions, %s", len(detail.Partitions), diff)
		}
		return isReady(is)
	})
}

func TestAResourceThatLosesItsLabelIsForgotten(t *testing.T) {
	w := newWorld(t, nil)
	w.create("first", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	w.ready("first")
	time.Sleep(1100 * time.Millisecond) // creation times are whole seconds
	w.create("second", func(t *v1.KafkaTopic) {
		t.Spec.TopicName, t.Spec.Config = "shared", v1.FreeForm{"retention.ms": raw(5)}
	})
	w.refused("second", v1.ReasonResourceConflict)
	before, _ := w.inKafka("shared")
	w.update("first", func(t *v1.KafkaTopic) {
		delete(t.Labels, v1.LabelCluster)
		t.Spec.Config = v1.FreeForm{"retention.ms": raw(9)}
	})
	w.ready("second")
	if got := w.options("shared")["retention.ms"]; got != "5" {
		t.Errorf("retention.ms: %s", got)
	}
	w.delete("first")
	w.never("the topic is the second's", func() error {
		if after, has := w.inKafka("shared"); !has || after.ID != before.ID {
			return errors.New("it was deleted")
		}
		return nil
	})
}

func TestWithoutFinalizersATopicThatAnotherResourceNamesStays(t *testing.T) {
	w := newWorld(t, func(o *topiccontroller.Options) { o.Finalizers = false })
	w.create("first", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	w.ready("first")
	time.Sleep(1100 * time.Millisecond)
	w.create("second", func(t *v1.KafkaTopic) { t.Spec.TopicName = "shared" })
	w.refused("second", v1.ReasonResourceConflict)
	before, _ := w.inKafka("shared")
	w.delete("first")
	w.ready("second")
	w.never("the topic is the second's", func() error {
		if after, has := w.inKafka("shared"); !has || after.ID != before.ID {
			return errors.New("it was deleted")
		}
		return nil
	})
	w.delete("second")
	w.eventually("the topic goes with the last resource", func() error {
		if _, has := w.inKafka("shared"); has {
			return errors.New("it is there")
		}
		return nil
	})
}

func TestATopicThatIsMadeAgainInKafkaDoesNotEmptyItsResource(t *testing.T) {
	twoWay := func(o *topiccontroller.Options) { o.Mode = topic.TwoWay }
	w := newWorld(t, twoWay)
	w.create("again", func(t *v1.KafkaTopic) {
		t.Spec.Partitions, t.Spec.Config = number(3), v1.FreeForm{"retention.ms": raw(100)}
	})
	w.ready("again")
	w.eventually("what is agreed is known", func() error {
		if w.get("again").Annotations[v1.AnnotationAgreed] == "" {
			return errors.New("no annotation")
		}
		return nil
	})
	w.stop()
	w.deleteInKafka("again")
	w.makeInKafka(1, map[string]*string{"max.message.bytes": text("5000")}, "again")
	w.start(twoWay)
	w.eventually("both sides are the same", func() error {
		is := w.get("again")
		detail, _ := w.inKafka("again")
		want := map[string]string{"retention.ms": "100", "max.message.bytes": "5000"}
		got := map[string]string{}
		for name, value := range is.Spec.Config {
			got[name] = string(value)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(want, w.options("again")); diff != "" || *is.Spec.Partitions != 3 || len(detail.Partitions) != 3 {
			return fmt.Errorf("%d partitions wanted, %d are there, %s", *is.Spec.Partitions, len(detail.Partitions), diff)
		}
		return isReady(is)
	})
}
