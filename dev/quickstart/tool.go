package quickstart

import (
	"context"
	"os/exec"

	"castellan.io/castellan/dev/kubectl"
)

// tool is a Kafka client of somebody else's making.
type tool struct {
	name string
	// produce writes the lines of its standard input to the topic, consume writes the topic's records as lines to its
	// standard output, from the first one on, and does not end by itself.
	produce, consume func(ctx context.Context, topic string) *exec.Cmd
}

// consoleTools are Kafka's own tools, in a pod.
func consoleTools(client kubectl.Client, namespace, bootstrap string) tool {
	inPod := func(ctx context.Context, arguments ...string) *exec.Cmd {
		all := []string{"exec", "-i", "-n", namespace, clientPod, "--"}
		return client.Start(ctx, append(all, arguments...)...)
	}
	return tool{
		name: "Kafka's console tools",
		produce: func(ctx context.Context, topic string) *exec.Cmd {
			return inPod(ctx, "kafka-console-producer.sh", "--bootstrap-server", bootstrap, "--topic", topic,
				"--command-config", clientFolder+"/producer.properties")
		},
		consume: func(ctx context.Context, topic string) *exec.Cmd {
			return inPod(ctx, "kafka-console-consumer.sh", "--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning",
				"--command-config", clientFolder+"/client.properties")
		},
	}
}

// kcat is the client of the C library, on this machine in the cluster's network. Its certificates are files in the folder.
func kcat(shell []string, folder, bootstrap string) tool {
	run := func(ctx context.Context, arguments ...string) *exec.Cmd {
		line := append([]string{}, shell...)
		line = append(line, "kcat", "-b", bootstrap, "-q",
			"-X", "security.protocol=ssl",
			"-X", "ssl.ca.location="+folder+"/ca.crt",
			"-X", "ssl.certificate.location="+folder+"/user.crt",
			"-X", "ssl.key.location="+folder+"/user.key")
		line = append(line, arguments...)
		return exec.CommandContext(ctx, line[0], line[1:]...)
	}
	return tool{
		name: "kcat",
		produce: func(ctx context.Context, topic string) *exec.Cmd {
			return run(ctx, "-P", "-t", topic, "-X", "acks=all", "-X", "enable.idempotence=true")
		},
		consume: func(ctx context.Context, topic string) *exec.Cmd {
			return run(ctx, "-C", "-t", topic, "-o", "beginning", "-u")
		},
	}
}
