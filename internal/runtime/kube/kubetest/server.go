package kubetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
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

// operatorAccount is whom the install files give rights to.
const operatorAccount = "system:serviceaccount:" + metav1.NamespaceDefault + ":strimzi-cluster-operator"

// Clients reach the API server that all tests of a package share.
type Clients struct {
	// Admin may do everything.
	Admin client.WithWatch
	// Operator may do what the install files let the operator do in all namespaces.
	Operator client.WithWatch
	// OperatorConfig is for tests that make clients with the operator's rights of their own.
	OperatorConfig *rest.Config
}

// Main runs the tests of a package with an API server that is there for all of them, and returns the exit code.
// It belongs into TestMain.
func Main(m *testing.M, use func(Clients)) int {
	code, err := run(m, use)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func run(m *testing.M, use func(Clients)) (code int, err error) {
	if os.Getenv(assets) == "" {
		return 0, errors.New(assets + " is not set: it names the directory with kube-apiserver and etcd, which `dev assets` prints")
	}
	definitions, err := Definitions()
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
	clients, err := connect(config)
	if err != nil {
		return 0, err
	}
	use(clients)
	return m.Run(), nil
}

func connect(config *rest.Config) (Clients, error) {
	scheme, err := Scheme()
	if err != nil {
		return Clients{}, err
	}
	admin, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return Clients{}, fmt.Errorf("make a client: %w", err)
	}
	if err := giveRights(admin); err != nil {
		return Clients{}, err
	}
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: operatorAccount, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	operator, err := client.NewWithWatch(as, client.Options{Scheme: scheme})
	if err != nil {
		return Clients{}, fmt.Errorf("make the operator's client: %w", err)
	}
	return Clients{Admin: admin, Operator: operator, OperatorConfig: as}, nil
}

// giveRights applies the install files' roles and bindings, for an operator that watches all namespaces.
func giveRights(admin client.Client) error {
	manifests, err := install.Operator(install.Options{Namespace: metav1.NamespaceDefault, Watch: []string{"*"}})
	if err != nil {
		return fmt.Errorf("read the install files: %w", err)
	}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), len(manifests))
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the install files: %w", err)
		}
		if object.GroupVersionKind().Group != rbacv1.GroupName {
			continue
		}
		if err := admin.Create(context.Background(), object); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
}

// Definitions are those of all kinds of the API.
func Definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
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
