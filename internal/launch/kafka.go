package launch

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"

	"castellan.io/castellan/internal/launch/storage"
	"castellan.io/castellan/internal/properties"
)

// launcherMemory is a soft limit in bytes: the launcher has nearly nothing to do once the JVM runs.
const launcherMemory = 12 << 20

// Kafka prepares and runs a Kafka server. It gives the exit code for the container; 0 if the context ended it.
func Kafka(ctx context.Context, layout Layout, environment Environment, log *slog.Logger) (int, error) {
	text, err := os.ReadFile(layout.config("server.config"))
	if err != nil {
		return 1, fmt.Errorf("reading the configuration: %w", err)
	}
	text = withVoters(text, environment["CASTELLAN_QUORUM_VOTERS"])
	server, err := NewServer(properties.Parse(string(text)))
	if err != nil {
		return 1, fmt.Errorf("reading %s: %w", layout.config("server.config"), err)
	}
	probe := &Probe{Listener: server.Probe, Now: time.Now}
	monitor := &Monitor{Ask: probe.Ask, Now: time.Now}
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	if err := monitor.Serve(serving, layout.HealthAddress, server.TLS); err != nil {
		return 1, err
	}
	if err := writeFile(layout.Properties, text, 0o640); err != nil {
		return 1, fmt.Errorf("writing the configuration: %w", err)
	}
	java, err := FindRuntime(layout, environment)
	if err != nil {
		return 1, err
	}
	java.ClassPath += ":" + layout.Engine
	if err := prepareStorage(ctx, layout, server, java.formatTool(layout, environment), log); err != nil {
		return stopped(ctx, err)
	}
	if err := writeFile(layout.Security, []byte(nameLookups), 0o640); err != nil {
		return 1, fmt.Errorf("writing Java's security properties: %w", err)
	}
	java.Security = layout.Security
	command := java.Command(environment, "kafka.Kafka", layout.Properties)
	log.Info("start", "java", java.Java, "classDataArchive", java.Archive) // options may hold a user's secrets
	debug.SetMemoryLimit(launcherMemory)
	return runJVM(ctx, command, monitor)
}

// withVoters adds the controllers that this pod was made to know; the last value of a property counts. The mounted configuration
// may be newer than the pod: a container that starts again inside it must not follow another quorum than the pod says.
func withVoters(config []byte, voters string) []byte {
	if voters == "" {
		return config
	}
	return append(config, "\ncontroller.quorum.voters="+voters+"\n"...)
}

// stopped turns an error into success if the launcher was asked to stop.
func stopped(ctx context.Context, err error) (int, error) {
	select {
	case <-ctx.Done():
		return 0, nil
	default:
		return 1, err
	}
}

func prepareStorage(ctx context.Context, layout Layout, server Server, tool toolFor, log *slog.Logger) error {
	node, err := storageNode(layout, server)
	if err != nil {
		return err
	}
	found, err := storage.Survey(server.LogDirs)
	if err != nil {
		return err
	}
	plan, err := storage.Decide(node, found)
	if err != nil {
		return err
	}
	for _, reason := range plan.Reasons {
		log.Info("storage", "step", reason)
	}
	if plan.NeedsTool() {
		log.Warn("storage", "step", "this launcher does not know metadata version "+node.MetadataVersion+": Kafka's own tool formats")
	}
	if err := storage.Apply(ctx, plan, node, storage.Effects{Random: rand.Reader, Now: time.Now, Tool: tool(node)}); err != nil {
		return err
	}
	return ctx.Err()
}

func storageNode(layout Layout, server Server) (storage.Node, error) {
	clusterID, err := readValue(layout.config("cluster.id"))
	if err != nil {
		return storage.Node{}, err
	}
	version, err := readValue(layout.config("metadata.version"))
	if err != nil {
		return storage.Node{}, err
	}
	return storage.Node{
		ClusterID:       clusterID,
		ID:              server.NodeID,
		MetadataVersion: version,
		MetadataLogDir:  server.MetadataLogDir,
		Voters:          server.Voters,
	}, nil
}

func readValue(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the configuration: %w", err)
	}
	value := strings.TrimSpace(string(text))
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

type toolFor func(storage.Node) storage.Tool

// formatTool runs Kafka's own storage tool with a small heap of its own.
func (r Runtime) formatTool(layout Layout, environment Environment) toolFor {
	return func(node storage.Node) storage.Tool {
		return func(ctx context.Context) error {
			command := r.Command(Environment{
				"KAFKA_HEAP_OPTS":            "-Xmx256M",
				"KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
				"KAFKA_OPTS":                 environment["KAFKA_OPTS"],
			}, "kafka.tools.StorageTool", "format", "--ignore-formatted",
				"--cluster-id", node.ClusterID, "--release-version", node.MetadataVersion, "--config", layout.Properties)
			tool := exec.CommandContext(ctx, command[0], command[1:]...)
			tool.Stdout, tool.Stderr = os.Stdout, os.Stderr
			if err := tool.Run(); err != nil {
				return fmt.Errorf("formatting with Kafka's storage tool: %w", err)
			}
			return nil
		}
	}
}
