package cluster

import (
	"fmt"
	"net/netip"
)

// Component is one long-running program of a node.
type Component struct {
	// Name is the component's name, also of its log file.
	Name string
	// Path is the program, as the node sees it.
	Path string
	// Args are the arguments after the program's name.
	Args []string
	// After are gates that have to open before the program is started.
	After []string
	// Ready is the gate that is open as soon as the program does its work.
	Ready string
}

// Gates are written as URLs: tcp://host:port and unix:///path are open when a
// connection succeeds, http and https ones when the answer is 200.
const (
	etcdGate       = "http://127.0.0.1:2379/health"
	containerdGate = "unix://" + ContainerdSocket
)

// NodeSpec is everything a node's first process needs to bring the node up.
type NodeSpec struct {
	// Name is the node's name, also its host name.
	Name string
	// Address is the node's address and subnet.
	Address netip.Prefix
	// Gateway is the far end of the default route.
	Gateway netip.Addr
	// Routes lead to the pods of the other nodes.
	Routes []Route
	// Pods is the subnet of the node's own pods.
	Pods netip.Prefix
	// Components are started in this order, each as soon as its gate is open.
	Components []Component
	// Path is the search path of the components.
	Path string
}

// Spec is the node's part of the cluster.
func (c Cluster) Spec(node Node) NodeSpec {
	return NodeSpec{
		Name:       node.Name,
		Address:    node.Address,
		Gateway:    netip.MustParseAddr(Gateway),
		Routes:     c.Routes(node),
		Pods:       node.Pods,
		Components: c.Components(node),
		Path:       ToolsDir + "/containerd:" + ToolsDir + "/kubernetes:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
}

// Components are the programs that run on the node.
func (c Cluster) Components(node Node) []Component {
	worker := []Component{c.containerd(), c.kubelet(node), c.kubeProxy()}
	if node.Name != c.First().Name {
		return worker
	}
	return append(c.controlPlane(), worker...)
}

func (c Cluster) controlPlane() []Component {
	return []Component{c.etcd(), c.apiServer(), c.controllers(), c.scheduler(), c.coreDNS()}
}

func (c Cluster) apiGate() string {
	return c.APIServer() + "/readyz"
}

func (c Cluster) etcd() Component {
	return Component{
		Name: "etcd",
		Path: ToolsDir + "/etcd/etcd",
		Args: []string{
			"--name=" + c.First().Name,
			"--data-dir=/var/lib/etcd",
			// The data need not outlive the machine, and a write is waited for
			// by everything in the cluster.
			"--unsafe-no-fsync",
			"--listen-client-urls=http://127.0.0.1:2379",
			"--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380",
			"--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=" + c.First().Name + "=http://127.0.0.1:2380",
			"--log-level=warn",
		},
		Ready: etcdGate,
	}
}

func (c Cluster) apiServer() Component {
	return Component{
		Name: "kube-apiserver",
		Path: ToolsDir + "/kubernetes/kube-apiserver",
		Args: []string{
			"--etcd-servers=http://127.0.0.1:2379",
			fmt.Sprintf("--secure-port=%d", apiPort),
			"--advertise-address=" + c.First().Address.Addr().String(),
			"--tls-cert-file=" + ConfigDir + "/apiserver.crt",
			"--tls-private-key-file=" + ConfigDir + "/apiserver.key",
			"--client-ca-file=" + CAFile,
			"--service-account-key-file=" + ConfigDir + "/service-account.pub",
			"--service-account-signing-key-file=" + ConfigDir + "/service-account.key",
			"--service-account-issuer=https://kubernetes.default.svc." + Domain,
			"--service-cluster-ip-range=" + ServiceRange,
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--allow-privileged=true",
			"--kubelet-client-certificate=" + ConfigDir + "/apiserver-kubelet-client.crt",
			"--kubelet-client-key=" + ConfigDir + "/apiserver-kubelet-client.key",
			// A node's name is in no DNS.
			"--kubelet-preferred-address-types=InternalIP",
			"--requestheader-client-ca-file=" + CAFile,
			"--requestheader-allowed-names=front-proxy-client",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
			"--requestheader-group-headers=X-Remote-Group",
			"--requestheader-username-headers=X-Remote-User",
			"--proxy-client-cert-file=" + ConfigDir + "/front-proxy-client.crt",
			"--proxy-client-key-file=" + ConfigDir + "/front-proxy-client.key",
		},
		After: []string{etcdGate},
		Ready: c.apiGate(),
	}
}

func (c Cluster) controllers() Component {
	kubeconfig := ConfigDir + "/kube-controller-manager.kubeconfig"
	return Component{
		Name: "kube-controller-manager",
		Path: ToolsDir + "/kubernetes/kube-controller-manager",
		Args: []string{
			"--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig,
			"--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=127.0.0.1",
			"--service-account-private-key-file=" + ConfigDir + "/service-account.key",
			"--root-ca-file=" + CAFile,
			"--cluster-signing-cert-file=" + CAFile,
			"--cluster-signing-key-file=" + ConfigDir + "/ca.key",
			"--use-service-account-credentials=true",
			"--controllers=*,bootstrapsigner,tokencleaner",
			"--flex-volume-plugin-dir=/var/lib/kubelet/volumeplugins",
			// Alone, there is nobody to elect against.
			"--leader-elect=false",
			"--kube-api-qps=200",
			"--kube-api-burst=400",
		},
		After: []string{c.apiGate()},
		Ready: "tcp://127.0.0.1:10257",
	}
}

func (c Cluster) scheduler() Component {
	return Component{
		Name:  "kube-scheduler",
		Path:  ToolsDir + "/kubernetes/kube-scheduler",
		Args:  []string{"--config=" + ConfigDir + "/kube-scheduler.yaml", "--bind-address=127.0.0.1"},
		After: []string{c.apiGate()},
		Ready: "tcp://127.0.0.1:10259",
	}
}

func (c Cluster) coreDNS() Component {
	return Component{
		Name:  "coredns",
		Path:  ToolsDir + "/coredns/coredns",
		Args:  []string{"-conf", ConfigDir + "/Corefile"},
		After: []string{c.apiGate()},
		Ready: "http://127.0.0.1:10055/ready",
	}
}

func (c Cluster) containerd() Component {
	return Component{
		Name:  "containerd",
		Path:  ToolsDir + "/containerd/containerd",
		Args:  []string{"--config", ConfigDir + "/containerd.toml"},
		Ready: containerdGate,
	}
}

func (c Cluster) kubelet(node Node) Component {
	return Component{
		Name: "kubelet",
		Path: ToolsDir + "/kubernetes/kubelet",
		Args: []string{
			"--config=" + ConfigDir + "/kubelet.yaml",
			"--kubeconfig=" + ConfigDir + "/kubelet.kubeconfig",
			"--hostname-override=" + node.Name,
			"--node-ip=" + node.Address.Addr().String(),
			"--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone=" + node.Zone,
			"--cert-dir=/var/lib/kubelet/pki",
		},
		After: []string{containerdGate, c.apiGate()},
		Ready: "http://127.0.0.1:10248/healthz",
	}
}

func (c Cluster) kubeProxy() Component {
	return Component{
		Name:  "kube-proxy",
		Path:  ToolsDir + "/kubernetes/kube-proxy",
		Args:  []string{"--config=" + ConfigDir + "/kube-proxy.yaml"},
		After: []string{c.apiGate()},
		Ready: "http://127.0.0.1:10256/healthz",
	}
}
