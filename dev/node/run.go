package node

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/cluster"
)

// Run is the node's life. It returns only when the node cannot be set up, after
// saying why in the status file, or when ctx ends. It has to be process 1 of its
// own process id, mount, network, host name and IPC namespaces.
//
// varFolder becomes the node's /var and holds its specification; tools are the
// folders of the programs by the name of the tool. now is the clock of the status.
func Run(ctx context.Context, varFolder string, tools map[string]string, now func() time.Time) error {
	spec, err := readSpec(Outside(varFolder, cluster.SpecFile))
	if err != nil {
		return err
	}
	board := newBoard(Outside(varFolder, cluster.StatusFile), spec.Components, now)
	if err := setUp(ctx, varFolder, tools, spec); err != nil {
		board.fail(err)
		return err
	}
	board.move(cluster.StatusFile)
	run := runner{spec: spec, board: board, reaper: newReaper()}
	return run.all(ctx)
}

func readSpec(path string) (cluster.NodeSpec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return cluster.NodeSpec{}, fmt.Errorf("reading the node's specification: %w", err)
	}
	var spec cluster.NodeSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return cluster.NodeSpec{}, fmt.Errorf("reading the node's specification: %w", err)
	}
	return spec, nil
}

// setUp turns the namespaces into a node.
func setUp(ctx context.Context, varFolder string, tools map[string]string, spec cluster.NodeSpec) error {
	if err := unix.Sethostname([]byte(spec.Name)); err != nil {
		return fmt.Errorf("naming the node %s: %w", spec.Name, err)
	}
	if err := mountTree(varFolder, tools); err != nil {
		return err
	}
	return configureNetwork(ctx, spec)
}
