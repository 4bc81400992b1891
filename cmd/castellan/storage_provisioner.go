package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"castellan.io/castellan/internal/provisioner"
	"castellan.io/castellan/internal/provisioner/volume"
)

// storageProvisionerFlags is what a person can set on the command line.
type storageProvisionerFlags struct {
	kubeconfig      string
	nodeName        string
	baseDirectories []string
	listenAddress   string
	logLevel        string
}

func newStorageProvisionerCommand() *cobra.Command {
	var flags storageProvisionerFlags
	command := &cobra.Command{
		Use:   "storage-provisioner",
		Short: "Provide PersistentVolumes from directories of this node",
		Long: `Provide PersistentVolumes from directories of this node.

Runs once on every node. It serves the claims of StorageClasses whose provisioner
is ` + volume.ProvisionerName + ` and that the scheduler has put on its node.`,
		Example: `  castellan storage-provisioner --node-name=worker-1 \
    --base-directory=/var/lib/castellan/volumes --base-directory=/mnt/nvme`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return runStorageProvisioner(command.Context(), flags)
		},
	}
	set := command.Flags()
	set.StringVar(&flags.kubeconfig, "kubeconfig", "", "kubeconfig file; without it the pod's own service account is used")
	set.StringVar(&flags.nodeName, "node-name", os.Getenv("NODE_NAME"), "name of the Node this process runs on (environment: NODE_NAME)")
	set.StringArrayVar(&flags.baseDirectories, "base-directory", []string{volume.DefaultBaseDirectory},
		"absolute path that classes may have their volumes in; can be repeated, the first is the default of classes")
	set.StringVar(&flags.listenAddress, "listen-address", ":8080", `address of /healthz, /readyz and /metrics; "" or "0" turns them off`)
	set.StringVar(&flags.logLevel, "log-level", "info", "least level of messages: debug, info, warn or error")
	return command
}

func runStorageProvisioner(ctx context.Context, flags storageProvisionerFlags) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(flags.logLevel)); err != nil {
		return fmt.Errorf("reading --log-level: %w", err)
	}
	logger := logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	klog.SetLogger(logger)
	settings, err := apiAccess(flags.kubeconfig)
	if err != nil {
		return fmt.Errorf("finding the Kubernetes API: %w", err)
	}
	client, err := kubernetes.NewForConfig(settings)
	if err != nil {
		return fmt.Errorf("making a client of the Kubernetes API: %w", err)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return provisioner.Run(ctx, provisioner.Config{
		Client:          client,
		NodeName:        flags.nodeName,
		BaseDirectories: flags.baseDirectories,
		ListenAddress:   flags.listenAddress,
		Logger:          logger,
		Now:             time.Now,
	})
}

// apiAccess reads a kubeconfig, or, without one, what Kubernetes mounts in a pod.
func apiAccess(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", kubeconfig)
}
