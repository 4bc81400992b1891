package kubetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	accessv1alpha1 "castellan.io/castellan/api/access/v1alpha1"
	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/install"
)

// assets is the variable that names the directory with kube-apiserver and etcd.
const assets = "KUBEBUILDER_ASSETS"

// Main runs the tests of a package with a client of an API server that is there for all of them, and returns the exit code.
// It belongs into TestMain.
func Main(m *testing.M, use func(client.WithWatch)) int {
	return MainWithServer(m, func(c client.WithWatch, _ *rest.Config) { use(c) })
}

// MainWithServer is Main for tests that make clients of their own too.
func MainWithServer(m *testing.M, use func(client.WithWatch, *rest.Config)) int {
	code, err := run(m, use)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func run(m *testing.M, use func(client.WithWatch, *rest.Config)) (code int, err error) {
	if os.Getenv(assets) == "" {
		return 0, errors.New(assets + " is not set: it names the directory with kube-apiserver and etcd, which `dev assets` prints")
	}
	definitions, err := definitions()
	if err != nil {
		return 0, err
	}
	server := &envtest.Environment{CRDs: definitions}
	config, err := server.Start()
	if err != nil {
		return 0, fmt.Errorf("start an API server: %w", err)
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	config.QPS = -1 // Tests wait for nothing but the server.
	scheme, err := Scheme()
	if err != nil {
		return 0, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	use(c, config)
	return m.Run(), nil
}

func definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := fs.Glob(install.CRDs, "*/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", err)
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		text, err := install.CRDs.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read a definition: %w", err)
		}
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(text, definition); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		out = append(out, definition)
	}
	return out, nil
}

// Scheme knows Kubernetes' kinds and the API's.
func Scheme() (*runtime.Scheme, error) {
	out := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientscheme.AddToScheme, v1.AddToScheme, podsetv1.AddToScheme, accessv1alpha1.AddToScheme} {
		if err := add(out); err != nil {
			return nil, fmt.Errorf("register kinds: %w", err)
		}
	}
	return out, nil
}

// Namespace makes a namespace for one test.
func Namespace(t *testing.T, c client.Client) string {
	t.Helper()
	n := &corev1.Namespace{}
	n.GenerateName = "test-"
	if err := c.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n.Name
}
