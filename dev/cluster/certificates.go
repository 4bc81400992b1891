package cluster

// Certificate is one certificate the cluster's authority issues. All of them
// are valid for clients; those with Hosts also for servers.
type Certificate struct {
	// Name is the name of the files, without extension.
	Name string
	// User is the common name, which Kubernetes takes for the user's name.
	User string
	// Group is the organization, which Kubernetes takes for a group; may be empty.
	Group string
	// Hosts are the DNS names and addresses a server answers to.
	Hosts []string
}

// Admin is the name of the certificate with all rights.
const Admin = "admin"

// Certificates are all the cluster needs, of its components and its user.
func (c Cluster) Certificates() []Certificate {
	const masters = "system:masters"
	certificates := []Certificate{
		{Name: "apiserver", User: "kube-apiserver", Hosts: c.apiServerHosts()},
		{Name: "apiserver-kubelet-client", User: "kube-apiserver-kubelet-client", Group: masters},
		{Name: "front-proxy-client", User: "front-proxy-client"},
		{Name: Admin, User: "admin", Group: masters},
		{Name: "kube-controller-manager", User: "system:kube-controller-manager"},
		{Name: "kube-scheduler", User: "system:kube-scheduler"},
		{Name: "kube-proxy", User: "system:kube-proxy"},
		{Name: "coredns", User: "system:coredns"},
	}
	for _, node := range c.Nodes {
		certificates = append(certificates, Certificate{
			Name: kubeletCertificate(node), User: "system:node:" + node.Name, Group: "system:nodes",
		})
	}
	return certificates
}

func (c Cluster) apiServerHosts() []string {
	return []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + Domain,
		"localhost", "127.0.0.1", c.First().Address.Addr().String(), serviceAddress,
	}
}

func kubeletCertificate(node Node) string {
	return "kubelet-" + node.Name
}
