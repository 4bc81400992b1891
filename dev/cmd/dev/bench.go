package main

import (
	"time"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/bench"
)

func benchCommand() *cobra.Command {
	var operator string
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure a cluster's start, its throughput and the operator's memory",
		Long: `Start a cluster of three nodes in a namespace of its own, measure the time until it is Ready, what it takes
from one producer, and the operator's memory; then remove it. The operator has to be deployed.`,
		Example: "  bin/dev bench",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			lab, err := openLab()
			if err != nil {
				return err
			}
			client, err := ownCluster()
			if err != nil {
				return err
			}
			return bench.Bench{
				Source: lab.Checkout.Path, Operator: operator, Kubectl: client,
				Progress: lab.Progress, Out: command.OutOrStdout(), Now: time.Now,
			}.Run(command.Context())
		},
	}
	command.Flags().StringVar(&operator, "namespace", "castellan", "the operator's namespace")
	return command
}
