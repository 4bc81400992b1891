package cluster

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// File is a file a node needs, by its path as the node sees it.
type File struct {
	// Path is absolute.
	Path string
	// Content is the whole file.
	Content string
	// Secret files are readable by root only.
	Secret bool
}

// Pair is a certificate and its private key, both PEM.
type Pair struct {
	// Certificate is PEM.
	Certificate string
	// Key is PEM.
	Key string
}

// Identities is what the cluster's authority has issued.
type Identities struct {
	// CA is the authority itself.
	CA Pair
	// ServiceAccount is the key pair that signs tokens; Certificate holds the
	// public key.
	ServiceAccount Pair
	// Issued has the certificates by name.
	Issued map[string]Pair
}

// Files are the files of the node.
func (c Cluster) Files(node Node, identities Identities) ([]File, error) {
	names := []string{"containerd.toml", "pods.conflist", "kubelet.yaml", "kube-proxy.yaml", "resolv.conf"}
	if node.Name == c.First().Name {
		names = append(names, "Corefile", "kube-scheduler.yaml", "bootstrap.yaml")
	}
	files := c.secrets(node, identities)
	for _, name := range names {
		content, err := c.render(name, node)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: ConfigDir + "/" + name, Content: content})
	}
	return files, nil
}

// render fills the template of that name.
func (c Cluster) render(name string, node Node) (string, error) {
	parsed, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("reading the template of %s: %w", name, err)
	}
	values := map[string]string{
		"CAFile":            CAFile,
		"CapacityIsolation": strconv.FormatBool(!c.Machine.Overlay),
		"CgroupRoot":        c.CgroupOf(node),
		"CNIPlugins":        c.Machine.CNIPlugins,
		"ConfigDir":         ConfigDir,
		"DNS":               c.DNS().String(),
		"Domain":            Domain,
		"NodeName":          node.Name,
		"PauseImage":        PauseImage,
		"Pods":              node.Pods.String(),
		"Runc":              c.Machine.Runc,
		"Snapshotter":       c.Machine.Snapshotter(),
		"Socket":            ContainerdSocket,
	}
	var text strings.Builder
	if err := parsed.Option("missingkey=error").Execute(&text, values); err != nil {
		return "", fmt.Errorf("rendering %s: %w", name, err)
	}
	return text.String(), nil
}

// secrets are the files with keys. A node gets what it needs and no more.
func (c Cluster) secrets(node Node, identities Identities) []File {
	files := []File{
		{Path: CAFile, Content: identities.CA.Certificate},
		c.kubeconfigFile("kubelet", identities, kubeletCertificate(node)),
		c.kubeconfigFile("kube-proxy", identities, "kube-proxy"),
	}
	if node.Name != c.First().Name {
		return files
	}
	files = append(files,
		File{Path: ConfigDir + "/ca.key", Content: identities.CA.Key, Secret: true},
		File{Path: ConfigDir + "/service-account.pub", Content: identities.ServiceAccount.Certificate},
		File{Path: ConfigDir + "/service-account.key", Content: identities.ServiceAccount.Key, Secret: true},
	)
	for _, name := range []string{"kube-controller-manager", "kube-scheduler", "coredns"} {
		files = append(files, c.kubeconfigFile(name, identities, name))
	}
	for _, name := range []string{"apiserver", "apiserver-kubelet-client", "front-proxy-client"} {
		pair := identities.Issued[name]
		files = append(files,
			File{Path: ConfigDir + "/" + name + ".crt", Content: pair.Certificate},
			File{Path: ConfigDir + "/" + name + ".key", Content: pair.Key, Secret: true})
	}
	return files
}

func (c Cluster) kubeconfigFile(name string, identities Identities, certificate string) File {
	return File{
		Path:    ConfigDir + "/" + name + ".kubeconfig",
		Content: c.Kubeconfig(identities, certificate),
		Secret:  true,
	}
}
