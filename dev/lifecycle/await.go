package lifecycle

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"castellan.io/castellan/dev/build"
	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/progress"
)

// startTimeout is how long a cluster may take to come up, on a slow machine.
const startTimeout = 4 * time.Minute

// awaitUp waits until pods can be made, and brings in what the cluster needs on
// the way.
func (l Lab) awaitUp(ctx context.Context, plan cluster.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	step := l.Progress.Start(fmt.Sprintf("starting Kubernetes with %d node(s)", len(plan.Nodes)))
	return step.End(l.bringIn(ctx, plan, step))
}

func (l Lab) bringIn(ctx context.Context, plan cluster.Cluster, step *progress.Step) error {
	if err := l.awaitComponents(ctx, step, "containerd", "kube-apiserver"); err != nil {
		return err
	}
	image, err := l.pauseImage(ctx)
	if err != nil {
		return err
	}
	for _, planned := range plan.Nodes {
		if err := l.importImage(ctx, planned.Name, image); err != nil {
			return err
		}
	}
	kubectl, err := l.kubectl(ctx)
	if err != nil {
		return err
	}
	bootstrap := l.State.Inside(plan.First().Name, cluster.ConfigDir+"/bootstrap.yaml")
	if err := retry(ctx, func() error {
		_, err := kubectl("apply", "--server-side", "--force-conflicts", "-f", bootstrap)
		return err
	}); err != nil {
		return fmt.Errorf("granting the cluster's DNS its rights: %w", err)
	}
	if err := l.awaitComponents(ctx, step); err != nil {
		return err
	}
	return l.awaitNodes(ctx, plan, kubectl, step)
}

// awaitComponents waits until the components of these names, or all if there
// are none, are ready wherever they are.
func (l Lab) awaitComponents(ctx context.Context, step *progress.Step, names ...string) error {
	for {
		report, err := l.State.Report()
		if err != nil {
			return fmt.Errorf("%w (its last words are in %s)", err, l.State.SupervisorLog())
		}
		if err := report.Died(); err != nil {
			return err
		}
		waiting := report.notReady(names)
		if len(waiting) == 0 && report.complete() {
			return nil
		}
		step.Detail("waiting for %s", strings.Join(waiting, ", "))
		select {
		case <-ctx.Done():
			return fmt.Errorf("still waiting for %s: %w", strings.Join(waiting, ", "), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// awaitNodes waits until the nodes take pods and pods have an account to run as.
func (l Lab) awaitNodes(ctx context.Context, plan cluster.Cluster, kubectl client, step *progress.Step) error {
	step.Detail("waiting for the nodes")
	const ready = `jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}`
	err := retry(ctx, func() error {
		output, err := kubectl("get", "nodes", "-o", ready)
		if err == nil && strings.Count(output, "True") < len(plan.Nodes) {
			err = fmt.Errorf("nodes are ready: %q, wanted %d", output, len(plan.Nodes))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for the nodes: %w", err)
	}
	err = retry(ctx, func() error {
		_, err := kubectl("get", "serviceaccount/default", "configmap/kube-root-ca.crt", "-n", "default")
		return err
	})
	if err != nil {
		return fmt.Errorf("waiting for the first service account: %w", err)
	}
	return nil
}

// client runs kubectl and returns what it prints.
type client func(arguments ...string) (string, error)

func (l Lab) kubectl(ctx context.Context) (client, error) {
	network, err := l.State.network()
	if err != nil {
		return nil, err
	}
	folders, err := l.builder().Ensure(ctx, []build.Tool{build.Kubernetes()})
	if err != nil {
		return nil, err
	}
	program := filepath.Join(folders["kubernetes"], "kubectl")
	environment := l.State.environment(l.Environment, nil)
	return func(arguments ...string) (string, error) {
		command := exec.CommandContext(ctx, program, arguments...)
		command.Env = environment
		output, err := runInNetwork(network, command)
		if err != nil {
			return "", fmt.Errorf("kubectl %s: %w: %s", arguments[0], err, lastLine(string(output)))
		}
		return string(output), nil
	}, nil
}

// retry tries until it succeeds or ctx ends, and returns the last error.
func retry(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// notReady are the components that are not ready, of these names or of all.
func (r Report) notReady(names []string) []string {
	var waiting []string
	for _, component := range r.Components {
		if component.State != node.Ready && matches(component.Name, names) {
			waiting = append(waiting, component.Name+" on "+component.Node)
		}
	}
	return waiting
}

func matches(name string, names []string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}
