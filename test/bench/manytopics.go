package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

// topicsPlayed measures large numbers of topics with brokers that are played in this process, and the operator beside it.
func (b *bench) topicsPlayed(ctx context.Context, report *figure.Report) (err error) {
	if b.world, err = b.hasty(); err != nil {
		return err
	}
	brokers, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		return fmt.Errorf("play brokers: %w", err)
	}
	defer brokers.Close()
	const namespace = topicsNamespace + "-played"
	defer func() { err = errors.Join(err, b.clear(context.WithoutCancel(ctx), namespace, topicKind())) }()
	if err := b.fresh(ctx, namespace, topicKind()); err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p, err := b.followMany(watching, namespace, topicKind())
	if err != nil {
		return err
	}
	return b.manyTopics(ctx, report, p, brokers.ListenAddrs())
}

func (b *bench) manyTopics(ctx context.Context, report *figure.Report, p *population, brokers []string) error {
	const many, most = 10_000, 50_000
	t := topics{b.world, topicsNamespace + "-played"}
	process, end, err := b.startTopicOperator(ctx, t.namespace, brokers)
	if err != nil {
		return err
	}
	defer func() { end() }()
	took, applied, err := b.timed(ctx, step{each: t.create, after: func(ctx context.Context) error { return p.until(ctx, many, 1) }}, topicNames(many))
	if err != nil {
		return err
	}
	b.say("%d topics are Ready after %.1f s, of which applying was %.1f s", many, took, applied)
	b.found(report,
		atMost(once("10,000 topics, played brokers, from the first apply to all Ready", figure.Seconds, took), 60),
		atMost(once("10,000 topics, played brokers, most memory of the topic operator", figure.Mebibytes, process.mostMemory()), 64))
	if err := b.rest(ctx, report, process, "10,000 topics"); err != nil {
		return err
	}
	end()
	began := b.now()
	process, end, err = b.startTopicOperator(ctx, t.namespace, brokers)
	if err != nil {
		return err
	}
	if err := b.lookedAt(ctx, process, many); err != nil {
		return err
	}
	b.found(report,
		once("10,000 topics, played brokers, start of the operator until it has looked at all", figure.Seconds, b.now().Sub(began).Seconds()),
		atMost(once("10,000 topics, played brokers, most memory of the started operator", figure.Mebibytes, process.mostMemory()), 64))
	b.say("making %d topics", most)
	err = each(ctx, topicNames(most), func(ctx context.Context, name string) error { return client.IgnoreAlreadyExists(t.create(ctx, name)) })
	if err != nil {
		return err
	}
	if err := p.until(ctx, most, 1); err != nil {
		return err
	}
	return b.rest(ctx, report, process, "50,000 topics")
}

// startTopicOperator runs the operator as a process of its own, and returns when it is ready.
func (b *bench) startTopicOperator(ctx context.Context, namespace string, brokers []string) (process, func(), error) {
	running, stop := context.WithCancel(ctx)
	command := exec.CommandContext(running, b.castellan, "topic-operator")
	command.Env = append(os.Environ(),
		"STRIMZI_NAMESPACE="+namespace, "STRIMZI_RESOURCE_LABELS="+v1.LabelCluster+"="+clusterName,
		"STRIMZI_KAFKA_BOOTSTRAP_SERVERS="+strings.Join(brokers, ","), "STRIMZI_LOG_LEVEL=warn")
	command.Stdout, command.Stderr = b.progress, b.progress
	if err := command.Start(); err != nil {
		stop()
		return process{}, nil, fmt.Errorf("start the topic operator: %w", err)
	}
	ended := sync.OnceFunc(func() { stop(); _ = command.Wait() })
	out := watchProcess(running, topicOperator, net.JoinHostPort("127.0.0.1", topicOperatorPort))
	err := b.every(ctx, look, "the topic operator answers", func() error {
		_, err := out.metrics(ctx)
		return err
	})
	if err != nil {
		ended()
	}
	return out, ended, err
}
