package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/term"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientsettings"
)

// clientConfigFlags are what a person says about the settings of a client.
type clientConfigFlags struct {
	user                                  string
	namespace, clusterNamespace, listener string
	format, directory                     string
	force                                 bool
	connectKubernetes                     func() (*rest.Config, string, error)
	stdout, stderr                        io.Writer
}

func newClientConfigCommand() *cobra.Command {
	f := clientConfigFlags{connectKubernetes: currentContext}
	command := &cobra.Command{
		Use:   "client-config USER",
		Short: "Print what clients of a KafkaUser need to connect",
		Long: `Print settings for clients of a KafkaUser: addresses and certificates to trust from the status of its Kafka resource, certificate and key,
or password, from its Secret. That takes the rights to get KafkaUsers, Kafkas and Secrets.

Forms of the settings, --format:
  properties   of Kafka's own clients and tools in Java, everything in one file (the default)
  kcat         of kcat, as its -F takes them
  pem-files    ca.crt, user.crt, user.key or password, as files
  go           a program with franz-go
  python       a program with confluent-kafka
  java         a class with Kafka's own client

Settings are printed; --directory writes them to a directory, together with the files that they read, for nobody else to see. kcat and the
programs read certificates, and programs passwords, from such files.

Without --listener, the one is taken that takes the user's kind of authentication: inside Kubernetes before outside, with TLS before without,
the first of the resource. Which one that is, and which others fit, is said on standard error. Of several that all lead to the outside
none is guessed. A user whose authentication is tls-external brings its own certificate; the settings say where.`,
		Example: `  # For kafka-console-producer.sh --command-config client.properties and the like
  castellan client-config my-user -n myproject > client.properties

  # For kcat -F my-user/kcat.conf
  castellan client-config my-user -n myproject --format kcat --directory my-user

  # Certificates and key, or password, for any other client
  castellan client-config my-user -n myproject --format pem-files --directory my-user`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			f.user, f.stdout, f.stderr = arguments[0], command.OutOrStdout(), command.ErrOrStderr()
			return f.run(command.Context())
		},
	}
	set := command.Flags()
	set.StringVarP(&f.namespace, "namespace", "n", "", "namespace of the KafkaUser; without it that of the current context")
	set.StringVar(&f.clusterNamespace, "cluster-namespace", "", "namespace of the Kafka resource; without it that of the KafkaUser")
	set.StringVar(&f.listener, "listener", "", "listener to connect to; without it the one that fits best")
	set.StringVar(&f.format, "format", string(clientsettings.Properties), "form of the settings: "+strings.Join(formats(), ", "))
	set.StringVar(&f.directory, "directory", "", "directory to write files to; it is made where there is none")
	set.BoolVar(&f.force, "force", false, "overwrite files that exist")
	return command
}

func formats() []string {
	var out []string
	for _, f := range clientsettings.Formats() {
		out = append(out, string(f))
	}
	return out
}

func (f *clientConfigFlags) run(ctx context.Context) error {
	// Libraries would tell what the error tells again, in many lines.
	klog.SetLogger(logr.Discard())
	ctrl.SetLogger(logr.Discard())
	if err := f.check(); err != nil {
		return err
	}
	kube, err := f.openKubernetes()
	if err != nil {
		return err
	}
	progress := newPatience(f.stderr)
	defer progress.stop()
	progress.now("asking the API server for KafkaUser " + f.user)
	settings, others, err := f.read(ctx, kube)
	progress.stop()
	if err != nil {
		return err
	}
	files, err := f.write(settings)
	if err != nil {
		return err
	}
	f.tell(settings, others, files)
	return nil
}

func (f *clientConfigFlags) check() error {
	switch {
	case !slices.Contains(formats(), f.format):
		return fmt.Errorf("--format is %q: expected one of %s", f.format, strings.Join(formats(), ", "))
	case f.directory == "" && f.format == string(clientsettings.PEMFiles):
		return errors.New("--format pem-files is given: expected --directory beside it")
	case f.directory == "" && f.force:
		return errors.New("--force is given: expected --directory beside it")
	}
	return nil
}

func (f *clientConfigFlags) openKubernetes() (client.Client, error) {
	connection, namespace, err := f.connectKubernetes()
	if err != nil {
		return nil, err
	}
	if f.namespace == "" {
		f.namespace = namespace
	}
	if f.clusterNamespace == "" {
		f.clusterNamespace = f.namespace
	}
	return openKubernetes(connection)
}

// read takes the settings together from the objects that have them, and tells which other listeners fit.
func (f *clientConfigFlags) read(ctx context.Context, kube client.Reader) (clientsettings.Settings, []clientsettings.Listener, error) {
	account, err := f.readAccount(ctx, kube)
	if err != nil {
		return clientsettings.Settings{}, nil, err
	}
	kafka, err := f.readKafka(ctx, kube, account)
	if err != nil {
		return clientsettings.Settings{}, nil, err
	}
	listener, others, err := account.Choose(kafka, f.listener)
	if err != nil {
		return clientsettings.Settings{}, nil, err
	}
	var secret map[string][]byte
	if account.Secret != "" {
		secret, err = readSecret(ctx, kube, account.Namespace, account.Secret)
	}
	if apierrors.IsNotFound(err) {
		err = fmt.Errorf("there is no Secret %s in namespace %s yet: the user operator makes it, try again in a moment", account.Secret, account.Namespace)
	}
	if err != nil {
		return clientsettings.Settings{}, nil, err
	}
	settings, err := account.Settings(listener, secret)
	return settings, others, err
}

func (f *clientConfigFlags) readAccount(ctx context.Context, kube client.Reader) (clientsettings.Account, error) {
	var user v1.KafkaUser
	err := kube.Get(ctx, types.NamespacedName{Namespace: f.namespace, Name: f.user}, &user)
	if apierrors.IsNotFound(err) {
		return clientsettings.Account{}, fmt.Errorf("there is no KafkaUser %s in namespace %s: name another, or another namespace with --namespace", f.user, f.namespace)
	}
	if err != nil {
		return clientsettings.Account{}, fmt.Errorf("read KafkaUser %s in namespace %s: %w", f.user, f.namespace, err)
	}
	return clientsettings.Read(&user)
}

func (f *clientConfigFlags) readKafka(ctx context.Context, kube client.Reader, of clientsettings.Account) (*v1.Kafka, error) {
	var out v1.Kafka
	err := kube.Get(ctx, types.NamespacedName{Namespace: f.clusterNamespace, Name: of.Cluster}, &out)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no Kafka %s in namespace %s, which KafkaUser %s is for: say with --cluster-namespace where it is", of.Cluster, f.clusterNamespace, of.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("read Kafka %s in namespace %s: %w", of.Cluster, f.clusterNamespace, err)
	}
	return &out, nil
}

// write prints the text of the settings, or writes it with the files that it reads. All of them are returned.
func (f *clientConfigFlags) write(settings clientsettings.Settings) ([]clientsettings.File, error) {
	directory := "."
	if f.directory != "" {
		var err error
		if directory, err = filepath.Abs(f.directory); err != nil {
			return nil, fmt.Errorf("--directory: %w", err)
		}
	}
	files, err := settings.Files(clientsettings.Format(f.format), directory)
	if err != nil {
		return nil, err
	}
	if f.directory != "" {
		return files, writePrivate(f.directory, files, f.force)
	}
	_, err = io.WriteString(f.stdout, files[0].Content)
	return files, err
}

// tell says what was chosen, what is missing, and what to do with the rest.
func (f *clientConfigFlags) tell(settings clientsettings.Settings, others []clientsettings.Listener, files []clientsettings.File) {
	chosen := "listener " + settings.Listener.String() + " of Kafka " + settings.Cluster
	if len(others) > 0 {
		chosen += "; others that fit: " + clientsettings.List(others) + " (--listener takes them)"
	}
	fmt.Fprintln(f.stderr, chosen)
	if missing := settings.Missing(); missing != "" {
		fmt.Fprintln(f.stderr, missing)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	format := clientsettings.Format(f.format)
	if f.directory != "" {
		fmt.Fprintf(f.stderr, "%s has %s\n", f.directory, clientsettings.Names(names))
	} else if len(names) > 1 {
		fmt.Fprintf(f.stderr, "this reads %s from the directory it is used in: --directory writes all of it there\n", clientsettings.Names(names[1:]))
	}
	if format == clientsettings.PEMFiles {
		fmt.Fprintln(f.stderr, settings.Use())
	}
	if f.directory == "" && format.Secretive(settings) && isTerminal(f.stdout) {
		fmt.Fprintln(f.stderr, "this shows a secret: --directory writes it for nobody else to see")
	}
}

// isTerminal tells whether a person sees what is written.
func isTerminal(to io.Writer) bool {
	file, is := to.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

func readSecret(ctx context.Context, from client.Reader, namespace, name string) (map[string][]byte, error) {
	var secret corev1.Secret
	if err := from.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &secret); err != nil {
		return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, namespace, err)
	}
	return secret.Data, nil
}
