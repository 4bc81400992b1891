package cluster

import (
	"fmt"
	"net/netip"
)

// MaxNodes is the largest cluster the address plan and one machine bear.
const MaxNodes = 16

// Addresses every cluster has. They may be the same in two clusters, as each
// lives in network namespaces of its own.
const (
	// Gateway is the far end of every node's default route. It forwards to
	// nowhere, so that a packet for outside is refused at once.
	Gateway = "198.18.255.254"
	// ServiceRange holds the addresses of Services.
	ServiceRange = "198.19.0.0/16"
	// serviceAddress is the API server's own Service, the range's first address.
	serviceAddress = "198.19.0.1"
	// Domain is the DNS domain of the cluster.
	Domain = "cluster.local"
	// apiPort is where the API server listens on the first node.
	apiPort = 6443
)

// Node is one machine of the cluster: a set of namespaces with its own kubelet.
type Node struct {
	// Name is node-1, node-2 and so on.
	Name string
	// Zone is the value of topology.kubernetes.io/zone.
	Zone string
	// Address is the node's address with the length of the nodes' subnet.
	Address netip.Prefix
	// Pods is the subnet of the node's pods.
	Pods netip.Prefix
}

// Machine is what the plan needs to know of the machine the cluster runs on.
type Machine struct {
	// Runc is the path of the runc program.
	Runc string
	// CNIPlugins is the folder of the CNI plugins.
	CNIPlugins string
	// Overlay is true when the state is on an overlay file system, as the root of
	// a container often is: no further overlay can lie on it, and the kubelet
	// cannot tell how full it is.
	Overlay bool
}

// Cluster is the plan of one cluster.
type Cluster struct {
	// Key tells clusters of one machine apart, in cgroups and folders.
	Key string
	// Nodes has at least one entry; the first also runs the control plane.
	Nodes []Node
	// Machine is where the cluster runs.
	Machine Machine
}

// New plans a cluster with that many nodes, spread over three zones.
func New(key string, nodes int, machine Machine) (Cluster, error) {
	if nodes < 1 || nodes > MaxNodes {
		return Cluster{}, fmt.Errorf("a cluster of %d nodes: choose 1 to %d", nodes, MaxNodes)
	}
	planned := make([]Node, 0, nodes)
	for number := 1; number <= nodes; number++ {
		planned = append(planned, newNode(number))
	}
	return Cluster{Key: key, Nodes: planned, Machine: machine}, nil
}

// newNode is the node of that number, counted from one.
func newNode(number int) Node {
	zones := []string{"zone-a", "zone-b", "zone-c"}
	last := byte(number)
	return Node{
		Name:    fmt.Sprintf("node-%d", number),
		Zone:    zones[(number-1)%len(zones)],
		Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 255, last}), 24),
		Pods:    netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, last, 0}), 24),
	}
}

// First is the node with the control plane.
func (c Cluster) First() Node {
	return c.Nodes[0]
}

// APIServer is the URL of the API server, reachable from every node and pod.
func (c Cluster) APIServer() string {
	return fmt.Sprintf("https://%s:%d", c.First().Address.Addr(), apiPort)
}

// DNS is the address of the cluster's DNS server.
func (c Cluster) DNS() netip.Addr {
	return c.First().Address.Addr()
}

// CgroupRoot is the cgroup below which all pods of the cluster are.
func (c Cluster) CgroupRoot() string {
	return "/castellan-dev-" + c.Key
}

// CgroupOf is the cgroup below which the node's kubelet keeps its pods. Kubelets
// sharing one clean away each other's pods.
func (c Cluster) CgroupOf(node Node) string {
	return c.CgroupRoot() + "/" + node.Name
}

// Routes is where the other nodes' pods are, as seen from node.
func (c Cluster) Routes(node Node) []Route {
	var routes []Route
	for _, other := range c.Nodes {
		if other.Name != node.Name {
			routes = append(routes, other.route())
		}
	}
	return routes
}

// GatewayRoutes is where all pods are, as seen from the gateway.
func (c Cluster) GatewayRoutes() []Route {
	var routes []Route
	for _, node := range c.Nodes {
		routes = append(routes, node.route())
	}
	return routes
}

// route leads to the node's pods.
func (n Node) route() Route {
	return Route{To: n.Pods, Via: n.Address.Addr()}
}

// Snapshotter is the containerd snapshotter the machine bears.
func (m Machine) Snapshotter() string {
	if m.Overlay {
		return "native"
	}
	return "overlayfs"
}

// Route says by which address a subnet is reached.
type Route struct {
	// To is the subnet.
	To netip.Prefix
	// Via is the next hop.
	Via netip.Addr
}
