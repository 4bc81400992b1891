package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"castellan.io/castellan/dev/cluster"
)

// runner starts the components of a node.
type runner struct {
	spec   cluster.NodeSpec
	board  *board
	reaper *reaper
}

// all starts every component as soon as its gate is open, and stays.
func (r runner) all(ctx context.Context) error {
	for _, component := range r.spec.Components {
		go r.one(ctx, component)
	}
	r.reaper.run(ctx)
	return ctx.Err()
}

func (r runner) one(ctx context.Context, component cluster.Component) {
	if err := passAll(ctx, component.After); err != nil {
		return
	}
	if err := r.start(ctx, component); err != nil {
		r.board.died(component.Name, err.Error())
		return
	}
	if err := pass(ctx, component.Ready); err != nil {
		return
	}
	r.board.ready(component.Name)
}

// start starts the component with its output in its log file.
func (r runner) start(ctx context.Context, component cluster.Component) error {
	path := filepath.Join(cluster.LogDir, component.Name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// A component lives as long as the node, not as long as its start.
	command := exec.CommandContext(context.WithoutCancel(ctx), component.Path, component.Args...)
	command.Env = []string{"PATH=" + r.spec.Path, "HOME=/root", "LANG=C.UTF-8"}
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return r.reaper.start(command, func(pid int) {
		r.board.started(component.Name, pid)
	}, func(status syscall.WaitStatus) {
		r.board.died(component.Name, reason(status))
	})
}

// reason says how a process ended.
func reason(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "ended by " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
