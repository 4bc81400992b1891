package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"castellan.io/castellan/internal/launch"
)

func main() {
	if err := newRootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "castellan-launch:", err)
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "castellan-launch",
		Short: "Run a JVM as the first process of its container",
		Long: "Turns mounted configuration into the files a JVM reads, prepares its storage, starts it, passes signals on, answers\n" +
			"probes on port 8080 (/healthy, /ready), and tells there which certificates are served (/certificates).",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newKafkaCommand(), newPrepareCommand())
	return root
}

func newKafkaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kafka",
		Short: "Format storage natively and run a Kafka node",
		Long: "Reads server.config, cluster.id, metadata.version and log4j2.properties in /opt/kafka/custom-config and the\n" +
			"certificates in /opt/kafka/certificates, formats the log directories that are not formatted yet, and runs Kafka.\n" +
			"Directories of another cluster or node are refused. Exits with Kafka's code, 0 after a stop that was asked for.",
		Example: "  KAFKA_HEAP_OPTS='-Xms1g -Xmx1g' castellan-launch kafka",
		Args:    cobra.NoArgs,
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

func newPrepareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prepare",
		Short: "Put this program and the machine's rack where the Kafka container finds them",
		Long: "Copies this program, and the jar beside it, to /opt/castellan. With RACK_TOPOLOGY_KEY set it also writes that label of the\n" +
			"machine NODE_NAME to rack.id in INIT_FOLDER (default /opt/kafka/init).",
		Example: "  RACK_TOPOLOGY_KEY=topology.kubernetes.io/zone NODE_NAME=worker-1 castellan-launch prepare",
		Args:    cobra.NoArgs,
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
