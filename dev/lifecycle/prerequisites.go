package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/progress"
)

// need is a program of the distribution and the package that has it.
type need struct {
	program string
	pkg     string
}

// needs are the programs that are not built here.
func needs() []need {
	return []need{
		{program: "runc", pkg: "runc"},
		{program: "ptp", pkg: "containernetworking-plugins"},
		{program: "iptables", pkg: "iptables"},
		{program: "conntrack", pkg: "conntrack"},
		{program: "mount", pkg: "mount"},
	}
}

// folders are where programs of the distribution are looked for, whatever the
// user's PATH is.
func folders() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/lib/cni", "/opt/cni/bin"}
}

// find is the path of the program, or empty.
func find(program string) string {
	for _, folder := range folders() {
		path := filepath.Join(folder, program)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// missing are the packages of programs for which locate finds nothing.
func missing(wanted []need, locate func(string) string) []string {
	var packages []string
	for _, need := range wanted {
		if locate(need.program) == "" {
			packages = append(packages, need.pkg)
		}
	}
	return packages
}

// errNotRoot says what to do when the user is not root.
var errNotRoot = errors.New("this needs root, for namespaces, mounts and control groups: run it as root or with sudo")

// requireRoot fails when the user is not root.
func requireRoot() error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	return nil
}

// prepareMachine installs what is missing and says what the plan needs to know.
func prepareMachine(ctx context.Context, report progress.Reporter) (cluster.Machine, error) {
	if packages := missing(needs(), find); len(packages) > 0 {
		if err := install(ctx, packages, report); err != nil {
			return cluster.Machine{}, err
		}
	}
	if packages := missing(needs(), find); len(packages) > 0 {
		return cluster.Machine{}, fmt.Errorf("%s: still missing after the installation", strings.Join(packages, " "))
	}
	return lookAtMachine()
}

func install(ctx context.Context, packages []string, report progress.Reporter) error {
	list := strings.Join(packages, " ")
	if find("apt-get") == "" {
		return fmt.Errorf("these programs are missing, and there is no apt-get: install the packages %s", list)
	}
	step := report.Start("installing " + list)
	err := apt(ctx, append([]string{"install", "-y", "-q", "--no-install-recommends"}, packages...)...)
	if err != nil {
		// The list of packages may be too old, or empty.
		step.Detail("updating the list of packages")
		_ = apt(ctx, "update", "-q")
		err = apt(ctx, append([]string{"install", "-y", "-q", "--no-install-recommends"}, packages...)...)
	}
	if err != nil {
		err = fmt.Errorf("apt-get cannot install %s, install them by hand: %w", list, err)
	}
	return step.End(err)
}

func apt(ctx context.Context, arguments ...string) error {
	command := exec.CommandContext(ctx, find("apt-get"), arguments...)
	command.Env = append(command.Environ(), "DEBIAN_FRONTEND=noninteractive")
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(string(output)))
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// lookAtMachine says what the plan needs to know of this machine.
func lookAtMachine() (cluster.Machine, error) {
	folder := filepath.Dir(stateRoot)
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return cluster.Machine{}, fmt.Errorf("looking at the file system of %s: %w", folder, err)
	}
	return cluster.Machine{
		Runc:       find("runc"),
		CNIPlugins: filepath.Dir(find("ptp")),
		Overlay:    stat.Type == unix.OVERLAYFS_SUPER_MAGIC,
	}, nil
}
