package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/process"
	"castellan.io/castellan/dev/supervisor"
)

// visitors are the processes that were started from outside in the networks of
// the cluster, by Exec, with their children: they do not end with the supervisor
// and would keep the networks.
type visitors struct {
	// networks are open files of the network namespaces. An open one keeps its
	// number from being given to a namespace of somebody else.
	networks []*os.File
}

// findVisitors opens the networks of a running cluster; there are none in one
// that is down.
func (s State) findVisitors() (visitors, error) {
	record, err := s.running()
	if errors.Is(err, ErrDown) {
		return visitors{}, nil
	}
	if err != nil {
		return visitors{}, err
	}
	status, err := supervisor.ReadStatus(s.statusFile())
	if errors.Is(err, fs.ErrNotExist) {
		return visitors{}, nil
	}
	if err != nil {
		return visitors{}, err
	}
	table, err := process.ReadTable()
	if err != nil {
		return visitors{}, err
	}
	var found visitors
	for _, started := range status.Nodes {
		first, running := table.Inside(record.Supervisor.PID, 1, started.PID)
		if !running {
			continue
		}
		if file, err := os.Open(networkOf(first.PID)); err == nil {
			found.networks = append(found.networks, file)
		}
	}
	return found, nil
}

// has tells whether the process is in one of the networks.
func (v visitors) has(pid int) bool {
	var theirs unix.Stat_t
	if unix.Stat(networkOf(pid), &theirs) != nil {
		return false
	}
	for _, network := range v.networks {
		var ours unix.Stat_t
		if unix.Fstat(int(network.Fd()), &ours) == nil && ours.Dev == theirs.Dev && ours.Ino == theirs.Ino {
			return true
		}
	}
	return false
}

// end ends them all. The cluster's own processes have to be gone already.
func (v visitors) end() error {
	defer v.close()
	if len(v.networks) == 0 {
		return nil
	}
	table, err := process.ReadTable()
	if err != nil {
		return err
	}
	for _, entry := range table {
		identity, err := process.IdentityOf(entry.PID)
		if err != nil || !v.has(entry.PID) {
			continue
		}
		if err := identity.Kill(patience); err != nil {
			return fmt.Errorf("ending what was started in the cluster's network: %w", err)
		}
	}
	return nil
}

func (v visitors) close() {
	for _, network := range v.networks {
		_ = network.Close()
	}
}

// networkOf is the path of the process' network namespace.
func networkOf(pid int) string {
	return "/proc/" + strconv.Itoa(pid) + "/ns/net"
}
