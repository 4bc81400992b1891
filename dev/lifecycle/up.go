package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"castellan.io/castellan/dev/build"
	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/process"
	"castellan.io/castellan/dev/supervisor"
)

// Up brings the cluster up with that many nodes, or with as many as it had, or
// one, if nodes is zero. A cluster that is up is left alone; one of which
// something died, or whose supervisor was killed, is started again with its data.
func (l Lab) Up(ctx context.Context, nodes int) error {
	if err := requireRoot(); err != nil {
		return err
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	record, err := l.State.ReadRecord()
	if err != nil && !errors.Is(err, ErrDown) {
		return err
	}
	count, err := nodeCount(nodes, record.Nodes)
	if err != nil {
		return err
	}
	machine, err := prepareMachine(ctx, l.Progress)
	if err != nil {
		return err
	}
	plan, err := cluster.New(l.Checkout.Key(), count, machine)
	if err != nil {
		return err
	}
	tools, err := l.builder().Ensure(ctx, build.All())
	if err != nil {
		return err
	}
	if err := l.ensureStarted(ctx, plan, tools); err != nil {
		return err
	}
	return l.awaitUp(ctx, plan)
}

// nodeCount is how many nodes the cluster is to have, for the number asked for
// and the number it has, either of which may be zero.
func nodeCount(wanted, existing int) (int, error) {
	switch {
	case existing == 0:
		return max(wanted, 1), nil
	case wanted == 0 || wanted == existing:
		return existing, nil
	default:
		return 0, fmt.Errorf("the cluster has %d nodes, not %d: run 'dev down' first", existing, wanted)
	}
}

// ensureStarted starts the supervisor unless the cluster runs and nothing of it died.
func (l Lab) ensureStarted(ctx context.Context, plan cluster.Cluster, tools build.Folders) error {
	report, err := l.State.Report()
	if err == nil && report.Died() == nil {
		return nil
	}
	if err != nil && !errors.Is(err, ErrDown) {
		return err
	}
	if err := l.clear(); err != nil {
		return fmt.Errorf("clearing what an earlier run left: %w", err)
	}
	if err := os.MkdirAll(l.State.Dir, 0o700); err != nil {
		return fmt.Errorf("making the cluster's folder: %w", err)
	}
	if err := l.prepare(plan, tools); err != nil {
		return err
	}
	return l.startSupervisor(ctx, len(plan.Nodes))
}

// startSupervisor starts the supervisor, records it, and only then lets it begin.
func (l Lab) startSupervisor(ctx context.Context, nodes int) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	log, err := os.OpenFile(l.State.SupervisorLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the supervisor's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// The supervisor stays when this command is interrupted.
	command := exec.CommandContext(context.WithoutCancel(ctx), program, "supervise", "cluster", "--plan", l.State.planFile())
	command.Stdout, command.Stderr = log, log
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: supervisor.Namespaces, Setsid: true}
	goAhead, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	defer func() { _ = goAhead.Close() }()
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	identity, err := process.IdentityOf(command.Process.Pid)
	if err != nil {
		return err
	}
	record := Record{Checkout: l.Checkout.Path, Nodes: nodes, Supervisor: identity, Since: l.Progress.Now().UTC()}
	if err := node.WriteJSON(l.State.recordFile(), record, 0o600); err != nil {
		return err
	}
	if _, err := goAhead.Write([]byte{1}); err != nil {
		return fmt.Errorf("letting the supervisor begin: %w", err)
	}
	return nil
}
