package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

// someTopics is how many topics three small brokers on one machine can hold with three replicas each.
const someTopics = 1000

// topicsReal has topics of a real cluster created, changed and deleted. The floor writes the same objects in a namespace without an operator.
func (b *bench) topicsReal(ctx context.Context, report *figure.Report) (err error) {
	life := newLifeOf(someTopics, "")
	life.created.Target, life.created.Peer = figure.AtMost(4.2), "42 s"
	life.deleted.Target, life.deleted.Peer = figure.AtMost(1), "10 s"
	life.memory.Peer = "198 to 369 MiB"
	defer func() { err = errors.Join(err, b.removeTopics(context.WithoutCancel(ctx), topicsNamespace)) }()
	if err := b.removeNamespace(ctx, topicsNamespace); err != nil {
		return err
	}
	if err := b.makeNamespace(ctx, topicsNamespace); err != nil {
		return err
	}
	// The limits of a polite client are not what is measured.
	b.world, err = b.hasty()
	if err != nil {
		return err
	}
	objects, err := manifest("topics.yaml", nil)
	if err != nil {
		return err
	}
	if err := b.apply(ctx, topicsNamespace, objects); err != nil {
		return err
	}
	if err := b.reached(ctx, topicsNamespace); err != nil {
		return err
	}
	address, err := b.entityOperator(ctx, topicsNamespace)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	process := watchProcess(watching, address)
	kafka, err := b.kafkaIn(ctx, topicsNamespace)
	if err != nil {
		return err
	}
	defer kafka.Close()
	b.say("a cluster with a topic operator is ready")
	for i := range b.runs {
		b.say("run %d of %d", i+1, b.runs)
		if err := b.live(ctx, life, topicsNamespace, someTopics, process); err != nil {
			return err
		}
		if err := b.floorOf(ctx, life, someTopics, kafka); err != nil {
			return err
		}
	}
	report.Figures = append(report.Figures, life.figures()...)
	return nil
}

// kafkaIn is a client of the cluster in the namespace, whose names only pods can look up.
func (b *bench) kafkaIn(ctx context.Context, namespace string) (*kadm.Client, error) {
	var pods corev1.PodList
	if err := b.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelName: "bench-kafka"}); err != nil {
		return nil, fmt.Errorf("find the brokers: %w", err)
	}
	addresses := map[string]string{}
	var seeds []string
	for i := range pods.Items {
		addresses[pods.Items[i].Name] = pods.Items[i].Status.PodIP
		seeds = append(seeds, net.JoinHostPort(pods.Items[i].Status.PodIP, "9092"))
	}
	raw, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		pod, _, _ := strings.Cut(host, ".")
		if ip, known := addresses[pod]; known {
			host = ip
		}
		var d net.Dialer
		return d.DialContext(ctx, network, net.JoinHostPort(host, port))
	}))
	if err != nil {
		return nil, fmt.Errorf("prepare to ask the brokers: %w", err)
	}
	return kadm.NewClient(raw), nil
}

// hasty is the same world with a client that does not wait for its turn.
func (b *bench) hasty() (*world, error) {
	out := *b.world
	out.connection = rest.CopyConfig(b.connection)
	out.connection.QPS = -1
	var err error
	if out.client, err = client.NewWithWatch(out.connection, client.Options{Scheme: b.client.Scheme()}); err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	return &out, nil
}

// entityOperator is where the topic operator of the cluster in the namespace serves its metrics.
func (b *bench) entityOperator(ctx context.Context, namespace string) (string, error) {
	var pods corev1.PodList
	if err := b.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelName: "bench-entity-operator"}); err != nil {
		return "", fmt.Errorf("find the topic operator: %w", err)
	}
	if len(pods.Items) != 1 {
		return "", fmt.Errorf("find the topic operator: there are %d pods", len(pods.Items))
	}
	return net.JoinHostPort(pods.Items[0].Status.PodIP, topicOperatorPort), nil
}
