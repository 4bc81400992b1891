package kafka_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/outcome"
)

// running is the healthy cluster after its nodes have started: controllers 0 to 2, brokers 3 to 5.
func running(in *kafka.Input) {
	pool(in, "a").Status = v1.KafkaNodePoolStatus{NodeIDs: []int32{0, 1, 2}, Roles: []v1.NodeRole{v1.RoleController}}
	pool(in, "b").Status = v1.KafkaNodePoolStatus{NodeIDs: []int32{3, 4, 5}, Roles: []v1.NodeRole{v1.RoleBroker}}
	in.Seen.Holders = map[int32][]string{0: {"a"}, 1: {"a"}, 2: {"a"}, 3: {"b"}, 4: {"b"}, 5: {"b"}}
}

func shrunk(in *kafka.Input) {
	running(in)
	pool(in, "b").Spec.Replicas = 1
	delete(spec(in).Config, "default.replication.factor")
	set(in, "min.insync.replicas", "1")
}

// demoted has brokers in the first pool too, which are to be controllers only.
func demoted(in *kafka.Input) {
	running(in)
	pool(in, "a").Status.Roles = []v1.NodeRole{v1.RoleController, v1.RoleBroker}
}

func TestLeaving(t *testing.T) {
	tests := map[string]struct {
		change func(*kafka.Input)
		want   []int32
	}{
		"nobody leaves a new cluster":        {nil, nil},
		"nobody leaves a cluster that stays": {running, nil},
		"the brokers with the highest ids":   {shrunk, []int32{4, 5}},
		"the brokers that a person chose": {func(in *kafka.Input) {
			shrunk(in)
			pool(in, "b").Annotations = map[string]string{v1.AnnotationRemoveNodeIDs: "[3]"}
		}, []int32{3, 5}},
		"controllers hold no replicas":       {func(in *kafka.Input) { running(in); pool(in, "a").Spec.Replicas = 1 }, nil},
		"brokers that lose their role":       {demoted, []int32{0, 1, 2}},
		"brokers that lose their role or go": {func(in *kafka.Input) { demoted(in); pool(in, "a").Spec.Replicas = 2 }, []int32{0, 1, 2}},
		"nobody is asked when the check is turned off": {func(in *kafka.Input) {
			shrunk(in)
			in.Kafka.Annotations = map[string]string{v1.AnnotationSkipScaleDownCheck: "TRUE"}
		}, nil},
		"an unknown status has the wanted roles": {func(in *kafka.Input) { shrunk(in); pool(in, "b").Status.Roles = nil }, []int32{4, 5}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := changed(t, test.change)
			if diff := cmp.Diff(test.want, kafka.Leaving(in.Kafka, in.Pools), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBrokersInUseStay(t *testing.T) {
	type outcome struct {
		Nodes            int
		Brokers, Blocked []int32
		Message          string
	}
	tests := map[string]struct {
		change func(*kafka.Input)
		want   outcome
	}{
		"a pool shrinks when nothing holds replicas": {
			func(in *kafka.Input) { shrunk(in); in.Seen.InUse = map[int32]bool{} },
			outcome{Nodes: 4, Brokers: []int32{3}},
		},
		"a pool shrinks when only brokers that stay hold replicas": {
			func(in *kafka.Input) { shrunk(in); in.Seen.InUse = map[int32]bool{3: true} },
			outcome{Nodes: 4, Brokers: []int32{3}},
		},
		"a pool keeps its size when a broker that would go holds replicas": {
			func(in *kafka.Input) { shrunk(in); in.Seen.InUse = map[int32]bool{5: true} },
			outcome{Nodes: 6, Brokers: []int32{3, 4, 5}, Blocked: []int32{4, 5}, Message: "Reverting scale-down of KafkaNodePool b: it keeps 3 replicas"},
		},
		"a pool shrinks in spite of replicas when the check is turned off": {
			func(in *kafka.Input) {
				shrunk(in)
				in.Kafka.Annotations = map[string]string{v1.AnnotationSkipScaleDownCheck: "true"}
			},
			outcome{Nodes: 4, Brokers: []int32{3}},
		},
		"brokers lose their role when nothing holds replicas": {
			func(in *kafka.Input) { demoted(in); in.Seen.InUse = map[int32]bool{} },
			outcome{Nodes: 6, Brokers: []int32{3, 4, 5}},
		},
		"brokers keep their role when they hold replicas": {
			func(in *kafka.Input) { demoted(in); in.Seen.InUse = map[int32]bool{1: true} },
			outcome{Nodes: 6, Brokers: []int32{0, 1, 2, 3, 4, 5}, Message: "Reverting role change of KafkaNodePool a: it keeps the role broker"},
		},
		"a controller goes while a broker stays": {
			func(in *kafka.Input) {
				shrunk(in)
				pool(in, "a").Spec.Replicas = 2
				in.Seen.InUse = map[int32]bool{5: true}
			},
			outcome{Nodes: 5, Brokers: []int32{3, 4, 5}, Blocked: []int32{4, 5}, Message: "Reverting scale-down of KafkaNodePool b: it keeps 3 replicas"},
		},
		"a controller goes whatever holds replicas": {
			func(in *kafka.Input) {
				running(in)
				pool(in, "a").Spec.Replicas = 2
				in.Seen.InUse = map[int32]bool{1: true}
			},
			outcome{Nodes: 5, Brokers: []int32{3, 4, 5}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := mustResolve(t, changed(t, test.change))
			got := outcome{Nodes: len(cluster.Nodes), Blocked: cluster.BlockedBrokers}
			for _, b := range cluster.Brokers() {
				got.Brokers = append(got.Brokers, b.ID)
			}
			for _, w := range cluster.Warnings {
				if w.Reason == v1.WarningScaleDownPrevented {
					got.Message, _, _ = strings.Cut(w.Message, " because")
				}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPoolThatKeepsItsRoleIsABroker(t *testing.T) {
	cluster := mustResolve(t, changed(t, func(in *kafka.Input) { demoted(in); in.Seen.InUse = map[int32]bool{1: true} }))
	if n := cluster.Nodes[1]; !n.Broker || !n.Controller || !strings.Contains(cluster.ServerConfig(n), "process.roles=broker,controller\n") {
		t.Errorf("got %+v", n)
	}
}

func TestBlockedBrokersTakeNoNewReplicas(t *testing.T) {
	tests := map[string]struct {
		version  string
		cordoned bool
	}{
		"with a Kafka that can keep them off": {"4.3.0", true},
		"with an older Kafka nothing is said": {"4.2.1", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			blocked := mustResolve(t, changed(t, func(in *kafka.Input) {
				shrunk(in)
				spec(in).Version = test.version
				in.Seen.InUse = map[int32]bool{5: true}
			}))
			free := mustResolve(t, changed(t, func(in *kafka.Input) { shrunk(in); spec(in).Version = test.version; pool(in, "b").Spec.Replicas = 3 }))
			for i, n := range blocked.Nodes {
				has := strings.Contains(blocked.ServerConfig(n), "cordoned.log.dirs=*\n")
				if want := test.cordoned && n.ID >= 4; has != want {
					t.Errorf("node %d: cordoned is %v, want %v", n.ID, has, want)
				}
				if a, b := hash(blocked, i), hash(free, i); a != b {
					t.Errorf("node %d would restart: its configuration's hash went from %s to %s", n.ID, b, a)
				}
			}
		})
	}
}

// hash is the configuration's hash of a node, by its place in the cluster.
func hash(c *kafka.Cluster, node int) string {
	for _, group := range c.Plan(certificates(c)).Groups {
		for _, instance := range group.Instances {
			if instance.ID == c.Nodes[node].ID {
				return instance.Facts[v1.AnnotationConfigurationHash]
			}
		}
	}
	return ""
}

func TestResolveInsistsOnTheQuestionWhoIsInUse(t *testing.T) {
	_, err := kafka.Resolve(changed(t, shrunk))
	var refused *outcome.Refused
	if err == nil || errors.As(err, &refused) {
		t.Errorf("got %v, want a failure that is nobody's input", err)
	}
}
