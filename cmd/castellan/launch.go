package main

import (
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"castellan.io/castellan/internal/launch"
)

func newLaunchCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "launch",
		Short: "Run a JVM as the first process of its container",
		Long: "Launch turns mounted configuration into the files a JVM reads, prepares its storage, starts it,\n" +
			"passes signals on and answers probes on port 8080 (/healthy, /ready).",
		Example: "  castellan launch prepare   # in an init container\n  castellan launch kafka     # in the Kafka container",
		// Without these, an unknown word would print this help and count as success.
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newLaunchKafkaCommand(), newLaunchPrepareCommand())
	return command
}

func newLaunchKafkaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kafka",
		Short: "Format storage natively and run a Kafka node",
		Long: "Reads server.config, cluster.id, metadata.version and log4j2.properties in /opt/kafka/custom-config and the\n" +
			"certificates in /opt/kafka/certificates, formats the log directories that are not formatted yet, and runs Kafka.\n" +
			"Directories of another cluster or node are refused. Exits with Kafka's code, 0 after a stop that was asked for.",
		Example:       "  KAFKA_HEAP_OPTS='-Xms1g -Xmx1g' castellan launch kafka",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := signal.NotifyContext(command.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer cancel()
			log := slog.New(slog.NewTextHandler(os.Stderr, nil))
			code, err := launch.Kafka(ctx, launch.KafkaLayout(), environment(), log)
			if err != nil {
				return err
			}
			if code != 0 {
				os.Exit(code)
			}
			return nil
		},
	}
}

func newLaunchPrepareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prepare",
		Short: "Put this program and the machine's rack where the Kafka container finds them",
		Long: "Copies this program to /opt/castellan/castellan. With RACK_TOPOLOGY_KEY set it also writes that label of the\n" +
			"machine NODE_NAME to rack.id in INIT_FOLDER (default /opt/kafka/init).",
		Example:       "  RACK_TOPOLOGY_KEY=topology.kubernetes.io/zone NODE_NAME=worker-1 castellan launch prepare",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return launch.Prepare(command.Context(), launch.KubernetesPreparation(environment()))
		},
	}
}

func environment() launch.Environment {
	variables := launch.Environment{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return variables
}
