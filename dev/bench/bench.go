package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"castellan.io/castellan/dev/kubectl"
	"castellan.io/castellan/dev/progress"
)

const (
	// namespace is where the measured cluster runs.
	namespace = "bench"
	// cluster is its name, of examples/quickstart.
	cluster = "my-cluster"
	// records is how many of 1,000 bytes are written.
	records = "100000"
)

// Bench measures.
type Bench struct {
	// Source is the repository's root.
	Source string
	// Operator is the operator's namespace.
	Operator string
	// Kubectl reaches the cluster.
	Kubectl kubectl.Client
	// Progress hears of what is done, Out gets the figures.
	Progress progress.Reporter
	Out      io.Writer
	// Now is the clock.
	Now func() time.Time
}

// Run starts a cluster of its own, measures, and removes it.
func (b Bench) Run(ctx context.Context) error {
	defer b.remove(context.WithoutCancel(ctx))
	took, err := b.start(ctx)
	if err != nil {
		return err
	}
	throughput, err := b.write(ctx)
	if err != nil {
		return err
	}
	memory, err := b.memory(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.Out, "three nodes from nothing to Ready   %s\nproducing with acks=all             %s\nmemory of the operator              %d MiB\n",
		took.Round(100*time.Millisecond), throughput, memory>>20)
	return err
}

func (b Bench) start(ctx context.Context) (time.Duration, error) {
	step := b.Progress.Start("starting a cluster in namespace " + namespace)
	example, err := os.ReadFile(filepath.Join(b.Source, "examples/quickstart/kafka.yaml"))
	if err != nil {
		return 0, step.End(fmt.Errorf("reading the example: %w", err))
	}
	if _, err := b.Kubectl.Run(ctx, "create", "namespace", namespace); err != nil {
		return 0, step.End(err)
	}
	began := b.Now()
	if err := b.Kubectl.Apply(ctx, example, "-n", namespace); err != nil {
		return 0, step.End(err)
	}
	_, err = b.Kubectl.Run(ctx, "wait", "-n", namespace, "kafka/"+cluster, "--for=condition=Ready", "--timeout=10m")
	return b.Now().Sub(began), step.End(err)
}

// write has Kafka's own tool write records, from one of the nodes.
func (b Bench) write(ctx context.Context) (string, error) {
	step := b.Progress.Start("writing " + records + " records of 1,000 bytes")
	output, err := b.Kubectl.Run(ctx, "exec", "-n", namespace, cluster+"-dual-role-0", "-c", "kafka", "--",
		"env", "KAFKA_HEAP_OPTS=-Xmx64m", "kafka-producer-perf-test.sh", "--bootstrap-server", "localhost:9092", "--topic", "bench",
		"--num-records", records, "--record-size", "1000", "--throughput", "-1", "--command-property", "acks=all")
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1], step.End(err)
}

// memory is the operator's resident memory in bytes, as it says itself.
func (b Bench) memory(ctx context.Context) (int64, error) {
	pod, err := b.Kubectl.Run(ctx, "get", "pods", "-n", b.Operator, "-l", "name=strimzi-cluster-operator", "-o", "jsonpath={.items[0].metadata.name}")
	if err != nil {
		return 0, err
	}
	metrics, err := b.Kubectl.Run(ctx, "get", "--raw", "/api/v1/namespaces/"+b.Operator+"/pods/"+pod+":8080/proxy/metrics")
	if err != nil {
		return 0, err
	}
	return residentMemory([]byte(metrics))
}

func residentMemory(metrics []byte) (int64, error) {
	const name = "process_resident_memory_bytes "
	for line := range bytes.Lines(metrics) {
		value, found := bytes.CutPrefix(line, []byte(name))
		if !found {
			continue
		}
		size, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		if err != nil {
			return 0, fmt.Errorf("reading the operator's metrics: %w", err)
		}
		return int64(size), nil
	}
	return 0, fmt.Errorf("the operator's metrics have no %s", strings.TrimSpace(name))
}

func (b Bench) remove(ctx context.Context) {
	step := b.Progress.Start("removing namespace " + namespace)
	_, err := b.Kubectl.Run(ctx, "delete", "namespace", namespace, "--ignore-not-found", "--timeout=3m")
	_ = step.End(err)
}
