package quickstart

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"castellan.io/castellan/dev/kubectl"
	"castellan.io/castellan/dev/progress"
)

const (
	// Namespace is where the example runs.
	Namespace = "quickstart"
	// Cluster is the example's name.
	Cluster = "my-cluster"
	// resultMap remembers for which cluster the proof has succeeded.
	resultMap = "quickstart-result"
	// user is the client's name to Kafka: CN=quickstart.
	user = "quickstart"
)

// Proof shows that the example cluster keeps records while brokers go.
type Proof struct {
	// Source is the repository's root.
	Source string
	// Kubectl reaches the cluster; Shell are the words before a command that runs in its network.
	Kubectl kubectl.Client
	Shell   []string
	// Progress hears of what is done, Out what came of it.
	Progress progress.Reporter
	Out      io.Writer
	// Again repeats a proof that has succeeded.
	Again bool
}

// Run brings the example up and, unless that has been done for this cluster, proves that it works.
func (p Proof) Run(ctx context.Context) error {
	before, err := p.start(ctx)
	if err != nil {
		return err
	}
	if p.shown(ctx, before.uid) && !p.Again {
		fmt.Fprintln(p.Out, "This cluster has already been shown to keep its records (bin/dev quickstart --again repeats it).")
		return nil
	}
	if err := p.prove(ctx, before); err != nil {
		return err
	}
	return p.remember(ctx, before.uid)
}

// start applies the example and waits for the cluster.
func (p Proof) start(ctx context.Context) (state, error) {
	step := p.Progress.Start("starting Kafka cluster " + Cluster + " in namespace " + Namespace)
	namespace := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, Namespace)
	if err := p.Kubectl.Apply(ctx, []byte(namespace)); err != nil {
		return state{}, step.End(err)
	}
	example, err := os.ReadFile(filepath.Join(p.Source, "examples/quickstart/kafka.yaml"))
	if err != nil {
		return state{}, step.End(fmt.Errorf("reading the example: %w", err))
	}
	if err := p.Kubectl.Apply(ctx, example, "-n", Namespace); err != nil {
		return state{}, step.End(err)
	}
	s, err := p.whole(ctx, step)
	return s, step.End(err)
}

// prove runs one round with each tool, each losing another broker.
func (p Proof) prove(ctx context.Context, cluster state) error {
	files, err := p.credential(ctx)
	if err != nil {
		return err
	}
	folder, err := keep(files)
	defer os.RemoveAll(folder)
	if err != nil {
		return err
	}
	step := p.Progress.Start("starting a pod for Kafka's console tools")
	if err := step.End(p.startClient(ctx, files, cluster.image)); err != nil {
		return err
	}
	// The certificate goes even when the proof was interrupted.
	defer func() { _ = p.stopClient(context.WithoutCancel(ctx)) }()
	bootstrap := fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9093", Cluster, Namespace)
	for number, tool := range []tool{consoleTools(p.Kubectl, Namespace, bootstrap), kcat(p.Shell, folder, bootstrap)} {
		topic := fmt.Sprintf("quickstart-%d-%s", number+1, time.Now().UTC().Format("20060102-150405"))
		if err := p.createTopic(ctx, bootstrap, topic); err != nil {
			return err
		}
		if err := p.round(ctx, tool, topic, cluster.pods[number%len(cluster.pods)]); err != nil {
			return err
		}
	}
	return nil
}

// credential is what a client of the tls listener needs.
func (p Proof) credential(ctx context.Context) (map[string][]byte, error) {
	var authority pair
	var clusterCA []byte
	var err error
	for _, wanted := range []struct {
		into          *[]byte
		secret, entry string
	}{
		{into: &authority.certificate, secret: Cluster + "-clients-ca-cert", entry: "ca.crt"},
		{into: &authority.key, secret: Cluster + "-clients-ca", entry: "ca.key"},
		{into: &clusterCA, secret: Cluster + "-cluster-ca-cert", entry: "ca.crt"},
	} {
		if *wanted.into, err = p.secret(ctx, wanted.secret, wanted.entry); err != nil {
			return nil, err
		}
	}
	client, err := issue(authority, user, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return clientFiles(client, clusterCA), nil
}

func (p Proof) createTopic(ctx context.Context, bootstrap, topic string) error {
	step := p.Progress.Start("creating topic " + topic)
	_, err := p.Kubectl.Run(ctx, "exec", "-n", Namespace, clientPod, "--", "kafka-topics.sh",
		"--bootstrap-server", bootstrap, "--command-config", clientFolder+"/client.properties",
		"--create", "--topic", topic, "--partitions", "6", "--replication-factor", "3")
	return step.End(err)
}

// round takes the broker away while the tool works, and waits until it is back.
func (p Proof) round(ctx context.Context, tool tool, topic, broker string) error {
	step := p.Progress.Start(fmt.Sprintf("%d records through %s, without %s half-way", Total, tool.name, broker))
	disturb := func(ctx context.Context) error {
		_, err := p.Kubectl.Run(ctx, "delete", "pod", broker, "-n", Namespace, "--wait=false")
		return err
	}
	came, err := round{tool: tool, topic: topic, disturb: disturb, step: step}.run(ctx)
	if err == nil {
		err = came.err()
	}
	if step.End(err) != nil {
		return fmt.Errorf("%s: %w", tool.name, err)
	}
	fmt.Fprintf(p.Out, "%s: %d records written with acks=all and read over mutual TLS while %s was deleted: %d distinct, %d lost, %d repeated.\n",
		tool.name, Total, broker, came.Distinct, came.Lost, came.Repeated)
	step = p.Progress.Start("waiting for " + broker + " to be back")
	_, err = p.whole(ctx, step)
	return step.End(err)
}

// shown is true when this very cluster has passed before.
func (p Proof) shown(ctx context.Context, uid string) bool {
	passed, err := p.Kubectl.Run(ctx, "get", "configmap", resultMap, "-n", Namespace, "-o", "jsonpath={.data.passed}")
	return err == nil && passed == uid
}

func (p Proof) remember(ctx context.Context, uid string) error {
	manifest := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":%q},"data":{"passed":%q}}`, resultMap, Namespace, uid)
	return p.Kubectl.Apply(ctx, []byte(manifest))
}
