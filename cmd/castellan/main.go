package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker when a release is built.
var version = "0.1.0-dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := newRootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "castellan:", err)
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "castellan",
		Short:         "Run Apache Kafka on Kubernetes",
		Long:          "Castellan runs Apache Kafka on Kubernetes: declared as resources, kept true by an operator.",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newClientConfigCommand(), newConvertCommand(), newInstallCommand(), newOperatorCommand(), newStorageProvisionerCommand(), newTopicOperatorCommand(), newUserOperatorCommand(),
		newTopicsCommand(), newUsersCommand(),
	)
	return root
}
