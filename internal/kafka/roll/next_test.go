package roll

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var old = []Reason{{Code: "PodHasOldRevision", Text: "it is old"}}

// healthy is three combined nodes and a partition on all of them; change makes something of it.
func healthy(change func(*State)) State {
	s := State{
		FetchTimeoutMillis: 2000,
		Quorum:             Quorum{Known: true, Leader: 2, Voters: []Voter{{0, now}, {1, now}, {2, now}}},
		Partitions:         Partitions{Known: true, List: []Partition{{Topic: "orders", Replicas: []int32{0, 1, 2}, ISR: []int32{0, 1, 2}, MinISR: 2}}},
	}
	for i, name := range []string{"k-0", "k-1", "k-2"} {
		s.Nodes = append(s.Nodes, Node{Name: name, ID: int32(i), Controller: true, Broker: true, Exists: true, Ready: true})
	}
	change(&s)
	return s
}

func silent(s *State) { s.Quorum, s.Partitions = Quorum{}, Partitions{} }

func ephemeral(s *State) {
	for i := range s.Nodes {
		s.Nodes[i].Ephemeral = true
	}
}

// notAController takes the first node's part in the quorum away.
func notAController(s *State) {
	s.Nodes[0].Controller = false
	s.Nodes = append(s.Nodes, Node{Name: "k-3", ID: 3, Controller: true, Exists: true, Ready: true})
	s.Quorum.Voters[0].ID = 3
}

func TestNext(t *testing.T) {
	tests := map[string]struct {
		change func(*State)
		want   Step
	}{
		"all is done": {
			func(*State) {}, Step{Action: Done},
		},
		"all is done even if Kafka says nothing": {
			silent, Step{Action: Done},
		},
		"an outdated node that cannot start is replaced while another stops": {
			func(s *State) {
				s.Nodes[0].Ready, s.Nodes[0].Ending = false, true
				s.Nodes[1].Ready, s.Nodes[1].Stuck, s.Nodes[1].Reasons = false, "CrashLoopBackOff", old
			},
			Step{Action: Restart, Node: "k-1", Reasons: old, Rule: "replace_what_cannot_start"},
		},
		"an outdated node that cannot start is not stopped twice": {
			func(s *State) {
				s.Nodes[1].Ready, s.Nodes[1].Stuck, s.Nodes[1].Reasons, s.Nodes[1].Ending = false, "CrashLoopBackOff", old, true
			},
			Step{Action: Wait, Awaits: Platform, Node: "k-1", Rule: "instances_settled"},
		},
		"a ready node whose platform says that it is stuck counts as ready": {
			func(s *State) { s.Nodes[1].Stuck = "a container beside it waits" }, Step{Action: Done},
		},
		"a node that does not exist yet is awaited before ready ones restart": {
			func(s *State) { s.Nodes[0].Exists, s.Nodes[0].Ready, s.Nodes[1].Reasons = false, false, old },
			Step{Action: Wait, Awaits: Platform, Node: "k-0", Rule: "instances_settled"},
		},
		"a node that is stopping is awaited although it is ready still": {
			func(s *State) { s.Nodes[0].Ending, s.Nodes[1].Reasons = true, old },
			Step{Action: Wait, Awaits: Platform, Node: "k-0", Rule: "instances_settled"},
		},
		"an unready outdated node restarts when it is not missed": {
			func(s *State) {
				s.Nodes[0].Ready, s.Nodes[0].Reasons = false, old
				s.Quorum.Voters[0].LastCaughtUp, s.Partitions.List[0].ISR = 0, []int32{1, 2}
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"an unready outdated node stays when a partition needs it": {
			func(s *State) {
				s.Nodes[0].Ready, s.Nodes[0].Reasons = false, old
				s.Partitions.List[0].ISR = []int32{0, 1}
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "all_are_ready"},
		},
		"an unready outdated node stays when nothing is known and others are ready": {
			func(s *State) { silent(s); s.Nodes[0].Ready, s.Nodes[0].Reasons = false, old },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "all_are_ready"},
		},
		"an unready outdated node restarts when nothing is known and none is ready": {
			func(s *State) {
				silent(s)
				s.Nodes[0].Ready, s.Nodes[1].Ready, s.Nodes[2].Ready, s.Nodes[1].Reasons = false, false, false, old
			},
			Step{Action: Restart, Node: "k-1", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"unready nodes that Kafka says are needed stay although none is ready": {
			func(s *State) {
				s.Nodes[0].Ready, s.Nodes[1].Ready, s.Nodes[2].Ready, s.Nodes[1].Reasons = false, false, false, old
				s.Quorum.Voters[0].LastCaughtUp = 0
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-1", Rule: "all_are_ready"},
		},
		"a current node that cannot start blocks": {
			func(s *State) {
				s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[1].Reasons = false, "ImagePullBackOff", old
			},
			Step{Action: Blocked, Node: "k-0", Rule: "current_nodes_can_start"},
		},
		"a current node that is not ready is awaited before ready ones restart": {
			func(s *State) { s.Nodes[0].Ready, s.Nodes[1].Reasons = false, old },
			Step{Action: Wait, Awaits: Platform, Node: "k-0", Rule: "all_are_ready"},
		},
		"the active controller lets the others go first": {
			func(s *State) { s.Quorum.Leader, s.Nodes[0].Reasons, s.Nodes[1].Reasons = 0, old, old },
			Step{Action: Restart, Node: "k-1", Reasons: old, Rule: "restart_when_safe"},
		},
		"the active controller stays while others have to restart and may not": {
			func(s *State) {
				s.Quorum.Leader, s.Nodes[0].Reasons, s.Nodes[1].Reasons = 0, old, old
				s.Partitions.List[0].Replicas, s.Partitions.List[0].ISR, s.Partitions.List[0].MinISR = []int32{1, 2}, []int32{1}, 1
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-1", Rule: "restart_when_safe"},
		},
		"a controller stays when another lags": {
			func(s *State) { s.Nodes[0].Reasons, s.Quorum.Voters[1].LastCaughtUp = old, now-2000 },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a controller restarts when another lags less than the limit": {
			func(s *State) { s.Nodes[0].Reasons, s.Quorum.Voters[1].LastCaughtUp = old, now-1999 },
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
		"a controller stays when it is not known how far another is": {
			func(s *State) { s.Nodes[0].Reasons, s.Quorum.Voters[1].LastCaughtUp = old, -1 },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a ready node stays when nothing is known": {
			func(s *State) { silent(s); s.Nodes[0].Reasons = old },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a ready broker stays when the quorum has no leader": {
			func(s *State) { s.Quorum.Leader, s.Nodes[0].Controller, s.Nodes[0].Reasons = -1, false, old },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a ready broker stays when only the partitions are not known": {
			func(s *State) { s.Partitions, s.Nodes[0].Reasons = Partitions{}, old },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a ready broker stays when a partition has the least it needs": {
			func(s *State) { s.Nodes[0].Reasons, s.Partitions.List[0].ISR = old, []int32{0, 1} },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a ready broker restarts when it is not among the in-sync replicas": {
			func(s *State) { s.Nodes[0].Reasons, s.Partitions.List[0].ISR = old, []int32{1, 2} },
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
		"a ready broker stays when a partition of its own lacks in-sync replicas": {
			func(s *State) { s.Nodes[0].Reasons, s.Partitions.List[0].ISR = old, []int32{1} },
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a partition with no replica to spare does not hold a broker": {
			func(s *State) { s.Nodes[0].Reasons, s.Partitions.List[0].MinISR = old, 3 },
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
		"one of two controllers restarts when the other is caught up": {
			func(s *State) { s.Quorum.Voters, s.Nodes[0].Reasons = s.Quorum.Voters[:2], old; s.Quorum.Leader = 1 },
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
		"one of two controllers stays when the other lags": {
			func(s *State) {
				s.Quorum.Voters, s.Nodes[0].Reasons = s.Quorum.Voters[:2], old
				s.Quorum.Leader, s.Quorum.Voters[1].LastCaughtUp = 0, 0
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"a broker that hangs does not keep a controller from restarting": {
			func(s *State) {
				notAController(s)
				s.Nodes[0].Ready, s.Nodes[1].Broker, s.Nodes[1].Reasons = false, false, old
			},
			Step{Action: Restart, Node: "k-1", Reasons: old, Rule: "controllers_do_not_wait_for_brokers"},
		},
		"a broker that hangs does not keep a controller from restarting when only controllers answer": {
			func(s *State) {
				notAController(s)
				s.Nodes[0].Ready, s.Nodes[1].Broker, s.Nodes[1].Reasons, s.Partitions = false, false, old, Partitions{}
			},
			Step{Action: Restart, Node: "k-1", Reasons: old, Rule: "controllers_do_not_wait_for_brokers"},
		},
		"a broker that hangs keeps a controller from restarting that is a broker with too few replicas beside": {
			func(s *State) {
				notAController(s)
				s.Nodes[0].Ready, s.Nodes[1].Reasons, s.Partitions.List[0].ISR = false, old, []int32{1, 2}
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-1", Rule: "controllers_do_not_wait_for_brokers"},
		},
		"a controller that hangs keeps another from restarting": {
			func(s *State) { s.Nodes[0].Broker, s.Nodes[0].Ready, s.Nodes[1].Reasons = false, false, old },
			Step{Action: Wait, Awaits: Platform, Node: "k-0", Rule: "all_are_ready"},
		},
		"an ephemeral node that cannot start is not replaced before Kafka was asked": {
			func(s *State) {
				ephemeral(s)
				s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[0].Reasons = false, "CrashLoopBackOff", old
				s.Partitions.List[0].ISR = []int32{0, 1}
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "all_are_ready"},
		},
		"an ephemeral node that cannot start is replaced when facts say that it is not missed": {
			func(s *State) {
				ephemeral(s)
				s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[0].Reasons = false, "CrashLoopBackOff", old
				s.Partitions.List[0].ISR, s.Quorum.Voters[0].LastCaughtUp = []int32{1, 2}, 0
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"an ephemeral node that cannot start stays while Kafka ought to answer": {
			func(s *State) {
				ephemeral(s)
				silent(s)
				s.Nodes[0].Broker, s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[0].Reasons = false, false, "CrashLoopBackOff", old
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "all_are_ready"},
		},
		"an ephemeral controller that cannot start is replaced when Kafka cannot answer without it": {
			func(s *State) {
				ephemeral(s)
				silent(s)
				s.Nodes[0].Broker, s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[0].Reasons = false, false, "CrashLoopBackOff", old
				s.Nodes[1].Ready, s.Nodes[1].Stuck, s.Nodes[1].Reasons = false, "CrashLoopBackOff", old
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"an ephemeral node that never ran is replaced without a question": {
			func(s *State) {
				ephemeral(s)
				s.Nodes[0].Ready, s.Nodes[0].Stuck, s.Nodes[0].Reasons, s.Nodes[0].Blank = false, "ErrImagePull", old, true
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "replace_what_cannot_start"},
		},
		"an ephemeral node that lags stays when another one lags too": {
			func(s *State) {
				ephemeral(s)
				s.Nodes[0].Broker, s.Nodes[0].Ready, s.Nodes[0].Reasons = false, false, old
				s.Quorum.Voters[0].LastCaughtUp, s.Quorum.Voters[1].LastCaughtUp = 0, 0
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "all_are_ready"},
		},
		"a node with a volume that lags restarts when another one lags too": {
			func(s *State) {
				s.Nodes[0].Broker, s.Nodes[0].Ready, s.Nodes[0].Reasons = false, false, old
				s.Quorum.Voters[0].LastCaughtUp, s.Quorum.Voters[1].LastCaughtUp = 0, 0
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"an ephemeral broker stays when it has the last copy though there is no replica to spare": {
			func(s *State) {
				ephemeral(s)
				s.Nodes[0].Reasons, s.Partitions.List[0].ISR, s.Partitions.List[0].MinISR = old, []int32{0}, 3
			},
			Step{Action: Wait, Awaits: Kafka, Node: "k-0", Rule: "restart_when_safe"},
		},
		"an ephemeral broker restarts though it has the only copy that there is to be": {
			func(s *State) {
				ephemeral(s)
				p := &s.Partitions.List[0]
				s.Nodes[0].Reasons, p.Replicas, p.ISR, p.MinISR = old, []int32{0}, []int32{0}, 1
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
		"the only node restarts though its data goes": {
			func(s *State) {
				ephemeral(s)
				silent(s)
				s.Nodes = s.Nodes[:1]
				s.Nodes[0].Ready, s.Nodes[0].Reasons = false, old
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "heal_what_is_unready"},
		},
		"a second ephemeral node waits for a person while the first is not ready": {
			func(s *State) {
				ephemeral(s)
				silent(s)
				s.Nodes[0].Ready, s.Nodes[1].Ready, s.Nodes[2].Ready = false, false, false
				s.Nodes[1].Reasons, s.Nodes[2].Reasons = old, old
			},
			Step{Action: Blocked, Node: "k-1", Rule: "all_are_ready"},
		},
		"a controller that does not vote yet restarts": {
			func(s *State) {
				s.Quorum.Voters, s.Nodes[0].Reasons = s.Quorum.Voters[1:], old
				s.Quorum.Voters[0].LastCaughtUp = 0
			},
			Step{Action: Restart, Node: "k-0", Reasons: old, Rule: "restart_when_safe"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Next(healthy(test.change))
			if (got.Because == "") != (got.Action == Restart || got.Action == Done) {
				t.Errorf("the reason of %s is %q", got.Action, got.Because)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Step{}, "Because", "Detail")); diff != "" {
				t.Errorf("-want +got:\n%s%s", diff, got.Because)
			}
		})
	}
}

func TestNeedsFacts(t *testing.T) {
	tests := map[string]struct {
		change func(*State)
		want   bool
	}{
		"not when all is done":                     {func(*State) {}, false},
		"when a node is outdated":                  {func(s *State) { s.Nodes[0].Reasons = old }, true},
		"not while a node stops":                   {func(s *State) { s.Nodes[0].Reasons, s.Nodes[1].Ending = old, true }, false},
		"not for an outdated one that can't start": {func(s *State) { s.Nodes[0].Reasons, s.Nodes[0].Stuck, s.Nodes[0].Ready = old, "x", false }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NeedsFacts(healthy(test.change)); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestMessagesStayTheSameWhileTheirCauseDoes(t *testing.T) {
	s := healthy(func(s *State) {
		s.Nodes[0].Reasons = old
		p := s.Partitions.List[0]
		p.ISR = []int32{0, 1}
		s.Partitions.List = []Partition{p, p, p, p, p}
	})
	var said []string
	for len(s.Partitions.List) > 0 {
		step := Next(s)
		said = append(said, step.Rule+": "+step.Because)
		s.Partitions.List = s.Partitions.List[1:]
		if want := fmt.Sprintf("%d, among them orders-0", len(s.Partitions.List)+1); !strings.HasPrefix(step.Detail, want) {
			t.Errorf("detail %q, want it to begin with %q", step.Detail, want)
		}
	}
	want := []string{"restart_when_safe: node k-0 stays: partitions would have too few in-sync replicas"}
	if got := slices.Compact(said); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMessagesNameAFewPartitionsOnly(t *testing.T) {
	s := healthy(func(s *State) {
		s.Nodes[0].Reasons = old
		p := s.Partitions.List[0]
		p.ISR = []int32{0, 1}
		s.Partitions.List = []Partition{p, p, p, p, p}
	})
	if got, want := Next(s).Detail, "5, among them orders-0, orders-0, orders-0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
