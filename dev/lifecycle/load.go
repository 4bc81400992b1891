package lifecycle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"castellan.io/castellan/dev/build"
	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/process"
)

// Load imports the image tarball into every node.
func (l Lab) Load(ctx context.Context, tarball string) error {
	if err := requireRoot(); err != nil {
		return err
	}
	record, err := l.State.running()
	if err != nil {
		return err
	}
	if _, err := os.Stat(tarball); err != nil {
		return fmt.Errorf("reading the image: %w", err)
	}
	plan, err := cluster.New(l.Checkout.Key(), record.Nodes, cluster.Machine{})
	if err != nil {
		return err
	}
	step := l.Progress.Start("loading " + filepath.Base(tarball))
	for number, planned := range plan.Nodes {
		step.Detail("into %s, %d of %d", planned.Name, number+1, len(plan.Nodes))
		if err := l.importImage(ctx, planned.Name, tarball); err != nil {
			return step.End(err)
		}
	}
	return step.End(nil)
}

// importImage imports the tarball into the node's containerd.
func (l Lab) importImage(ctx context.Context, nodeName, tarball string) error {
	record, err := l.State.running()
	if err != nil {
		return err
	}
	table, err := process.ReadTable()
	if err != nil {
		return err
	}
	first, err := l.State.nodeProcess(table, record, nodeName)
	if err != nil {
		return err
	}
	folders, err := l.builder().Ensure(ctx, []build.Tool{build.Containerd()})
	if err != nil {
		return err
	}
	machine, err := lookAtMachine()
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, filepath.Join(folders["containerd"], "ctr"),
		"--address", socketOf(first, cluster.ContainerdSocket), "--namespace", "k8s.io",
		"images", "import", "--snapshotter", machine.Snapshotter(), tarball)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("loading %s into %s: %w: %s", tarball, nodeName, err, lastLine(string(output)))
	}
	return nil
}
