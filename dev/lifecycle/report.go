package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/process"
	"castellan.io/castellan/dev/supervisor"
)

// Report is how the cluster is.
type Report struct {
	// Checkout is the path of the checkout it belongs to.
	Checkout string `json:"checkout"`
	// Nodes is how many nodes it has.
	Nodes int `json:"nodes"`
	// Since is when it was started.
	Since time.Time `json:"since"`
	// Supervisor is the id of the process with which everything ends.
	Supervisor int `json:"supervisor"`
	// Processes is how many processes there are, containers included.
	Processes int `json:"processes"`
	// Resident is their resident memory in bytes; pages shared by two processes
	// count twice.
	Resident int64 `json:"residentBytes"`
	// Problems are why the cluster or a node could not be set up, or ended.
	Problems []string `json:"problems,omitempty"`
	// Components are the components of all nodes.
	Components []ComponentReport `json:"components"`
	// reporting is how many nodes have said anything.
	reporting int
}

// ComponentReport is how one component is.
type ComponentReport struct {
	// Node is the name of its node.
	Node string `json:"node"`
	// Name is the component's name.
	Name string `json:"name"`
	// State is how far it is.
	State node.State `json:"state"`
	// Since is when it was started, or died.
	Since time.Time `json:"since,omitzero"`
	// PID is its process id on this machine; zero if it does not run.
	PID int `json:"pid,omitempty"`
	// Resident is its resident memory in bytes.
	Resident int64 `json:"residentBytes,omitempty"`
	// Reason says how it died.
	Reason string `json:"reason,omitempty"`
	// Log is the path of its log file.
	Log string `json:"log"`
}

// Report looks at the cluster. The error is ErrDown when it is not up.
func (s State) Report() (Report, error) {
	record, err := s.running()
	if err != nil {
		return Report{}, err
	}
	table, err := process.ReadTable()
	if err != nil {
		return Report{}, err
	}
	all := table.Descendants(record.Supervisor.PID)
	report := Report{
		Checkout: record.Checkout, Nodes: record.Nodes, Since: record.Since,
		Supervisor: record.Supervisor.PID, Processes: len(all) + 1, Resident: all.Resident(),
	}
	status, err := supervisor.ReadStatus(s.statusFile())
	if errors.Is(err, fs.ErrNotExist) {
		return report, nil
	}
	if err != nil {
		return Report{}, err
	}
	if status.Problem != "" {
		report.Problems = append(report.Problems, status.Problem)
	}
	for _, started := range status.Nodes {
		if err := report.addNode(s, table, started); err != nil {
			return Report{}, err
		}
	}
	return report, nil
}

// addNode adds what the node says of itself.
func (r *Report) addNode(s State, table process.Table, started supervisor.NodeStatus) error {
	if started.Reason != "" {
		r.Problems = append(r.Problems, started.Name+" "+started.Reason)
	}
	status, err := node.ReadStatus(s.Inside(started.Name, cluster.StatusFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r.reporting++
	if status.Problem != "" {
		r.Problems = append(r.Problems, started.Name+": "+status.Problem)
	}
	first, _ := table.Inside(r.Supervisor, 1, started.PID)
	for _, component := range status.Components {
		added := ComponentReport{
			Node: started.Name, Name: component.Name, State: component.State, Since: component.Since,
			Reason: component.Reason, Log: s.Inside(started.Name, cluster.LogDir+"/"+component.Name+".log"),
		}
		if entry, found := table.Inside(first.PID, 2, component.PID); found && component.State != node.Died {
			added.PID, added.Resident = entry.PID, entry.Resident
		}
		r.Components = append(r.Components, added)
	}
	return nil
}

// complete tells whether every node has said something.
func (r Report) complete() bool {
	return r.reporting == r.Nodes
}

// Died says what does not run that should, or nil.
func (r Report) Died() error {
	for _, problem := range r.Problems {
		return errors.New(problem)
	}
	for _, component := range r.Components {
		if component.State == node.Died {
			return fmt.Errorf("%s on %s died: %s (see %s)", component.Name, component.Node, component.Reason, component.Log)
		}
	}
	return nil
}

// pid is the process id as text, empty for none.
func (c ComponentReport) pid() string {
	if c.PID == 0 {
		return ""
	}
	return strconv.Itoa(c.PID)
}
