package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func upCommand() *cobra.Command {
	var nodes int
	command := &cobra.Command{
		Use:     "up",
		Short:   "Bring the cluster up, building what is missing",
		Long:    "Bring the cluster up, building what is missing.\n\nA cluster that is up is left alone. One of which a component died, or that was killed, is started again with its data.",
		Example: "  bin/dev up --nodes 3",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			lab, err := openLab()
			if err != nil {
				return err
			}
			return lab.Up(command.Context(), nodes)
		},
	}
	command.Flags().IntVar(&nodes, "nodes", 0, "number of nodes, spread over three zones (default: as many as it has, or 1)")
	return command
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "down",
		Short:   "End the cluster and delete all it had",
		Example: "  bin/dev down",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			lab, err := openLab()
			if err != nil {
				return err
			}
			return lab.Down(command.Context())
		},
	}
}

func statusCommand() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:     "status",
		Short:   "Say what runs, since when, with how much memory, and what died",
		Example: "  bin/dev status -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("unknown output %q: choose text or json", output)
			}
			return printStatus(output == "json")
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return command
}

// printStatus fails, after the report, when something of the cluster died.
func printStatus(asJSON bool) error {
	lab, err := openLab()
	if err != nil {
		return err
	}
	report, err := lab.State.Report()
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Print(os.Stdout, time.Now())
	}
	if err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	return report.Died()
}

func loadCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "load IMAGE.tar...",
		Short:   "Import image tarballs into every node",
		Example: "  bin/dev load build/operator.tar",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, tarballs []string) error {
			lab, err := openLab()
			if err != nil {
				return err
			}
			for _, tarball := range tarballs {
				if err := lab.Load(command.Context(), tarball); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func assetsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "assets",
		Short:   "Print a folder with kube-apiserver, etcd and kubectl, building them if needed",
		Example: "  KUBEBUILDER_ASSETS=$(bin/dev assets) go test ./...",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			lab, err := openLab()
			if err != nil {
				return err
			}
			folder, err := lab.Assets(command.Context())
			if err != nil {
				return err
			}
			fmt.Fprintln(command.OutOrStdout(), folder)
			return nil
		},
	}
}
