package topic

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

// moves is a topic with one replica of each of two partitions, and who changes that.
type moves struct {
	*testing.T
	kafka   *broker.Topics
	started *kfake.FaultHandle
}

func newMoves(t *testing.T) *moves {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(2, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	kafka, err := broker.OpenTopics(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	return &moves{t, kafka, fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AlterPartitionAssignments}, Observe: true, Count: -1})}
}

func (m *moves) change(wanted int32, before *v1.ReplicasChangeStatus) *v1.ReplicasChangeStatus {
	m.Helper()
	has := &topic.Actual{Name: "orders"}
	for i := range int32(2) {
		has.Partitions = append(has.Partitions, topic.Partition{Replicas: []int32{i}, ISR: []int32{i}})
	}
	out, err := NewReassigner(m.kafka, 0).Change(m.Context(), []ReplicasChange{{Topic: has, Wanted: wanted, Before: before}})
	if err != nil {
		m.Fatal(err)
	}
	return out["orders"].Status
}

func TestReplicasMoveWhenTheWishWasSeenTwice(t *testing.T) {
	m := newMoves(t)
	first := m.change(2, nil)
	if first == nil || first.State != v1.ReplicasChangePending || first.TargetReplicas != 2 || m.started.Hits() > 0 {
		t.Fatalf("at first: %+v, and %d requests", first, m.started.Hits())
	}
	second := m.change(2, first)
	if second == nil || second.State != v1.ReplicasChangeOngoing || m.started.Hits() != 1 {
		t.Errorf("then: %+v, and %d requests", second, m.started.Hits())
	}
	if done := m.change(0, second); done != nil {
		t.Errorf("nothing is wanted any more: %+v", done)
	}
}

func TestMoreReplicasThanBrokersAreNotMoved(t *testing.T) {
	m := newMoves(t)
	before := &v1.ReplicasChangeStatus{TargetReplicas: 4, State: v1.ReplicasChangePending}
	if is := m.change(4, before); is == nil || !strings.Contains(is.Message, "Requested RF cannot be more than number of alive brokers") || m.started.Hits() > 0 {
		t.Errorf("%+v, and %d requests", is, m.started.Hits())
	}
}

func TestThrottlesOfMovesThatNobodyFollowsGo(t *testing.T) {
	const rate = "leader.replication.throttled.rate"
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	fake.ControlKey(kmsg.DescribeConfigs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		asked := r.(*kmsg.DescribeConfigsRequest).Resources[0]
		value, config := "1000", kmsg.NewDescribeConfigsResponseResourceConfig()
		config.Name, config.Value, config.Source = rate, &value, kmsg.ConfigSourceDynamicBrokerConfig
		one := kmsg.NewDescribeConfigsResponseResource()
		one.ResourceType, one.ResourceName, one.Configs = asked.ResourceType, asked.ResourceName, append(one.Configs, config)
		out := r.ResponseKind().(*kmsg.DescribeConfigsResponse)
		out.Resources = append(out.Resources, one)
		return out, nil, true
	})
	removed := make(chan string, 1)
	fake.ControlKey(kmsg.IncrementalAlterConfigs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if c := r.(*kmsg.IncrementalAlterConfigsRequest).Resources[0].Configs[0]; c.Op == kmsg.IncrementalAlterConfigOpDelete {
			removed <- c.Name
		}
		return nil, nil, false
	})
	kafka, err := broker.OpenTopics(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	o := operator(func(o *Options) { o.Replicas, o.Resync = NewReassigner(kafka, 1000), time.Millisecond })
	go o.settle(t.Context())
	select {
	case name := <-removed:
		if name != rate {
			t.Errorf("%s was removed", name)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was removed")
	}
}
