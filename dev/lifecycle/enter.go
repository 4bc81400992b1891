package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/process"
	"castellan.io/castellan/dev/supervisor"
)

// nodeProcess is the first process of a node, with its id on this machine.
func (s State) nodeProcess(table process.Table, record Record, name string) (process.Entry, error) {
	status, err := supervisor.ReadStatus(s.statusFile())
	if err != nil {
		return process.Entry{}, err
	}
	for _, started := range status.Nodes {
		if started.Name != name {
			continue
		}
		if entry, found := table.Inside(record.Supervisor.PID, 1, started.PID); found {
			return entry, nil
		}
	}
	return process.Entry{}, fmt.Errorf("%s does not run: see 'dev status'", name)
}

// network is the path of the network namespace of the first node.
func (s State) network() (string, error) {
	record, err := s.running()
	if err != nil {
		return "", err
	}
	table, err := process.ReadTable()
	if err != nil {
		return "", err
	}
	first, err := s.nodeProcess(table, record, "node-1")
	if err != nil {
		return "", err
	}
	return networkOf(first.PID), nil
}

// environment is what programs that work with the cluster get on top of the
// user's environment. The client's cache belongs to the cluster, as another one
// with the same address may know other kinds of objects.
func (s State) environment(inherited []string, folders []string) []string {
	path := slices.Clone(folders)
	environment := make([]string, 0, len(inherited)+3)
	for _, entry := range inherited {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "PATH":
			path = append(path, value)
		case "KUBECONFIG", "KUBECACHEDIR":
		default:
			environment = append(environment, entry)
		}
	}
	return append(environment, "PATH="+strings.Join(path, ":"), "KUBECONFIG="+s.Kubeconfig(), "KUBECACHEDIR="+filepath.Join(s.Dir, "client-cache"))
}

// Exec replaces this process by the program, in the first node's network, with
// the cluster's name server. It returns only when that fails.
func (l Lab) Exec(ctx context.Context, arguments []string) error {
	if err := requireRoot(); err != nil {
		return err
	}
	network, err := l.State.network()
	if err != nil {
		return err
	}
	folders, err := l.folders(ctx)
	if err != nil {
		return err
	}
	environment := l.State.environment(l.Environment, folders)
	path, err := lookPath(arguments[0], environment)
	if err != nil {
		return fmt.Errorf("finding %s: %w", arguments[0], err)
	}
	// Namespaces belong to threads. The one that calls exec is what stays.
	runtime.LockOSThread()
	if err := enterNetwork(network); err != nil {
		return err
	}
	if err := l.State.useNameServer(); err != nil {
		return err
	}
	if err := unix.Exec(path, arguments, environment); err != nil {
		return fmt.Errorf("running %s: %w", path, err)
	}
	return nil
}

// enterNetwork moves the calling thread into the network namespace.
func enterNetwork(path string) error {
	namespace, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reaching the cluster's network: %w", err)
	}
	defer func() { _ = namespace.Close() }()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering the cluster's network: %w", err)
	}
	return nil
}

// useNameServer covers /etc/resolv.conf for the calling thread.
func (s State) useNameServer() error {
	const target = "/etc/resolv.conf"
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("separating the mounts from the machine's: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separating the mounts from the machine's: %w", err)
	}
	if err := unix.Mount(s.resolvConf(), target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("using the cluster's name server: %w", err)
	}
	return nil
}

// lookPath finds the program on the PATH of the environment it will have.
func lookPath(program string, environment []string) (string, error) {
	if strings.Contains(program, "/") {
		return program, nil
	}
	for _, entry := range environment {
		value, isPath := strings.CutPrefix(entry, "PATH=")
		if !isPath {
			continue
		}
		for _, folder := range filepath.SplitList(value) {
			path := filepath.Join(folder, program)
			if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", exec.ErrNotFound
}

// runInNetwork runs the command in the network namespace and returns its output.
func runInNetwork(network string, command *exec.Cmd) ([]byte, error) {
	type result struct {
		output []byte
		err    error
	}
	done := make(chan result)
	go func() {
		// The thread is not unlocked: it ends with the goroutine instead of
		// being used for something else in the wrong namespace.
		runtime.LockOSThread()
		if err := enterNetwork(network); err != nil {
			done <- result{err: err}
			return
		}
		output, err := command.CombinedOutput()
		done <- result{output: output, err: err}
	}()
	ended := <-done
	return ended.output, ended.err
}

// socketOf is the path of the node's containerd socket for programs outside.
func socketOf(nodeProcess process.Entry, socket string) string {
	return filepath.Join("/proc", strconv.Itoa(nodeProcess.PID), "root", socket)
}
