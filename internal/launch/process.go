package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// ended is how a process ended.
type ended struct {
	status syscall.WaitStatus
	err    error
}

// runJVM runs a command until it ends and gives the exit code for the container. The end of the context stops the JVM
// with SIGTERM, on which Kafka shuts down in a controlled way.
func runJVM(ctx context.Context, command []string, monitor *Monitor) (int, error) {
	started := make(chan int, 1)
	end := make(chan ended, 1)
	go startAndWait(command, started, end)
	var process int
	select {
	case process = <-started:
		monitor.Enter(Running)
	case e := <-end:
		return 1, e.err
	}
	select {
	case e := <-end:
		return exitCode(e.status, false), e.err
	case <-ctx.Done():
		monitor.Enter(Stopping)
		_ = syscall.Kill(process, syscall.SIGTERM)
		e := <-end
		return exitCode(e.status, true), e.err
	}
}

// startAndWait keeps its thread: the kernel sends the parent-death signal when the thread that started the child ends.
func startAndWait(command []string, started chan<- int, end chan<- ended) {
	runtime.LockOSThread()
	child := exec.Command(command[0], command[1:]...)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := child.Start(); err != nil {
		end <- ended{err: fmt.Errorf("starting the JVM: %w", err)}
		return
	}
	started <- child.Process.Pid
	status, err := reapUntil(child.Process.Pid)
	end <- ended{status: status, err: err}
}

// reapUntil waits for every child: as the first process of a container the launcher inherits orphans.
func reapUntil(process int) (syscall.WaitStatus, error) {
	for {
		var status syscall.WaitStatus
		found, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("waiting for the JVM: %w", err)
		}
		if found == process {
			return status, nil
		}
	}
}

// exitCode is the JVM's own, or 128 and the signal's number. Asked to stop, a JVM exits with 143 (128+SIGTERM) after a
// controlled shutdown, or dies of the signal if it had not come far enough to handle it: for the container that is success.
func exitCode(status syscall.WaitStatus, stopping bool) int {
	code := status.ExitStatus()
	if status.Signaled() {
		code = 128 + int(status.Signal())
	}
	if stopping && code == 128+int(syscall.SIGTERM) {
		return 0
	}
	return code
}
