package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// clusterName is what the manifests call their cluster.
const clusterName = "bench"

// startKafka starts the cluster of a manifest, which has an entity operator.
func (b *bench) startKafka(ctx context.Context, namespace, of string) error {
	objects, err := manifest(of, nil)
	if err != nil {
		return err
	}
	if err := b.apply(ctx, namespace, objects); err != nil {
		return err
	}
	if err := b.reached(ctx, namespace); err != nil {
		return err
	}
	b.say("a cluster with an entity operator is ready")
	return nil
}

// kafkaIn is a client of the cluster in the namespace, whose names only pods can look up.
func (b *bench) kafkaIn(ctx context.Context, namespace string) (*kgo.Client, error) {
	var pods corev1.PodList
	if err := b.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelName: clusterName + "-kafka"}); err != nil {
		return nil, fmt.Errorf("find the brokers: %w", err)
	}
	addresses := map[string]string{}
	var seeds []string
	for i := range pods.Items {
		addresses[pods.Items[i].Name] = pods.Items[i].Status.PodIP
		seeds = append(seeds, net.JoinHostPort(pods.Items[i].Status.PodIP, "9092"))
	}
	out, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
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
	return out, nil
}

// hasty is the same world with a client that does not wait for its turn: the limits of a polite one are not what is measured.
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

// entityOperator is the pod of the entity operator of the cluster in the namespace, but for one that is on its way out.
func (b *bench) entityOperator(ctx context.Context, namespace string) (*corev1.Pod, error) {
	var pods corev1.PodList
	if err := b.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelName: clusterName + "-entity-operator"}); err != nil {
		return nil, fmt.Errorf("find the entity operator: %w", err)
	}
	var found []*corev1.Pod
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil && pods.Items[i].Status.PodIP != "" {
			found = append(found, &pods.Items[i])
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("find the entity operator: there are %d pods with an address", len(found))
	}
	return found[0], nil
}

// watchEntityOperator looks at the memory of one of the pod's operators until the context ends.
func (b *bench) watchEntityOperator(ctx context.Context, namespace, name, port string) (process, error) {
	pod, err := b.entityOperator(ctx, namespace)
	if err != nil {
		return process{}, err
	}
	return watchProcess(ctx, name, net.JoinHostPort(pod.Status.PodIP, port)), nil
}

// restartEntityOperator deletes the pod of the entity operator and waits until the next one has an address.
func (b *bench) restartEntityOperator(ctx context.Context, namespace string) (next *corev1.Pod, err error) {
	old, err := b.entityOperator(ctx, namespace)
	if err != nil {
		return nil, err
	}
	if err := b.client.Delete(ctx, old); err != nil {
		return nil, fmt.Errorf("delete the entity operator's pod: %w", err)
	}
	err = b.every(ctx, look, "there is another entity operator", func() error {
		next, err = b.entityOperator(ctx, namespace)
		return err
	})
	return next, err
}
