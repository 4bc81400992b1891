package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/manifest"
	"castellan.io/castellan/internal/reach"
	"castellan.io/castellan/internal/runtime/kube/forward"
	"castellan.io/castellan/internal/topic"
)

// howKafkaIsReached is a part of the help of every import.
const howKafkaIsReached = `--cluster names a Kafka resource. Its brokers are reached through the API server, as kubectl port-forward does, with the certificate of the
cluster operator: from anywhere, and whatever listeners there are. That takes the rights to get Secrets and to create pods/portforward. With
--listener, a listener is reached at the address in the resource's status instead, as with any client: from where that address leads to.

--bootstrap-server names any Kafka; --command-config has the properties that Kafka's own tools take: TLS with PEM or PKCS#12, SASL with PLAIN,
SCRAM or OAUTHBEARER. Beside it, --cluster still says which resources there are and what label new ones get. Without --cluster and --apply,
Kubernetes is not asked, and resources that exist are not known.`

// importFlags are what a person says about an import.
type importFlags struct {
	// what is imported: topics or users.
	what                         string
	cluster, namespace, listener string
	bootstrap, commandConfig     string
	labels                       []string
	output                       string
	apply                        bool
	connectKubernetes            func() (*rest.Config, string, error)
	stdout, stderr               io.Writer
}

func newImportFlags(what string) importFlags {
	return importFlags{what: what, connectKubernetes: currentContext}
}

func (f *importFlags) addTo(set *pflag.FlagSet) {
	set.StringVar(&f.cluster, "cluster", "", "name of the Kafka resource")
	set.StringVarP(&f.namespace, "namespace", "n", "", "namespace of the Kafka resource and of the "+f.what+"' resources; without it that of the current context")
	set.StringVar(&f.listener, "listener", "", "listener of the Kafka resource to connect to, instead of through the API server")
	set.StringVar(&f.bootstrap, "bootstrap-server", "", "addresses of brokers, host:port separated by commas")
	set.StringVar(&f.commandConfig, "command-config", "", "file with properties for the connection, as kafka-topics.sh takes it")
	set.StringArrayVar(&f.labels, "label", nil, "label for the resources, name=value; may come more than once (with --cluster, "+v1.LabelCluster+" is set)")
	set.BoolVar(&f.apply, "apply", false, "create the resources")
	set.StringVarP(&f.output, "output", "o", "", "yaml, json or name (default yaml; with --apply a line for each resource)")
}

// currentContext is what kubectl would use: the current kubeconfig, or the account of the pod, with the namespace.
func currentContext() (*rest.Config, string, error) {
	from := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{})
	connection, err := from.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("find the API server: %w", err)
	}
	namespace, _, err := from.Namespace()
	return connection, namespace, err
}

func (f *importFlags) check() error {
	switch {
	case f.cluster == "" && f.bootstrap == "":
		return errors.New("neither --cluster nor --bootstrap-server is given: expected the name of a Kafka resource, or addresses of brokers")
	case f.listener != "" && (f.cluster == "" || f.bootstrap != ""):
		return errors.New("--listener is given: expected --cluster beside it, and no --bootstrap-server")
	case f.commandConfig != "" && f.listener == "" && f.bootstrap == "":
		return errors.New("--command-config is given: expected --bootstrap-server or --listener beside it")
	case f.output != "" && !slices.Contains(manifest.Formats(), manifest.Format(f.output)):
		return fmt.Errorf("--output is %q: expected yaml, json or name", f.output)
	}
	return nil
}

func labelsOf(cluster string, said []string) (map[string]string, error) {
	out := map[string]string{}
	if cluster != "" {
		out[v1.LabelCluster] = cluster
	}
	for _, label := range said {
		name, value, found := strings.Cut(label, "=")
		if !found || len(validation.IsQualifiedName(name)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			return nil, fmt.Errorf("--label is %q: expected name=value as Kubernetes has labels", label)
		}
		out[name] = value
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// wholeNames reads a flag that matches whole names; nil where nothing is said.
func wholeNames(flag, pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, nil
	}
	out, err := topic.ParseExclusion(pattern)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return out, nil
}

// importing is an import with what it works on.
type importing struct {
	*importFlags
	// set are the labels of the resources, in their namespace.
	set map[string]string
	in  string
	// as is who the client is, if the flags say; kube and connection are nil where Kubernetes is not needed.
	as         *clientconfig.Client
	kube       client.Client
	connection *rest.Config
	progress   *patience
	// disconnect ends what leads to Kafka.
	disconnect func()
}

// begin checks the flags and opens what is needed besides Kafka.
func (f *importFlags) begin() (*importing, error) {
	// Libraries would tell what the error tells again, in many lines.
	klog.SetLogger(logr.Discard())
	ctrl.SetLogger(logr.Discard())
	if err := f.check(); err != nil {
		return nil, err
	}
	i := &importing{importFlags: f, in: f.namespace, disconnect: func() {}}
	var err error
	if i.set, err = labelsOf(f.cluster, f.labels); err != nil {
		return nil, err
	}
	if i.as, err = f.clientProperties(); err != nil {
		return nil, err
	}
	if f.cluster != "" || f.apply {
		if err := i.openKubernetes(); err != nil {
			return nil, err
		}
	}
	i.progress = newPatience(f.stderr)
	return i, nil
}

func (i *importing) end() {
	i.disconnect()
	i.progress.stop()
}

func (f *importFlags) clientProperties() (*clientconfig.Client, error) {
	if f.commandConfig == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.commandConfig)
	if err != nil {
		return nil, fmt.Errorf("--command-config: %w", err)
	}
	out, err := clientconfig.Read(string(text), os.ReadFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.commandConfig, err)
	}
	return &out, nil
}

func (i *importing) openKubernetes() error {
	connection, namespace, err := i.connectKubernetes()
	if err != nil {
		return err
	}
	connection.QPS = -1 // how much is written at the same time is bounded where it is written
	if i.in == "" {
		i.in = namespace
	}
	i.connection = connection
	i.kube, err = openKubernetes(connection)
	return err
}

// openKubernetes makes a client for what people's commands read and write.
func openKubernetes(connection *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	out, err := client.New(connection, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return out, nil
}

// existing are the resources that are there, where Kubernetes is asked at all.
func existing[Resource any](ctx context.Context, i *importing, list func(context.Context, client.Reader, string) ([]Resource, error)) ([]Resource, error) {
	if i.kube == nil {
		return nil, nil
	}
	i.progress.now("asking the API server for resources")
	return list(ctx, i.kube, i.in)
}

// reach finds the way to Kafka.
func (i *importing) reach(ctx context.Context) (broker.Access, error) {
	cluster := reach.Cluster{From: i.kube, Namespace: i.in, Name: i.cluster}
	var out broker.Access
	var err error
	switch {
	case i.bootstrap != "":
		out = broker.Access{Brokers: strings.Split(i.bootstrap, ",")}
		if i.as != nil {
			out.TLS = i.as.TLS
		}
	case i.listener != "":
		out, err = cluster.Listener(ctx, i.listener, i.as)
	default:
		tunnels := forward.New(i.connection, i.in)
		i.disconnect = tunnels.Close
		out, err = cluster.Through(ctx, tunnels.Connect)
	}
	out.ClientID = "castellan-" + i.what + "-import"
	if i.as != nil {
		out.SASL = broker.Login(i.as.SASL)
		if i.as.ID != "" {
			out.ClientID = i.as.ID
		}
	}
	return out, err
}

// imported is what came of an import.
type imported[Resource client.Object] struct {
	resources []Resource
	left      []leftOut
	// notes should be known, and problems are why something cannot be imported.
	notes, problems []string
}

// leftOut are how many of what was found, and why.
type leftOut struct {
	count int
	why   string
}

// finish prints or creates the resources, and tells about the rest.
func finish[Resource client.Object](ctx context.Context, i *importing, all imported[Resource]) error {
	err := write(ctx, i, all.resources)
	i.progress.stop()
	for _, left := range all.left {
		if left.count > 0 {
			fmt.Fprintf(i.stderr, "left out: %d of the %s %s\n", left.count, i.what, left.why)
		}
	}
	for _, line := range slices.Concat(all.notes, all.problems) {
		fmt.Fprintln(i.stderr, line)
	}
	if len(all.resources) == 0 {
		fmt.Fprintf(i.stderr, "there is no %s to import\n", strings.TrimSuffix(i.what, "s"))
	}
	if err == nil && len(all.problems) > 0 {
		return fmt.Errorf("%d of the %s cannot be imported: see above", len(all.problems), i.what)
	}
	return err
}

func write[Resource client.Object](ctx context.Context, i *importing, resources []Resource) error {
	format := manifest.Format(i.output)
	if !i.apply {
		if format == "" {
			format = manifest.YAML
		}
		return manifest.Print(i.stdout, format, resources)
	}
	created, err := manifest.Apply(ctx, i.kube, resources, i.progress.now)
	if format != "" {
		return errors.Join(err, manifest.Print(i.stdout, format, created))
	}
	for _, r := range created {
		fmt.Fprintln(i.stdout, manifest.Name(r), "created")
	}
	return err
}
