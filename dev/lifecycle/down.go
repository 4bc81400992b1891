package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/cgroup"
	"castellan.io/castellan/dev/cluster"
)

// patience is how long processes may take to end after they were killed.
const patience = 20 * time.Second

// Down ends the cluster, with what was started in its network by Exec, and deletes
// everything it had. A cluster that is down is no error.
func (l Lab) Down(context.Context) error {
	if err := requireRoot(); err != nil {
		return err
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	step := l.Progress.Start("ending the cluster of " + l.Checkout.Path)
	return step.End(l.remove())
}

func (l Lab) remove() error {
	guests, err := l.State.findVisitors()
	if err != nil {
		return err
	}
	if guests.has(os.Getpid()) {
		guests.close()
		return errors.New("this runs in the cluster's own network: leave 'dev shell' first")
	}
	if err := l.clear(); err != nil {
		guests.close()
		return err
	}
	if err := guests.end(); err != nil {
		return err
	}
	if err := os.RemoveAll(l.State.Dir); err != nil {
		return fmt.Errorf("deleting the cluster's folder: %w", err)
	}
	// The folder of all clusters goes with the last one.
	if err := unix.Rmdir(stateRoot); err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("deleting the folder of clusters: %w", err)
	}
	return nil
}

// clear ends all processes of the cluster and removes its mounts and control
// groups, whatever state it is in, and keeps its data.
func (l Lab) clear() error {
	record, err := l.State.ReadRecord()
	if err != nil && !errors.Is(err, ErrDown) {
		return err
	}
	if err == nil {
		if err := record.Supervisor.Kill(patience); err != nil {
			return fmt.Errorf("ending the cluster's processes: %w", err)
		}
	}
	if err := l.State.unmount(); err != nil {
		return err
	}
	mounts, err := cgroup.Mounts()
	if err != nil {
		return err
	}
	group := cluster.Cluster{Key: l.Checkout.Key()}.CgroupRoot()
	return cgroup.Remove(mounts, group, patience)
}

// unmount removes mounts below the cluster's folder. The cluster's own are not
// seen here, but the folder is about to be deleted, and must not lead elsewhere.
func (s State) unmount() error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("reading the mounts: %w", err)
	}
	for _, path := range mountsBelow(string(text), s.Dir) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("removing the mount %s: %w", path, err)
		}
	}
	return nil
}

// mountsBelow are the mount points below the folder in a mountinfo file
// (proc(5)), the innermost first.
func mountsBelow(mountinfo, folder string) []string {
	var paths []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasPrefix(fields[4], folder+"/") {
			paths = append(paths, fields[4])
		}
	}
	slices.Reverse(paths)
	return paths
}
