package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

const (
	topicsNamespace = "bench-topics"
	// appliers is how many objects are applied at the same time.
	appliers = 24
	// topicOperatorPort serves metrics and health of the topic operator.
	topicOperatorPort = "8080"
)

// population is the KafkaTopics of a namespace, as a watch tells about them.
type population struct {
	mu    sync.Mutex
	seen  map[string]topicState
	moved chan struct{}
}

type topicState struct {
	generation int64
	ready      bool
}

// watchTopics follows the topics of a namespace until the context ends. It is an informer: the server drops a plain watch that cannot keep up.
func (b *bench) watchTopics(ctx context.Context, namespace string) (*population, error) {
	all, err := cache.New(b.connection, cache.Options{Scheme: b.client.Scheme(), DefaultNamespaces: map[string]cache.Config{namespace: {}}})
	if err != nil {
		return nil, fmt.Errorf("watch topics: %w", err)
	}
	informer, err := all.GetInformer(ctx, &v1.KafkaTopic{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch topics: %w", err)
	}
	p := &population{seen: map[string]topicState{}, moved: make(chan struct{}, 1)}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { p.take(o, false) },
		UpdateFunc: func(_, o any) { p.take(o, false) },
		DeleteFunc: func(o any) { p.take(o, true) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch topics: %w", err)
	}
	go func() { _ = all.Start(ctx) }()
	if !all.WaitForCacheSync(ctx) {
		return nil, errors.New("watch topics: the list did not come")
	}
	return p, nil
}

func (p *population) take(object any, deleted bool) {
	if last, is := object.(toolscache.DeletedFinalStateUnknown); is {
		object = last.Obj
	}
	t, is := object.(*v1.KafkaTopic)
	if !is {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if deleted {
		delete(p.seen, t.Name)
	} else {
		p.seen[t.Name] = topicState{generation: t.Generation, ready: topicReady(t)}
	}
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

func topicReady(t *v1.KafkaTopic) bool {
	for _, c := range t.Status.Conditions {
		if c.Type == v1.ConditionReady {
			return c.Status == v1.ConditionTrue && t.Status.ObservedGeneration == t.Generation
		}
	}
	return false
}

// until waits for a number of topics that are ready for at least that generation.
func (p *population) until(ctx context.Context, count int, generation int64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		p.mu.Lock()
		done := 0
		for _, s := range p.seen {
			if s.ready && s.generation >= generation {
				done++
			}
		}
		if count == 0 {
			done = len(p.seen)
		}
		p.mu.Unlock()
		if done == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d topics: %w", done, count, ctx.Err())
		case <-p.moved:
			// Counting is not what should keep the machine busy.
			time.Sleep(look)
		}
	}
}

// each does something for every topic, many at the same time.
func (b *bench) each(ctx context.Context, count int, do func(context.Context, string) error) error {
	all, limited := errgroup.WithContext(ctx)
	all.SetLimit(appliers)
	for i := range count {
		all.Go(func() error { return do(limited, topicName(i)) })
	}
	return all.Wait()
}

func topicName(i int) string { return fmt.Sprintf("topic-%05d", i) }

func (b *bench) createTopic(namespace string) func(context.Context, string) error {
	one, three := int32(1), int32(3)
	return func(ctx context.Context, name string) error {
		t := &v1.KafkaTopic{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1.LabelCluster: "bench"}},
			Spec:       v1.KafkaTopicSpec{Partitions: &one, Replicas: &three, Config: v1.FreeForm{"retention.ms": json.RawMessage("7200000")}},
		}
		return b.client.Create(ctx, t)
	}
}

func (b *bench) changeTopic(namespace string) func(context.Context, string) error {
	return func(ctx context.Context, name string) error {
		t := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		return b.client.Patch(ctx, t, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"config":{"retention.ms":3600000}}}`)))
	}
}

func (b *bench) deleteTopic(namespace string) func(context.Context, string) error {
	return func(ctx context.Context, name string) error {
		t := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		return client.IgnoreNotFound(b.client.Delete(ctx, t))
	}
}

// timed applies something to all topics and waits until the operator has followed.
func (b *bench) timed(ctx context.Context, p *population, count int, generation int64, do func(context.Context, string) error) (seconds, applied float64, err error) {
	began := b.now()
	if err := b.each(ctx, count, do); err != nil {
		return 0, 0, err
	}
	applied = b.now().Sub(began).Seconds()
	wanted := count
	if generation == 0 {
		wanted = 0
	}
	err = p.until(ctx, wanted, generation)
	return b.now().Sub(began).Seconds(), applied, err
}

// lifeOf are the figures of topics that are created, changed and deleted.
type lifeOf struct{ created, changed, deleted, memory *figure.Figure }

func newLifeOf(count int, where string) *lifeOf {
	name := func(what string) string { return fmt.Sprintf("%d topics%s, %s", count, where, what) }
	return &lifeOf{
		created: &figure.Figure{Name: name("from the first apply to all Ready"), Unit: figure.Seconds},
		changed: &figure.Figure{Name: name("an option changed, to all Ready"), Unit: figure.Seconds},
		deleted: &figure.Figure{Name: name("deleted, to all gone"), Unit: figure.Seconds},
		memory:  &figure.Figure{Name: name("most memory of the topic operator"), Unit: figure.Mebibytes, Target: figure.AtMost(64)},
	}
}

func (l *lifeOf) figures() []*figure.Figure {
	return []*figure.Figure{l.created, l.changed, l.deleted, l.memory}
}

// live has topics created, changed and deleted. The floor is the same requests for the API server with nobody in between.
func (b *bench) live(ctx context.Context, l *lifeOf, namespace string, count int, process topicProcess) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p, err := b.watchTopics(watching, namespace)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		figure     *figure.Figure
		generation int64
		do         func(context.Context, string) error
	}{
		{l.created, 1, b.createTopic(namespace)},
		{l.changed, 2, b.changeTopic(namespace)},
		{l.deleted, 0, b.deleteTopic(namespace)},
	} {
		took, applied, err := b.timed(ctx, p, count, step.generation, step.do)
		if err != nil {
			return err
		}
		b.say("%s: %.2f s, of which applying was %.2f s", step.figure.Name, took, applied)
		step.figure.Ours = append(step.figure.Ours, took)
	}
	l.memory.Ours = append(l.memory.Ours, process.mostMemory())
	return nil
}

// floorOf does what cannot be avoided, with nobody in between: for the API server a finalizer and a status of each new topic, a status of each
// changed one, and the finalizer's end; and at the same time for Kafka all topics in one request.
func (b *bench) floorOf(ctx context.Context, l *lifeOf, count int, kafka *kadm.Client) (err error) {
	const namespace = topicsNamespace + "-floor"
	if err := b.makeNamespace(ctx, namespace); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.removeNamespace(context.WithoutCancel(ctx), namespace)) }()
	names := make([]string, 0, count)
	for i := range count {
		names = append(names, topicName(i))
	}
	week, hour := "7200000", "3600000"
	create, change, remove := b.createTopic(namespace), b.changeTopic(namespace), b.deleteTopic(namespace)
	for _, step := range []struct {
		figure *figure.Figure
		do     func(context.Context, string) error
		ask    func(context.Context) error
	}{
		{l.created, func(ctx context.Context, name string) error {
			return errors.Join(create(ctx, name), b.patchTopic(ctx, namespace, name, `{"metadata":{"finalizers":["strimzi.io/topic-operator"]}}`), b.tellTopic(ctx, namespace, name))
		}, func(ctx context.Context) error {
			_, err := kafka.CreateTopics(ctx, 1, nodes, map[string]*string{"retention.ms": &week}, names...)
			return err
		}},
		{l.changed, func(ctx context.Context, name string) error {
			return errors.Join(change(ctx, name), b.tellTopic(ctx, namespace, name))
		}, func(ctx context.Context) error {
			_, err := kafka.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &hour}}, names...)
			return err
		}},
		{l.deleted, func(ctx context.Context, name string) error {
			return errors.Join(remove(ctx, name), b.patchTopic(ctx, namespace, name, `{"metadata":{"finalizers":[]}}`))
		}, func(ctx context.Context) error {
			_, err := kafka.DeleteTopics(ctx, names...)
			return err
		}},
	} {
		began := b.now()
		both, limited := errgroup.WithContext(ctx)
		both.Go(func() error { return b.each(limited, count, step.do) })
		both.Go(func() error { return step.ask(limited) })
		if err := both.Wait(); err != nil {
			return err
		}
		step.figure.Floor = append(step.figure.Floor, b.now().Sub(began).Seconds())
	}
	return nil
}

func (b *bench) patchTopic(ctx context.Context, namespace, name, body string) error {
	t := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	return client.IgnoreNotFound(b.client.Patch(ctx, t, client.RawPatch(types.MergePatchType, []byte(body))))
}

// tellTopic writes a status like the operator's.
func (b *bench) tellTopic(ctx context.Context, namespace, name string) error {
	const status = `{"status":{"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00.000000000Z"}],"observedGeneration":1,"topicName":"t","topicId":"AAAAAAAAAAAAAAAAAAAAAA"}}`
	t := &v1.KafkaTopic{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	return b.client.Status().Patch(ctx, t, client.RawPatch(types.MergePatchType, []byte(status)))
}

// topicProcess is a running topic operator.
type topicProcess struct {
	address string
	// most is the largest resident memory that was seen, in bytes.
	most *atomic.Int64
}

// watchProcess looks at a topic operator's memory until the context ends.
func watchProcess(ctx context.Context, address string) topicProcess {
	out := topicProcess{address: address, most: &atomic.Int64{}}
	go func() {
		for ctx.Err() == nil {
			if m, err := out.metrics(ctx); err == nil {
				out.most.Store(max(out.most.Load(), int64(m.sum("process_resident_memory_bytes", nil))))
			}
			time.Sleep(300 * time.Millisecond)
		}
	}()
	return out
}

func (p topicProcess) metrics(ctx context.Context) (metrics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read the topic operator's metrics: %w", err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// mostMemory is the largest resident memory that the process was seen with, in mebibytes.
func (p topicProcess) mostMemory() float64 { return float64(p.most.Load()) / mebibyte }

// topicsPlayed measures large numbers of topics with brokers that are played in this process, and the operator beside it.
func (b *bench) topicsPlayed(ctx context.Context, report *figure.Report) (err error) {
	const many, most = 10_000, 50_000
	if b.world, err = b.hasty(); err != nil {
		return err
	}
	brokers, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		return fmt.Errorf("play brokers: %w", err)
	}
	defer brokers.Close()
	namespace := topicsNamespace + "-played"
	if err := b.removeNamespace(ctx, namespace); err != nil {
		return err
	}
	if err := b.makeNamespace(ctx, namespace); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.removeTopics(context.WithoutCancel(ctx), namespace)) }()
	process, end, err := b.startTopicOperator(ctx, namespace, brokers.ListenAddrs())
	if err != nil {
		return err
	}
	defer func() { end() }()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p, err := b.watchTopics(watching, namespace)
	if err != nil {
		return err
	}
	took, applied, err := b.timed(ctx, p, many, 1, b.createTopic(namespace))
	if err != nil {
		return err
	}
	b.say("%d topics are Ready after %.1f s, of which applying was %.1f s", many, took, applied)
	memory := process.mostMemory()
	add := func(name string, unit figure.Unit, value float64, target figure.Target) {
		b.say("%s: %.1f", name, value)
		report.Figures = append(report.Figures, &figure.Figure{Name: name, Unit: unit, Ours: []float64{value}, Target: target})
	}
	add("10,000 topics, played brokers, from the first apply to all Ready", figure.Seconds, took, figure.AtMost(60))
	add("10,000 topics, played brokers, most memory of the topic operator", figure.Mebibytes, memory, figure.AtMost(64))
	if err := b.idleTopics(ctx, report, process, "10,000 topics"); err != nil {
		return err
	}
	end()
	began := b.now()
	process, end, err = b.startTopicOperator(ctx, namespace, brokers.ListenAddrs())
	if err != nil {
		return err
	}
	if err := b.lookedAt(ctx, process, many); err != nil {
		return err
	}
	add("10,000 topics, played brokers, start of the operator until it has looked at all", figure.Seconds, b.now().Sub(began).Seconds(), figure.Target{})
	memory = process.mostMemory()
	add("10,000 topics, played brokers, most memory of the started operator", figure.Mebibytes, memory, figure.AtMost(64))
	b.say("making %d topics", most)
	if err := b.each(ctx, most, func(ctx context.Context, name string) error {
		err := b.createTopic(namespace)(ctx, name)
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	}); err != nil {
		return err
	}
	if err := p.until(ctx, most, 1); err != nil {
		return err
	}
	return b.idleTopics(ctx, report, process, "50,000 topics")
}

// lookedAt waits until the operator has reconciled that many topics.
func (b *bench) lookedAt(ctx context.Context, process topicProcess, count int) error {
	return b.every(ctx, 100*time.Millisecond, "all topics are looked at", func() error {
		m, err := process.metrics(ctx)
		if err != nil {
			return err
		}
		if done := m.sum("strimzi_reconciliations_total", nil); int(done) < count {
			return fmt.Errorf("%.0f are", done)
		}
		return nil
	})
}

// idleTopics watches the operator do nothing for as long as it waits between two looks at everything.
func (b *bench) idleTopics(ctx context.Context, report *figure.Report, process topicProcess, what string) error {
	if err := b.pause(ctx, calm); err != nil {
		return err
	}
	before, err := process.metrics(ctx)
	if err != nil {
		return err
	}
	b.say("%s: watching the operator do nothing for %s", what, idle)
	if err := b.pause(ctx, idle); err != nil {
		return err
	}
	after, err := process.metrics(ctx)
	if err != nil {
		return err
	}
	minutes := idle.Minutes()
	difference := func(name string, labels map[string]string) float64 {
		return (after.sum(name, labels) - before.sum(name, labels)) / minutes
	}
	figures := []*figure.Figure{
		{Name: what + ", idle, memory of the topic operator", Unit: figure.Mebibytes, Ours: []float64{after.sum("process_resident_memory_bytes", nil) / mebibyte}},
		{Name: what + ", idle, processor time a minute", Unit: figure.Milliseconds, Ours: []float64{difference("process_cpu_seconds_total", nil) * 1000}},
		{Name: what + ", idle, API requests a minute", Ours: []float64{difference("rest_client_requests_total", nil)}},
		{Name: what + ", idle, requests for Kafka a minute", Ours: []float64{difference("castellan_kafka_requests_total", nil)}},
	}
	for _, f := range figures {
		b.say("%s: %.1f", f.Name, f.Ours[0])
	}
	report.Figures = append(report.Figures, figures...)
	return nil
}

// startTopicOperator runs the operator as a process of its own, and returns when it is ready.
func (b *bench) startTopicOperator(ctx context.Context, namespace string, brokers []string) (topicProcess, func(), error) {
	running, stop := context.WithCancel(ctx)
	command := exec.CommandContext(running, b.castellan, "topic-operator")
	command.Env = append(os.Environ(),
		"STRIMZI_NAMESPACE="+namespace, "STRIMZI_RESOURCE_LABELS="+v1.LabelCluster+"=bench",
		"STRIMZI_KAFKA_BOOTSTRAP_SERVERS="+strings.Join(brokers, ","), "STRIMZI_LOG_LEVEL=warn")
	command.Stdout, command.Stderr = b.progress, b.progress
	if err := command.Start(); err != nil {
		stop()
		return topicProcess{}, nil, fmt.Errorf("start the topic operator: %w", err)
	}
	ended := sync.OnceFunc(func() { stop(); _ = command.Wait() })
	process := watchProcess(running, net.JoinHostPort("127.0.0.1", topicOperatorPort))
	err := b.every(ctx, look, "the topic operator answers", func() error {
		_, err := process.metrics(ctx)
		return err
	})
	if err != nil {
		ended()
	}
	return process, ended, err
}

// removeTopics removes topics whose operator is gone, and their namespace.
func (b *bench) removeTopics(ctx context.Context, namespace string) error {
	b.say("removing the topics")
	var all v1.KafkaTopicList
	if err := b.client.List(ctx, &all, client.InNamespace(namespace)); err != nil {
		return err
	}
	free := []byte(`{"metadata":{"finalizers":null}}`)
	limited := errgroup.Group{}
	limited.SetLimit(appliers)
	for i := range all.Items {
		limited.Go(func() error {
			// One by one: a server takes longer for tens of thousands than it may for one request.
			if err := b.client.Patch(ctx, &all.Items[i], client.RawPatch(types.MergePatchType, free)); err != nil {
				return client.IgnoreNotFound(err)
			}
			return client.IgnoreNotFound(b.client.Delete(ctx, &all.Items[i]))
		})
	}
	return errors.Join(limited.Wait(), b.removeNamespace(ctx, namespace))
}
