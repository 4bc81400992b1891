package node

import (
	"sync"
	"time"

	"castellan.io/castellan/dev/cluster"
)

// board keeps the status and its file.
type board struct {
	mutex  sync.Mutex
	path   string
	now    func() time.Time
	status Status
}

func newBoard(path string, components []cluster.Component, now func() time.Time) *board {
	b := &board{path: path, now: now}
	for _, component := range components {
		b.status.Components = append(b.status.Components, ComponentStatus{Name: component.Name, State: Waiting})
	}
	b.write()
	return b
}

// move goes on writing at another path of the same file.
func (b *board) move(path string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.path = path
	b.write()
}

func (b *board) fail(problem error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.status.Problem = problem.Error()
	b.write()
}

func (b *board) started(name string, pid int) {
	b.change(name, func(c *ComponentStatus) {
		c.State, c.PID, c.Since = Running, pid, b.now().UTC()
	})
}

func (b *board) ready(name string) {
	b.change(name, func(c *ComponentStatus) {
		if c.State == Running {
			c.State = Ready
		}
	})
}

func (b *board) died(name, reason string) {
	b.change(name, func(c *ComponentStatus) {
		c.State, c.Reason, c.Since = Died, reason, b.now().UTC()
	})
}

func (b *board) change(name string, edit func(*ComponentStatus)) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for i := range b.status.Components {
		if b.status.Components[i].Name == name {
			edit(&b.status.Components[i])
		}
	}
	b.write()
}

// write puts the status into its file. A failure cannot be told anywhere: the
// reader sees the status stay behind.
func (b *board) write() {
	_ = WriteJSON(b.path, b.status, 0o644)
}
