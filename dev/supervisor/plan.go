package supervisor

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"time"

	"castellan.io/castellan/dev/cluster"
)

// Plan is what the supervisor needs to know, read from a file.
type Plan struct {
	// Gateway is the address of the bridge between the nodes.
	Gateway netip.Prefix `json:"gateway"`
	// Routes lead from the bridge to the pods.
	Routes []cluster.Route `json:"routes"`
	// Tools are the folders of the programs by the name of the tool.
	Tools map[string]string `json:"tools"`
	// Nodes are the nodes to start.
	Nodes []NodePlan `json:"nodes"`
	// StatusFile is where the supervisor reports.
	StatusFile string `json:"statusFile"`
}

// NodePlan is one node to start.
type NodePlan struct {
	// Name is the node's name.
	Name string `json:"name"`
	// Var is the folder that becomes the node's /var.
	Var string `json:"var"`
}

// Status is what the supervisor reports.
type Status struct {
	// Problem is why the cluster could not be set up; empty if it could.
	Problem string `json:"problem,omitempty"`
	// Nodes are the first processes of the nodes.
	Nodes []NodeStatus `json:"nodes"`
}

// NodeStatus is what became of the first process of a node.
type NodeStatus struct {
	// Name is the node's name.
	Name string `json:"name"`
	// PID is the process id in the supervisor's namespace.
	PID int `json:"pid"`
	// Since is when it was started, or ended if Reason is set.
	Since time.Time `json:"since"`
	// Reason says how it ended; empty while it runs.
	Reason string `json:"reason,omitempty"`
}

// ReadPlan reads a plan.
func ReadPlan(path string) (Plan, error) {
	var plan Plan
	err := read(path, &plan)
	return plan, err
}

// ReadStatus reads a status file.
func ReadStatus(path string) (Status, error) {
	var status Status
	err := read(path, &status)
	return status, err
}

// Node finds the node by its name.
func (p Plan) Node(name string) (NodePlan, error) {
	for _, node := range p.Nodes {
		if node.Name == name {
			return node, nil
		}
	}
	return NodePlan{}, fmt.Errorf("the plan has no node %q", name)
}

func read(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the supervisor's files: %w", err)
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
