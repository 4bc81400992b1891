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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "dev: "+err.Error())
		os.Exit(1)
	}
}

// rootCommand is the tool with all its subcommands.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "dev",
		Short:         "Run a real Kubernetes for development and tests on this machine",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand()
	return root
}
