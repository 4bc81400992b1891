package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// State is how far a component is.
type State string

// The states of a component, in the order it goes through them.
const (
	// Waiting is for what the component needs.
	Waiting State = "waiting"
	// Running is started and not known to work yet.
	Running State = "running"
	// Ready is doing its work, at least once.
	Ready State = "ready"
	// Died is ended, or never started.
	Died State = "died"
)

// ComponentStatus is what became of one component.
type ComponentStatus struct {
	// Name is the component's name.
	Name string `json:"name"`
	// State is how far it is.
	State State `json:"state"`
	// PID is its id within the node; zero before it is started.
	PID int `json:"pid,omitempty"`
	// Since is when it was started, or ended if it died.
	Since time.Time `json:"since,omitzero"`
	// Reason says why it died.
	Reason string `json:"reason,omitempty"`
}

// Status is what became of a node.
type Status struct {
	// Problem is why the node itself could not be set up; empty if it could.
	Problem string `json:"problem,omitempty"`
	// Components are in the order of their start.
	Components []ComponentStatus `json:"components"`
}

// AllReady tells whether every component does its work.
func (s Status) AllReady() bool {
	for _, component := range s.Components {
		if component.State != Ready {
			return false
		}
	}
	return len(s.Components) > 0 && s.Problem == ""
}

// ReadStatus reads a status file.
func ReadStatus(path string) (Status, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Status{}, fmt.Errorf("reading the node's status: %w", err)
	}
	var status Status
	if err := json.Unmarshal(text, &status); err != nil {
		return Status{}, fmt.Errorf("reading the node's status from %s: %w", path, err)
	}
	return status, nil
}

// WriteJSON replaces the file at once, so that a reader sees the old content or
// the new, and never a part.
func WriteJSON(path string, value any, mode os.FileMode) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	if _, err := temporary.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := temporary.Chmod(mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}
