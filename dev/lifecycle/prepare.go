package lifecycle

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"castellan.io/castellan/dev/build"
	"castellan.io/castellan/dev/cgroup"
	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/pki"
	"castellan.io/castellan/dev/supervisor"
)

// prepare writes everything the supervisor and the nodes will read.
func (l Lab) prepare(plan cluster.Cluster, tools build.Folders) error {
	identities, err := l.identities(plan)
	if err != nil {
		return err
	}
	for _, planned := range plan.Nodes {
		if err := l.prepareNode(plan, planned, identities); err != nil {
			return err
		}
	}
	kubeconfig := plan.Kubeconfig(identities, cluster.Admin)
	if err := os.WriteFile(l.State.Kubeconfig(), []byte(kubeconfig), 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	resolver := fmt.Sprintf("nameserver %s\nsearch default.svc.%[2]s svc.%[2]s %[2]s\noptions ndots:5\n", plan.DNS(), cluster.Domain)
	if err := os.WriteFile(l.State.resolvConf(), []byte(resolver), 0o644); err != nil {
		return fmt.Errorf("writing the name server's address: %w", err)
	}
	// What an earlier run reported would be taken for this one's.
	if err := os.Remove(l.State.statusFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the last run's status: %w", err)
	}
	return node.WriteJSON(l.State.planFile(), l.supervisorPlan(plan, tools), 0o600)
}

func (l Lab) prepareNode(plan cluster.Cluster, planned cluster.Node, identities cluster.Identities) error {
	files, err := plan.Files(planned, identities)
	if err != nil {
		return err
	}
	if err := l.State.writeFiles(planned.Name, files); err != nil {
		return err
	}
	if err := os.Remove(l.State.Inside(planned.Name, cluster.StatusFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the last run's status: %w", err)
	}
	mounts, err := cgroup.Mounts()
	if err != nil {
		return err
	}
	if err := cgroup.Create(mounts, plan.CgroupOf(planned)); err != nil {
		return err
	}
	return node.WriteJSON(l.State.Inside(planned.Name, cluster.SpecFile), plan.Spec(planned), 0o600)
}

func (l Lab) supervisorPlan(plan cluster.Cluster, tools build.Folders) supervisor.Plan {
	written := supervisor.Plan{
		Gateway:    netip.PrefixFrom(netip.MustParseAddr(cluster.Gateway), plan.First().Address.Bits()),
		Routes:     plan.GatewayRoutes(),
		Tools:      tools,
		StatusFile: l.State.statusFile(),
	}
	for _, planned := range plan.Nodes {
		written.Nodes = append(written.Nodes, supervisor.NodePlan{Name: planned.Name, Var: l.State.Var(planned.Name)})
	}
	return written
}

// identities are those of the cluster's first start, if it is started again:
// its data names them.
func (l Lab) identities(plan cluster.Cluster) (cluster.Identities, error) {
	text, err := os.ReadFile(l.State.identitiesFile())
	if err == nil {
		var identities cluster.Identities
		if err := json.Unmarshal(text, &identities); err != nil {
			return cluster.Identities{}, fmt.Errorf("reading the cluster's certificates: %w", err)
		}
		return identities, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return cluster.Identities{}, fmt.Errorf("reading the cluster's certificates: %w", err)
	}
	identities, err := pki.Issue(plan.Certificates(), rand.Reader, l.Progress.Now())
	if err != nil {
		return cluster.Identities{}, err
	}
	return identities, node.WriteJSON(l.State.identitiesFile(), identities, 0o600)
}
