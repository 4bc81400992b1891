package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// packageOf names the Debian package of each program the builds call.
var packageOf = map[string]string{
	"debootstrap": "debootstrap",
	"mvn":         "maven",
	"unshare":     "util-linux",
	"tar":         "tar",
}

// require finds a program, or says how to install it.
func require(program string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s is missing: apt-get install %s", program, packageOf[program])
	}
	return nil
}

// command prepares a program that is asked to end when ctx is done. It sees no
// locale, so that what it writes does not depend on the machine's.
func command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run runs the program to its end and returns what it wrote; the error of a
// failure has the part that says why.
func run(cmd *exec.Cmd) (string, error) {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running %s: %w: %s", cmd.Args[0], err, FailureReason(output.String()))
	}
	return output.String(), nil
}

// FailureReason is the part of a failed program's output worth one line: the
// first line marked as an error, as Maven has them, or the last three lines.
func FailureReason(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, line := range lines {
		if _, reason, ok := strings.Cut(line, "[ERROR] "); ok {
			return reason
		}
	}
	if len(lines) > 3 {
		lines = lines[len(lines)-3:]
	}
	return strings.Join(lines, "; ")
}

// inImage prepares a program of the image tree at root, run as it would be in a
// container: that tree is /, and it has a /proc and process ids of its own.
// The namespaces end with the program, so nothing stays mounted.
func inImage(ctx context.Context, root, program string, arguments ...string) *exec.Cmd {
	return command(ctx, "unshare", append([]string{
		"--mount", "--pid", "--fork", "--kill-child", "--root=" + root, "--mount-proc=/proc", "--", program,
	}, arguments...)...)
}
