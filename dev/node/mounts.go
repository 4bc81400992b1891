package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/cluster"
)

// Outside is where a path of the node below /var is found on the machine, for
// the folder that holds the node's /var.
func Outside(varFolder, path string) string {
	return filepath.Join(varFolder, strings.TrimPrefix(path, "/var/"))
}

// mountTree makes the node's view of the file system: its own /proc, /var and
// /run, and the tools below its /var. The order matters, as the node's folder
// itself is below the /var that is covered.
func mountTree(varFolder string, tools map[string]string) error {
	// Whatever is mounted from here on must not show on the machine.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separating the mounts from the machine's: %w", err)
	}
	if err := MountProc(); err != nil {
		return err
	}
	if err := makeFolders(varFolder); err != nil {
		return fmt.Errorf("making the node's folders: %w", err)
	}
	for name, folder := range tools {
		if err := bind(folder, Outside(varFolder, cluster.ToolsDir+"/"+name)); err != nil {
			return err
		}
	}
	if err := bind(varFolder, "/var"); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	// Volumes may ask for mounts that propagate between pods and node.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the node's mounts with its pods: %w", err)
	}
	return nil
}

// MountProc mounts the process table of the own process id namespace.
func MountProc() error {
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	return nil
}

// bind shows source, with the mounts below it, at target.
func bind(source, target string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("making the mount point %s: %w", target, err)
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s at %s: %w", source, target, err)
	}
	return nil
}

// makeFolders makes what programs expect below /var.
func makeFolders(varFolder string) error {
	for _, path := range []string{"/var/lib/kubelet", "/var/lib/containerd", cluster.LogDir, "/var/cache", "/var/tmp"} {
		if err := os.MkdirAll(Outside(varFolder, path), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(Outside(varFolder, "/var/tmp"), 0o777|os.ModeSticky); err != nil {
		return err
	}
	run := Outside(varFolder, "/var/run")
	if _, err := os.Lstat(run); err == nil {
		return nil
	}
	return os.Symlink("/run", run)
}
