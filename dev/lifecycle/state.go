package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/process"
)

// stateRoot holds the folders of all clusters of the machine.
const stateRoot = "/var/lib/castellan-dev"

// State is the folder of one cluster.
type State struct {
	// Dir is the folder.
	Dir string
}

// Kubeconfig is the path of the configuration with all rights.
func (s State) Kubeconfig() string { return filepath.Join(s.Dir, "kubeconfig") }

// SupervisorLog is what the supervisor and the nodes' first processes say.
func (s State) SupervisorLog() string { return filepath.Join(s.Dir, "supervisor.log") }

// Var is the folder that is the node's /var.
func (s State) Var(nodeName string) string { return filepath.Join(s.Dir, "nodes", nodeName, "var") }

// Inside is where the path, which the node has below its /var, is found here.
func (s State) Inside(nodeName, path string) string { return node.Outside(s.Var(nodeName), path) }

func (s State) recordFile() string     { return filepath.Join(s.Dir, "cluster.json") }
func (s State) identitiesFile() string { return filepath.Join(s.Dir, "identities.json") }
func (s State) planFile() string       { return filepath.Join(s.Dir, "plan.json") }
func (s State) statusFile() string     { return filepath.Join(s.Dir, "supervisor.json") }
func (s State) resolvConf() string     { return filepath.Join(s.Dir, "resolv.conf") }

// Record is what is remembered of a cluster.
type Record struct {
	// Checkout is the path of the checkout the cluster belongs to.
	Checkout string `json:"checkout"`
	// Nodes is how many nodes it has.
	Nodes int `json:"nodes"`
	// Supervisor is the process with which everything else ends.
	Supervisor process.Identity `json:"supervisor"`
	// Since is when the supervisor was started.
	Since time.Time `json:"since"`
}

// ErrDown is returned for a cluster that is not up.
var ErrDown = errors.New("the cluster is not up: run 'dev up'")

// ReadRecord reads the record. The error is ErrDown when there is none.
func (s State) ReadRecord() (Record, error) {
	text, err := os.ReadFile(s.recordFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, ErrDown
	}
	if errors.Is(err, fs.ErrPermission) {
		return Record{}, errNotRoot
	}
	if err != nil {
		return Record{}, fmt.Errorf("reading the cluster's record: %w", err)
	}
	var record Record
	if err := json.Unmarshal(text, &record); err != nil {
		return Record{}, fmt.Errorf("reading the cluster's record: %w", err)
	}
	return record, nil
}

// running reads the record of a cluster whose supervisor is alive.
func (s State) running() (Record, error) {
	record, err := s.ReadRecord()
	if err != nil {
		return Record{}, err
	}
	if !record.Supervisor.Alive() {
		return Record{}, ErrDown
	}
	return record, nil
}

// writeFiles writes the files of a node where it will find them.
func (s State) writeFiles(nodeName string, files []cluster.File) error {
	for _, file := range files {
		path := s.Inside(nodeName, file.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing the files of %s: %w", nodeName, err)
		}
		mode := os.FileMode(0o644)
		if file.Secret {
			mode = 0o600
		}
		if err := os.WriteFile(path, []byte(file.Content), mode); err != nil {
			return fmt.Errorf("writing the files of %s: %w", nodeName, err)
		}
	}
	return nil
}
