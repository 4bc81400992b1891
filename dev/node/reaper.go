package node

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// reaper collects the children of process 1: the components it started, and
// everything else of the node that lost its parent. Those share one queue, so
// nothing else in the process may wait for a child.
type reaper struct {
	mutex    sync.Mutex
	children map[int]func(syscall.WaitStatus)
}

func newReaper() *reaper {
	return &reaper{children: map[int]func(syscall.WaitStatus){}}
}

// start starts the command, and calls ended when it has ended, never before
// started has returned.
func (r *reaper) start(command *exec.Cmd, started func(pid int), ended func(syscall.WaitStatus)) error {
	// The lock keeps a child that ends at once from being collected unknown.
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := command.Start(); err != nil {
		return err
	}
	pid := command.Process.Pid
	r.children[pid] = ended
	started(pid)
	return command.Process.Release()
}

// run collects children until ctx ends.
func (r *reaper) run(ctx context.Context) {
	for ctx.Err() == nil {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.ECHILD) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err == nil {
			r.collect(pid, status)
		}
	}
}

func (r *reaper) collect(pid int, status syscall.WaitStatus) {
	r.mutex.Lock()
	ended, known := r.children[pid]
	delete(r.children, pid)
	r.mutex.Unlock()
	if known {
		ended(status)
	}
}
