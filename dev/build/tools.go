package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Tool is a program, or a few that are built together.
type Tool struct {
	// Name is the tool's name and the name of its folder among the tools.
	Name string
	// Version is the version of what is built, part of the cache key.
	Version string
	// Dir is the folder of its module or package below the development module.
	Dir string
	// Packages are what to build there.
	Packages []string
	// Output is the name of the program when Packages is just one; the name of
	// the package otherwise.
	Output string
	// LinkerFlags set the version a program reports.
	LinkerFlags string
	// Links are further names of the program.
	Links []string
}

// Versions of what is built. The nested modules require the same ones, which a
// test holds them to.
const (
	kubernetesVersion = "v1.36.3"
	etcdVersion       = "v3.5.21"
	coreDNSVersion    = "v1.12.4"
	containerdVersion = "v2.4.2"
)

// Kubernetes is all of Kubernetes in one program.
func Kubernetes() Tool {
	const version = "k8s.io/component-base/version."
	return Tool{
		Name: "kubernetes", Version: kubernetesVersion, Dir: "kubernetes",
		Packages: []string{"."}, Output: "kubernetes",
		LinkerFlags: "-X " + version + "gitVersion=" + kubernetesVersion + " -X " + version + "gitMajor=1 -X " + version + "gitMinor=36",
		Links:       []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"},
	}
}

// Etcd is the API server's store.
func Etcd() Tool {
	return Tool{Name: "etcd", Version: etcdVersion, Dir: "etcd", Packages: []string{"."}, Output: "etcd"}
}

// CoreDNS is the cluster's DNS server.
func CoreDNS() Tool {
	return Tool{Name: "coredns", Version: coreDNSVersion, Dir: "coredns", Packages: []string{"."}, Output: "coredns"}
}

// Containerd is the container runtime with its shim and its client ctr.
func Containerd() Tool {
	const commands = "github.com/containerd/containerd/v2/cmd/"
	return Tool{
		Name: "containerd", Version: containerdVersion, Dir: "containerd",
		Packages: []string{commands + "containerd", commands + "containerd-shim-runc-v2", commands + "ctr"},
	}
}

// Pause is the program that holds a pod's namespaces.
func Pause() Tool {
	return Tool{Name: "pause", Version: "v1", Dir: "build/pause", Packages: []string{"."}, Output: "pause"}
}

// All are the tools a cluster needs, the longest to build first.
func All() []Tool {
	return []Tool{Kubernetes(), Containerd(), CoreDNS(), Etcd(), Pause()}
}

// arguments of the go command that build the tool into the folder.
func (t Tool) arguments(folder string) []string {
	output := folder + "/"
	if t.Output != "" {
		output += t.Output
	}
	arguments := []string{
		"build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w " + t.LinkerFlags, "-o", output,
	}
	return append(arguments, t.Packages...)
}

// folder is the name of the tool's folder in the cache, for the content of the
// files that describe the build and the Go release that builds it.
func (t Tool) folder(release string, description map[string]string) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%q\n", release, t)
	for _, name := range slices.Sorted(maps.Keys(description)) {
		fmt.Fprintf(hash, "%q %q\n", name, description[name])
	}
	return fmt.Sprintf("%s-%s-%s", t.Name, t.Version, hex.EncodeToString(hash.Sum(nil))[:12])
}
