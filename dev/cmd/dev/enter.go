package main

import (
	"cmp"
	"context"
	"os"

	"github.com/spf13/cobra"
)

func kubectlCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "kubectl ARGUMENT...",
		Short:              "Run kubectl on the cluster",
		Example:            "  bin/dev kubectl get pods -A",
		DisableFlagParsing: true,
		RunE: func(command *cobra.Command, arguments []string) error {
			return enter(command.Context(), append([]string{"kubectl"}, arguments...))
		},
	}
}

func shellCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "shell [-- COMMAND ARGUMENT...]",
		Short:   "Open a shell, or run one command, in the first node's network",
		Long:    "Open a shell, or run one command, in the first node's network, with KUBECONFIG set, the cluster's programs on the PATH and its name server in use. The exit code is the command's.",
		Example: "  bin/dev shell -- ./e2e.test -test.v",
		RunE: func(command *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				arguments = []string{cmp.Or(os.Getenv("SHELL"), "/bin/bash")}
			}
			return enter(command.Context(), arguments)
		},
	}
}

// enter replaces this process by the program.
func enter(ctx context.Context, arguments []string) error {
	lab, err := openLab()
	if err != nil {
		return err
	}
	return lab.Exec(ctx, arguments)
}
