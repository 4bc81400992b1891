package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

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
		Use:           "castellan-entity",
		Short:         "Keep topics or users of one Kafka cluster in agreement with their resources",
		Long:          "Plays the roles castellan topic-operator and castellan user-operator, whose help says more.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newTopicOperatorCommand(), newUserOperatorCommand())
	return root
}
