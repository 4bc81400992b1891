package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Mount is one hierarchy of control groups.
type Mount struct {
	// Path is where it is mounted.
	Path string
	// Unified is true for version 2.
	Unified bool
}

// Mounts reads which hierarchies the machine has.
func Mounts() ([]Mount, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mounts: %w", err)
	}
	return parseMounts(string(text)), nil
}

// parseMounts picks the cgroup mounts of a mountinfo file (proc(5)). Only mounts
// of a whole hierarchy below /sys/fs/cgroup count: others are views of containers.
func parseMounts(mountinfo string) []Mount {
	var mounts []Mount
	for line := range strings.Lines(mountinfo) {
		head, tail, found := strings.Cut(strings.TrimSpace(line), " - ")
		fields, kind := strings.Fields(head), strings.Fields(tail)
		if !found || len(fields) < 5 || len(kind) == 0 || !strings.HasPrefix(fields[4], "/sys/fs/cgroup") {
			continue
		}
		if kind[0] == "cgroup" || kind[0] == "cgroup2" {
			mounts = append(mounts, Mount{Path: fields[4], Unified: kind[0] == "cgroup2"})
		}
	}
	return mounts
}

// Create makes the group, with every controller the machine offers, in all
// hierarchies. One that exists is left as it is.
func Create(mounts []Mount, group string) error {
	for _, mount := range mounts {
		path := mount.Path
		for name := range strings.SplitSeq(strings.Trim(group, "/"), "/") {
			parent := path
			path = filepath.Join(parent, name)
			if err := createOne(mount, parent, path); err != nil {
				return fmt.Errorf("making the control group %s: %w", path, err)
			}
		}
	}
	return nil
}

func createOne(mount Mount, parent, path string) error {
	if mount.Unified {
		if err := delegate(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if mount.Unified {
		return delegate(path)
	}
	return inheritCPUs(parent, path)
}

// delegate hands every controller of a version 2 group to its children.
func delegate(path string) error {
	text, err := os.ReadFile(filepath.Join(path, "cgroup.controllers"))
	if err != nil {
		return err
	}
	enabled, err := os.ReadFile(filepath.Join(path, "cgroup.subtree_control"))
	if err != nil {
		return err
	}
	for _, controller := range missing(string(text), string(enabled)) {
		err := os.WriteFile(filepath.Join(path, "cgroup.subtree_control"), []byte("+"+controller), 0)
		if err != nil {
			return fmt.Errorf("handing the controller %s on: %w", controller, err)
		}
	}
	return nil
}

// missing are the controllers pods need that are offered and not enabled.
func missing(offered, enabled string) []string {
	var names []string
	on := strings.Fields(enabled)
	for name := range strings.FieldsSeq(offered) {
		needed := slices.Contains([]string{"cpu", "cpuset", "memory", "pids", "io", "hugetlb"}, name)
		if needed && !slices.Contains(on, name) {
			names = append(names, name)
		}
	}
	return names
}

// inheritCPUs fills the two cpuset files that version 1 leaves empty, with which
// no process can enter the group.
func inheritCPUs(parent, path string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		current, err := os.ReadFile(filepath.Join(path, name))
		if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(current)) != "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(path, name), text, 0); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the group and all groups below it from all hierarchies, waiting
// for processes that are about to end. None there is no error.
func Remove(mounts []Mount, group string, patience time.Duration) error {
	timeout := time.After(patience)
	for _, mount := range mounts {
		path := filepath.Join(mount.Path, group)
		if err := removeUntil(timeout, path); err != nil {
			return fmt.Errorf("removing the control group %s: %w", path, err)
		}
	}
	return nil
}

// removeUntil tries while there are processes in the groups.
func removeUntil(timeout <-chan time.Time, path string) error {
	for {
		err := removeTree(path)
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		select {
		case <-timeout:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// removeTree removes the innermost groups first; the files in them vanish with
// the folder and cannot be removed one by one.
func removeTree(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if err := removeTree(filepath.Join(path, entry.Name())); err != nil {
			return err
		}
	}
	if err := unix.Rmdir(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
