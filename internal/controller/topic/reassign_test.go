package topic

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

func TestReplicasMoveWhenTheWishWasSeenTwice(t *testing.T) {
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
	started := fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AlterPartitionAssignments}, Observe: true, Count: -1})
	r := NewReassigner(kafka, 0)
	change := func(wanted int32, before *v1.ReplicasChangeStatus) *v1.ReplicasChangeStatus {
		t.Helper()
		answers, err := kafka.Describe(t.Context(), []broker.Question{{Name: "orders"}})
		if err != nil {
			t.Fatal(err)
		}
		has := answers["orders"].Topic
		for i := range has.Partitions { // the brokers that are played hold more replicas than they tell apart
			has.Partitions[i] = topic.Partition{Replicas: []int32{int32(i)}, ISR: []int32{int32(i)}}
		}
		out, err := r.Change(t.Context(), []ReplicasChange{{Topic: has, Wanted: wanted, Before: before}})
		if err != nil {
			t.Fatal(err)
		}
		return out["orders"].Status
	}

	first := change(2, nil)
	if first == nil || first.State != v1.ReplicasChangePending || first.TargetReplicas != 2 || started.Hits() > 0 {
		t.Fatalf("at first: %+v, and %d requests", first, started.Hits())
	}
	second := change(2, first)
	if second == nil || second.State != v1.ReplicasChangeOngoing || started.Hits() != 1 {
		t.Errorf("then: %+v, and %d requests", second, started.Hits())
	}
	many := change(4, nil)
	if many == nil || !strings.Contains(many.Message, "Requested RF cannot be more than number of alive brokers") || started.Hits() != 1 {
		t.Errorf("more than brokers: %+v", many)
	}
	if done := change(0, second); done != nil {
		t.Errorf("nothing is wanted any more: %+v", done)
	}
}
