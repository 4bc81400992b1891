package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
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
	"castellan.io/castellan/internal/runtime/kube/forward"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topicimport"
)

func newTopicsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "topics",
		Short:   "Work on topics and their resources",
		Long:    "Work on the topics of a Kafka cluster and their resources.",
		Example: "  castellan topics import --help",
		Args:    cobra.NoArgs, // checked only because there is something to run
		RunE:    func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newTopicsImportCommand())
	return command
}

// importFlags are what a person says about an import.
type importFlags struct {
	cluster, namespace, listener string
	bootstrap, commandConfig     string
	labels                       []string
	topic, exclude, output       string
	excludeSaid, internal, apply bool
	connectKubernetes            func() (*rest.Config, string, error)
	stdout, stderr               io.Writer
}

func newTopicsImportCommand() *cobra.Command {
	f := importFlags{connectKubernetes: currentContext}
	command := &cobra.Command{
		Use:   "import",
		Short: "Make KafkaTopic resources for the topics that a Kafka cluster has",
		Long: `Print, or with --apply create, KafkaTopic resources for the topics of a Kafka cluster that have none yet.

A resource gets exactly what its topic has: partitions, replicas, and the options that were set for it. A topic operator that sees it
changes nothing. What is left out is said on standard error, and so is what cannot be imported; the command then ends with an error after
it has done the rest.

--cluster names a Kafka resource. Its brokers are reached through the API server, as kubectl port-forward does, with the certificate of the
cluster operator: from anywhere, and whatever listeners there are. That takes the rights to get Secrets and to create pods/portforward. With
--listener, a listener is reached at the address in the resource's status instead, as with any client: from where that address leads to.

--bootstrap-server names any Kafka; --command-config has the properties that Kafka's own tools take: TLS with PEM or PKCS#12, SASL with PLAIN,
SCRAM or OAUTHBEARER. Beside it, --cluster still says which resources there are and what label new ones get. Without --cluster and --apply,
Kubernetes is not asked, and resources that exist are not known.`,
		Example: `  # Look first, then create, in the namespace of the current context
  castellan topics import --cluster my-cluster -o name
  castellan topics import --cluster my-cluster --apply

  # Into Git, or by hand
  castellan topics import --cluster my-cluster -n kafka > topics.yaml
  castellan topics import --cluster my-cluster -n kafka --topic 'orders-.*' | kubectl apply -f -

  # A Kafka that is not in Kubernetes
  castellan topics import --bootstrap-server kafka.example.com:9093 --command-config client.properties --label strimzi.io/cluster=legacy`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			f.stdout, f.stderr = command.OutOrStdout(), command.ErrOrStderr()
			f.excludeSaid = command.Flags().Changed("exclude")
			return f.run(command.Context())
		},
	}
	set := command.Flags()
	set.StringVar(&f.cluster, "cluster", "", "name of the Kafka resource")
	set.StringVarP(&f.namespace, "namespace", "n", "", "namespace of the Kafka resource and of the topics' resources; without it that of the current context")
	set.StringVar(&f.listener, "listener", "", "listener of the Kafka resource to connect to, instead of through the API server")
	set.StringVar(&f.bootstrap, "bootstrap-server", "", "addresses of brokers, host:port separated by commas")
	set.StringVar(&f.commandConfig, "command-config", "", "file with properties for the connection, as kafka-topics.sh takes it")
	set.StringArrayVar(&f.labels, "label", nil, "label for the resources, name=value; may come more than once (with --cluster, "+v1.LabelCluster+" is set)")
	set.StringVar(&f.topic, "topic", "", "regular expression for the whole names of the topics to import; without it all")
	set.StringVar(&f.exclude, "exclude", topic.DefaultExclusion, "regular expression for the whole names of topics to leave out")
	set.BoolVar(&f.internal, "include-internal", false, "import Kafka's own topics too")
	set.BoolVar(&f.apply, "apply", false, "create the resources")
	set.StringVarP(&f.output, "output", "o", "", "yaml, json or name (default yaml; with --apply a line for each resource)")
	return command
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

// importing is an import with what it works on.
type importing struct {
	*importFlags
	options topicimport.Options
	kube    client.Client
	end     func()
}

func (f *importFlags) run(ctx context.Context) error {
	// Libraries would tell what the error tells again, in many lines.
	klog.SetLogger(logr.Discard())
	ctrl.SetLogger(logr.Discard())
	i := &importing{importFlags: f, end: func() {}}
	if err := i.readFlags(); err != nil {
		return err
	}
	progress := newPatience(f.stderr)
	defer progress.stop()
	i.options.Progress = progress.now
	access, err := i.reach(ctx)
	if err != nil {
		return err
	}
	defer func() { i.end() }()
	kafka, err := broker.OpenTopics(access)
	if err != nil {
		return err
	}
	defer kafka.Close()
	found, err := topicimport.Find(ctx, kafka, i.options)
	if err != nil {
		return err
	}
	err = i.write(ctx, found)
	progress.stop()
	i.tell(found)
	if err == nil && len(found.Problems) > 0 {
		err = fmt.Errorf("%d of the topics cannot be imported: see above", len(found.Problems))
	}
	return err
}

func (i *importing) readFlags() error {
	switch {
	case i.cluster == "" && i.bootstrap == "":
		return errors.New("neither --cluster nor --bootstrap-server is given: expected the name of a Kafka resource, or addresses of brokers")
	case i.listener != "" && (i.cluster == "" || i.bootstrap != ""):
		return errors.New("--listener is given: expected --cluster beside it, and no --bootstrap-server")
	case i.commandConfig != "" && i.listener == "" && i.bootstrap == "":
		return errors.New("--command-config is given: expected --bootstrap-server or --listener beside it")
	case i.output != "" && !slices.Contains(topicimport.Formats(), topicimport.Format(i.output)):
		return fmt.Errorf("--output is %q: expected yaml, json or name", i.output)
	}
	var err error
	if i.options.Labels, err = labelsOf(i.cluster, i.labels); err != nil {
		return err
	}
	if i.topic != "" {
		if i.options.Topic, err = topic.ParseExclusion(i.topic); err != nil {
			return fmt.Errorf("--topic: %w", err)
		}
	}
	if i.options.Exclude, err = topic.ParseExclusion(i.exclude); err != nil {
		return fmt.Errorf("--exclude: %w", err)
	}
	i.options.Internal, i.options.OwnExclusion = i.internal, i.excludeSaid
	i.options.Namespace = i.namespace
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

// reach finds the way to Kafka, and Kubernetes as far as it is needed.
func (i *importing) reach(ctx context.Context) (broker.Access, error) {
	as, err := i.clientProperties()
	if err != nil {
		return broker.Access{}, err
	}
	var connection *rest.Config
	if i.cluster != "" || i.apply {
		if connection, err = i.openKubernetes(ctx); err != nil {
			return broker.Access{}, err
		}
	}
	cluster := topicimport.Cluster{From: i.kube, Namespace: i.options.Namespace, Name: i.cluster}
	var out broker.Access
	switch {
	case i.bootstrap != "":
		out = broker.Access{Brokers: strings.Split(i.bootstrap, ",")}
		if as != nil {
			out.TLS = as.TLS
		}
	case i.listener != "":
		out, err = cluster.Listener(ctx, i.listener, as)
	default:
		tunnels := forward.New(connection, i.options.Namespace)
		i.end = tunnels.Close
		out, err = cluster.Through(ctx, tunnels.Connect)
	}
	out.ClientID = "castellan-topics-import"
	if as != nil {
		out.SASL = saslAccess(as.SASL)
		if as.ID != "" {
			out.ClientID = as.ID
		}
	}
	return out, err
}

func (i *importing) clientProperties() (*clientconfig.Client, error) {
	if i.commandConfig == "" {
		return nil, nil
	}
	text, err := os.ReadFile(i.commandConfig)
	if err != nil {
		return nil, fmt.Errorf("--command-config: %w", err)
	}
	out, err := clientconfig.Read(string(text), os.ReadFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.commandConfig, err)
	}
	return &out, nil
}

// openKubernetes connects, and reads the resources that are there.
func (i *importing) openKubernetes(ctx context.Context) (*rest.Config, error) {
	connection, namespace, err := i.connectKubernetes()
	if err != nil {
		return nil, err
	}
	connection.QPS = -1 // how much is written at the same time is bounded where it is written
	if i.namespace == "" {
		i.options.Namespace = namespace
	}
	if i.kube, err = openKubernetes(connection); err != nil {
		return nil, err
	}
	i.options.Progress("asking the API server for resources")
	i.options.Existing, err = topicimport.Existing(ctx, i.kube, i.options.Namespace)
	return connection, err
}

// write prints or creates the resources.
func (i *importing) write(ctx context.Context, found topicimport.Found) error {
	format := topicimport.Format(i.output)
	if !i.apply {
		if format == "" {
			format = topicimport.YAML
		}
		return topicimport.Print(i.stdout, format, found.Resources)
	}
	created, err := topicimport.Apply(ctx, i.kube, found.Resources, i.options.Progress)
	if format != "" {
		return errors.Join(err, topicimport.Print(i.stdout, format, created))
	}
	for _, r := range created {
		fmt.Fprintln(i.stdout, topicimport.Name(r), "created")
	}
	return err
}

// tell says what was left out, and what else should be known.
func (i *importing) tell(found topicimport.Found) {
	for _, left := range []struct {
		count int
		why   string
	}{
		{found.Present, "have a KafkaTopic already"},
		{found.Internal, "are Kafka's own (--include-internal takes them)"},
		{found.Excluded, "are excluded (--exclude says which)"},
	} {
		if left.count > 0 {
			fmt.Fprintf(i.stderr, "left out: %d of the topics %s\n", left.count, left.why)
		}
	}
	for _, line := range slices.Concat(found.Notes, found.Problems) {
		fmt.Fprintln(i.stderr, line)
	}
	if len(found.Resources) == 0 {
		fmt.Fprintln(i.stderr, "there is no topic to import")
	}
}
