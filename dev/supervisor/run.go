package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/node"
)

// Namespaces are what the supervisor has to be started in.
const Namespaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// supervisor holds the status of the nodes it started.
type supervisor struct {
	plan Plan
	now  func() time.Time

	mutex  sync.Mutex
	status Status
}

// Run starts the nodes of the plan in the file and stays until ctx ends. It
// begins as soon as one byte comes from goAhead: whoever starts a supervisor
// has to record its id first, and one that was not recorded must not stay. now is
// the clock of the status.
func Run(ctx context.Context, planFile string, goAhead io.Reader, now func() time.Time) error {
	if _, err := io.ReadFull(goAhead, make([]byte, 1)); err != nil {
		return errors.New("nobody has recorded this supervisor: it is started by the up command only")
	}
	plan, err := ReadPlan(planFile)
	if err != nil {
		return err
	}
	s := &supervisor{plan: plan, now: now}
	if err := s.start(ctx, planFile); err != nil {
		s.update(func(status *Status) { status.Problem = err.Error() })
		return err
	}
	<-ctx.Done()
	return nil
}

func (s *supervisor) start(ctx context.Context, planFile string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separating the mounts from the machine's: %w", err)
	}
	if err := node.MountProc(); err != nil {
		return err
	}
	bridge, err := makeBridge(s.plan.Gateway)
	if err != nil {
		return err
	}
	if err := addRoutes(s.plan.Routes); err != nil {
		return err
	}
	for _, planned := range s.plan.Nodes {
		if err := s.startNode(ctx, planned, planFile, bridge); err != nil {
			return fmt.Errorf("starting %s: %w", planned.Name, err)
		}
	}
	return nil
}

func (s *supervisor) startNode(ctx context.Context, planned NodePlan, planFile string, bridge netlink.Link) error {
	// A node ends with the supervisor's namespace, by the kernel.
	command := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe", "supervise", "node", "--plan", planFile, "--name", planned.Name)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Namespaces, Setsid: true}
	if err := command.Start(); err != nil {
		return err
	}
	pid := command.Process.Pid
	s.update(func(status *Status) {
		status.Nodes = append(status.Nodes, NodeStatus{Name: planned.Name, PID: pid, Since: s.now().UTC()})
	})
	go func() {
		ended := command.Wait()
		s.update(func(status *Status) { status.end(planned.Name, ended, s.now().UTC()) })
	}()
	return connect(bridge, planned.Name, pid)
}

// end notes how a node's first process ended.
func (s *Status) end(name string, ended error, when time.Time) {
	reason := "ended"
	if ended != nil {
		reason = ended.Error()
	}
	for i := range s.Nodes {
		if s.Nodes[i].Name == name {
			s.Nodes[i].Reason, s.Nodes[i].Since = reason, when
		}
	}
}

func (s *supervisor) update(edit func(*Status)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	edit(&s.status)
	// A failure cannot be told anywhere else; the reader sees an old status.
	_ = node.WriteJSON(s.plan.StatusFile, s.status, 0o644)
}
