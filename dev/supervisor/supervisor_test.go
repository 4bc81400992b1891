package supervisor

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
)

func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.json")
	want := Plan{
		Gateway:    netip.MustParsePrefix("198.18.255.254/24"),
		Routes:     []cluster.Route{{To: netip.MustParsePrefix("198.18.1.0/24"), Via: netip.MustParseAddr("198.18.255.1")}},
		Tools:      map[string]string{"etcd": "/cache/etcd"},
		Nodes:      []NodePlan{{Name: "node-1", Var: "/state/var"}},
		StatusFile: "/state/supervisor.json",
	}
	if err := node.WriteJSON(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestAPlanKnowsItsNodes(t *testing.T) {
	plan := Plan{Nodes: []NodePlan{{Name: "node-1", Var: "/state/var"}}}
	if got, err := plan.Node("node-1"); err != nil || got.Var != "/state/var" {
		t.Errorf("node-1: %v (%v)", got, err)
	}
	if _, err := plan.Node("node-2"); err == nil {
		t.Error("a node that is not in the plan was found")
	}
}

func TestASupervisorNobodyRecordedDoesNotBegin(t *testing.T) {
	err := Run(t.Context(), filepath.Join(t.TempDir(), "none"), strings.NewReader(""), time.Now)
	if err == nil || !strings.Contains(err.Error(), "nobody has recorded") {
		t.Errorf("error %v", err)
	}
}

func TestEndNotesHowANodeEnded(t *testing.T) {
	status := Status{Nodes: []NodeStatus{{Name: "node-1"}, {Name: "node-2"}}}
	when := time.Unix(7, 0)
	status.end("node-2", nil, when)
	want := []NodeStatus{{Name: "node-1"}, {Name: "node-2", Reason: "ended", Since: when}}
	if diff := cmp.Diff(want, status.Nodes); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
}
