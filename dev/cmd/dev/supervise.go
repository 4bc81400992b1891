package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/node"
	"castellan.io/castellan/dev/supervisor"
)

// superviseCommand holds the commands the tool starts itself by, inside the
// cluster's namespaces.
func superviseCommand() *cobra.Command {
	command := &cobra.Command{Use: "supervise", Hidden: true, Short: "Be the first process of a cluster or a node"}
	command.AddCommand(superviseCluster(), superviseNode())
	return command
}

func superviseCluster() *cobra.Command {
	var plan string
	command := &cobra.Command{
		Use:  "cluster",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return supervisor.Run(command.Context(), plan, os.Stdin, time.Now)
		},
	}
	command.Flags().StringVar(&plan, "plan", "", "the plan's file")
	return command
}

func superviseNode() *cobra.Command {
	var planFile, name string
	command := &cobra.Command{
		Use:  "node",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			plan, err := supervisor.ReadPlan(planFile)
			if err != nil {
				return err
			}
			planned, err := plan.Node(name)
			if err != nil {
				return err
			}
			return node.Run(command.Context(), planned.Var, plan.Tools, time.Now)
		},
	}
	command.Flags().StringVar(&planFile, "plan", "", "the plan's file")
	command.Flags().StringVar(&name, "name", "", "the node's name")
	return command
}
