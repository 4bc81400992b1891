package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

const (
	topicsNamespace = "bench-topics"
	topicOperator   = "topic operator"
	// topicOperatorPort serves metrics and health of the topic operator.
	topicOperatorPort = "8080"
	// someTopics is how many topics three small brokers on one machine can hold with three replicas each.
	someTopics = 1000
)

func topicKind() kind {
	return kind{plural: "topics", example: &v1.KafkaTopic{}, ready: func(o client.Object) bool {
		t, is := o.(*v1.KafkaTopic)
		return is && saysReady(t.Status.Conditions, t.Status.ObservedGeneration == t.Generation)
	}}
}

func topicNames(count int) []string { return names("topic-", count) }

// topics are many KafkaTopics in a namespace.
type topics struct {
	*world
	namespace string
}

func (t topics) object(name string) *v1.KafkaTopic {
	return &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: t.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: clusterName}}}
}

func (t topics) create(ctx context.Context, name string) error {
	out, one, three := t.object(name), int32(1), int32(3)
	out.Spec = v1.KafkaTopicSpec{Partitions: &one, Replicas: &three, Config: v1.FreeForm{"retention.ms": json.RawMessage("7200000")}}
	return t.client.Create(ctx, out)
}

func (t topics) change(ctx context.Context, name string) error {
	return t.patch(ctx, name, `{"spec":{"config":{"retention.ms":3600000}}}`)
}

func (t topics) remove(ctx context.Context, name string) error {
	return client.IgnoreNotFound(t.client.Delete(ctx, t.object(name)))
}

func (t topics) patch(ctx context.Context, name, body string) error {
	return client.IgnoreNotFound(t.client.Patch(ctx, t.object(name), client.RawPatch(types.MergePatchType, []byte(body))))
}

// tell writes a status like the operator's.
func (t topics) tell(ctx context.Context, name string) error {
	const status = `{"status":{"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00.000000000Z"}],"observedGeneration":1,"topicName":"t","topicId":"AAAAAAAAAAAAAAAAAAAAAA"}}`
	return t.client.Status().Patch(ctx, t.object(name), client.RawPatch(types.MergePatchType, []byte(status)))
}

// topicsReal has topics of a real cluster created, changed and deleted. The floor writes the same objects in a namespace without an operator.
func (b *bench) topicsReal(ctx context.Context, report *figure.Report) (err error) {
	life := newLifeOf(fmt.Sprintf("%d topics", someTopics), "an option changed", "to all gone", topicOperator)
	life.created.Target, life.created.Peer = figure.AtMost(4.2), "42 s"
	life.deleted.Target, life.deleted.Peer = figure.AtMost(1), "10 s"
	life.memory.Peer = "198 to 369 MiB"
	if b.world, err = b.hasty(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.clear(context.WithoutCancel(ctx), topicsNamespace, topicKind())) }()
	if err := b.fresh(ctx, topicsNamespace, topicKind()); err != nil {
		return err
	}
	if err := b.startKafka(ctx, topicsNamespace, "topics.yaml"); err != nil {
		return err
	}
	raw, err := b.kafkaIn(ctx, topicsNamespace)
	if err != nil {
		return err
	}
	defer raw.Close()
	for i := range b.runs {
		b.say("run %d of %d", i+1, b.runs)
		if err := b.liveTopics(ctx, life, topicNames(someTopics)); err != nil {
			return err
		}
		if err := b.floorOfTopics(ctx, life, topicNames(someTopics), kadm.NewClient(raw)); err != nil {
			return err
		}
	}
	report.Figures = append(report.Figures, life.figures()...)
	return nil
}

func (b *bench) liveTopics(ctx context.Context, l *lifeOf, names []string) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	process, err := b.watchEntityOperator(watching, topicsNamespace, topicOperator, topicOperatorPort)
	if err != nil {
		return err
	}
	p, err := b.followMany(watching, topicsNamespace, topicKind())
	if err != nil {
		return err
	}
	t := topics{b.world, topicsNamespace}
	err = b.live(ctx, []step{
		{figure: l.created, each: t.create, after: func(ctx context.Context) error { return p.until(ctx, len(names), 1) }},
		{figure: l.changed, each: t.change, after: func(ctx context.Context) error { return p.until(ctx, len(names), 2) }},
		{figure: l.deleted, each: t.remove, after: func(ctx context.Context) error { return p.until(ctx, 0, 0) }},
	}, names)
	l.memory.Ours = append(l.memory.Ours, process.mostMemory())
	return err
}

// floorOfTopics does what cannot be avoided, with nobody in between: for the API server a finalizer and a status of each new topic, a status of each
// changed one, and the finalizer's end; and at the same time for Kafka all topics in one request.
func (b *bench) floorOfTopics(ctx context.Context, l *lifeOf, names []string, kafka *kadm.Client) (err error) {
	const namespace = topicsNamespace + "-floor"
	defer func() { err = errors.Join(err, b.clear(context.WithoutCancel(ctx), namespace, topicKind())) }()
	if err := b.fresh(ctx, namespace, topicKind()); err != nil {
		return err
	}
	week, hour := "7200000", "3600000"
	t := topics{b.world, namespace}
	return b.bare(ctx, []step{
		{figure: l.created, each: func(ctx context.Context, name string) error {
			return errors.Join(t.create(ctx, name), t.patch(ctx, name, `{"metadata":{"finalizers":["strimzi.io/topic-operator"]}}`), t.tell(ctx, name))
		}, beside: func(ctx context.Context) error {
			_, err := kafka.CreateTopics(ctx, 1, nodes, map[string]*string{"retention.ms": &week}, names...)
			return err
		}},
		{figure: l.changed, each: func(ctx context.Context, name string) error {
			return errors.Join(t.change(ctx, name), t.tell(ctx, name))
		}, beside: func(ctx context.Context) error {
			_, err := kafka.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &hour}}, names...)
			return err
		}},
		{figure: l.deleted, each: func(ctx context.Context, name string) error {
			return errors.Join(t.remove(ctx, name), t.patch(ctx, name, `{"metadata":{"finalizers":[]}}`))
		}, beside: func(ctx context.Context) error {
			_, err := kafka.DeleteTopics(ctx, names...)
			return err
		}},
	}, names)
}
