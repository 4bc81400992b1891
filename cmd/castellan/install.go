package main

import (
	"strings"

	"github.com/spf13/cobra"

	"castellan.io/castellan/install"
)

func newInstallCommand() *cobra.Command {
	var namespace, watch, registry string
	command := &cobra.Command{
		Use:   "install",
		Short: "Print what installs the operator",
		Long: `Print the manifests that install the operator and the definitions of its resources, for kubectl to apply.

The namespaces must exist. Inside namespaces the operator gets rights in those that it watches, and in its own
for leader election. The output has no choices left open: keep it in a file to see what an upgrade changes.`,
		Example: `  kubectl create namespace castellan
  castellan install | kubectl apply -f -

  # Watch some namespaces, or all
  castellan install --namespace castellan --watch-namespaces orders,payments | kubectl apply -f -
  castellan install --namespace castellan --watch-namespaces '*' | kubectl apply -f -`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			options := install.Options{Namespace: namespace, Registry: registry}
			if command.Flags().Changed("watch-namespaces") {
				options.Watch = strings.Split(watch, ",")
			}
			manifests, err := install.Operator(options)
			if err != nil {
				return err
			}
			_, err = command.OutOrStdout().Write(manifests)
			return err
		},
	}
	set := command.Flags()
	set.StringVar(&namespace, "namespace", "castellan", "namespace that the operator runs in")
	set.StringVar(&watch, "watch-namespaces", "", "namespaces to watch, separated by commas, or * for all; without it the operator's own")
	set.StringVar(&registry, "registry", "", `registry and path of the images, as in "registry.example.com/castellan"`)
	return command
}
