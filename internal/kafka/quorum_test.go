package kafka_test

import (
	"strings"
	"testing"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
)

func TestControllersChangeOneAtATime(t *testing.T) {
	const refusal = "the controllers of a cluster that exists cannot change"
	tests := map[string]struct {
		change  func(*kafka.Input)
		refused bool
	}{
		"a new cluster may have any controllers": {func(in *kafka.Input) { pool(in, "a").Spec.Replicas = 5 }, false},
		"nothing changes":                        {running, false},
		"one joins":                              {func(in *kafka.Input) { running(in); pool(in, "a").Spec.Replicas = 4 }, false},
		"one leaves":                             {func(in *kafka.Input) { running(in); pool(in, "a").Spec.Replicas = 2 }, false},
		"two join at once":                       {func(in *kafka.Input) { running(in); pool(in, "a").Spec.Replicas = 5 }, true},
		"two leave at once":                      {func(in *kafka.Input) { running(in); pool(in, "a").Spec.Replicas = 1 }, true},
		"the role moves to another pool": {func(in *kafka.Input) {
			running(in)
			pool(in, "a").Spec.Roles = []v1.NodeRole{v1.RoleBroker}
			pool(in, "b").Spec.Roles = []v1.NodeRole{v1.RoleController, v1.RoleBroker}
			in.Seen.InUse = map[int32]bool{}
		}, true},
		"one node gives the role up and stays": {func(in *kafka.Input) {
			running(in)
			pool(in, "b").Status = v1.KafkaNodePoolStatus{NodeIDs: []int32{3, 4, 5}, Roles: []v1.NodeRole{v1.RoleBroker, v1.RoleController}}
			pool(in, "b").Spec.Replicas = 1
			pool(in, "b").Status.NodeIDs = []int32{3}
			in.Seen.InUse = map[int32]bool{}
		}, true},
		"one leaves because its pool was deleted": {func(in *kafka.Input) {
			running(in)
			pool(in, "a").Spec.Replicas = 2
			in.Seen.Holders[2] = []string{"gone"}
		}, true},
		"one joins while a pod does not say whom it knows": {func(in *kafka.Input) {
			running(in)
			pool(in, "a").Spec.Replicas = 4
			in.Seen.Voters = map[string][]int32{"my-cluster-a-0": {0, 1, 2}, "my-cluster-a-1": nil}
		}, true},
		"nothing changes while a pod does not say whom it knows": {func(in *kafka.Input) {
			running(in)
			in.Seen.Voters = map[string][]int32{"my-cluster-a-0": {0, 1, 2}, "my-cluster-a-1": nil}
		}, false},
		"another one joins while a node still follows the set before": {func(in *kafka.Input) {
			running(in)
			pool(in, "a").Status.NodeIDs = []int32{0, 1, 2, 6}
			pool(in, "a").Spec.Replicas = 5
			in.Seen.Voters = map[string][]int32{"my-cluster-a-0": {0, 1, 2, 6}, "my-cluster-a-1": {0, 1, 2}}
		}, true},
		"another one joins when all nodes follow the set before": {func(in *kafka.Input) {
			running(in)
			pool(in, "a").Status.NodeIDs = []int32{0, 1, 2, 6}
			pool(in, "a").Spec.Replicas = 5
			in.Seen.Voters = map[string][]int32{"my-cluster-a-0": {0, 1, 2, 6}, "my-cluster-a-1": {0, 1, 2, 6}}
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := kafka.Resolve(changed(t, test.change))
			refused := err != nil && outcome.IsInvalid(err) && strings.Contains(err.Error(), refusal)
			if refused != test.refused {
				t.Errorf("refused: %v, want %v; error: %v", refused, test.refused, err)
			}
			if err != nil && !test.refused {
				t.Errorf("unexpected error: %v", err)
			}
		})
	}
}

func TestIDsOfOtherPoolsAreNotTaken(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) {
		in.Seen.Holders = map[int32][]string{0: {"gone"}, 1: {"gone"}, 2: {"a"}}
	}))
	for _, n := range cluster.Nodes {
		if n.ID == 0 || n.ID == 1 {
			t.Errorf("node %s takes the id of a node of pool gone", n.Name)
		}
	}
	if first := cluster.Nodes[0]; first.ID != 2 || first.Pool != "a" {
		t.Errorf("pool a does not take id 2, whose data it has: %+v", first)
	}
}

func TestTheDataNamesTheCluster(t *testing.T) {
	const id = "dnEqYa6-DL9zr35WFp-RFA"
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { in.Seen.ClusterID = id }))
	if cluster.ID != id {
		t.Errorf("the cluster's id is %s although volumes hold data of %s", cluster.ID, id)
	}
}
