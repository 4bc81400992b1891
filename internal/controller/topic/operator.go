package topic

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/topic"
)

// Options are what an operator of topics needs.
type Options struct {
	// API is the API server.
	API *apiserver.Client
	// Kafka is the cluster.
	Kafka *broker.Topics
	// Replicas changes numbers of replicas.
	Replicas Replicas
	// Namespace to watch, and the labels that resources must have.
	Namespace string
	Labels    map[string]string
	// Resync, Finalizers, BatchSize, BatchLinger, Workers, Alterable, Mode, Exclusion and SyncInterval are as package config says.
	Resync             time.Duration
	Finalizers         bool
	BatchSize          int
	BatchLinger        time.Duration
	Workers            int
	Alterable          topic.Alterable
	ThrottlesAreOthers bool
	Mode               topic.Mode
	Exclusion          *regexp.Regexp
	SyncInterval       time.Duration
	// SkipConfigReview does not look at the brokers' configuration at the start.
	SkipConfigReview bool
	Metrics          *batch.Metrics
	Now              func() time.Time
}

// Operator keeps topics and resources in agreement.
type Operator struct {
	Options

	// topics are the KafkaTopics of the namespace.
	topics    toolscache.SharedIndexInformer
	queue     *batch.Queue
	resources *batch.Resources
	deletions *deletions
	writers   batch.Writers
	reach     *batch.Reach
	synced    func() bool
	// unsettled tells when moves of replicas may have left something behind that nobody follows.
	unsettled chan struct{}
	// homeless are topics of which was told that another resource has the name of theirs.
	homeless sync.Map
}

// writersAtOnce is how many requests for the API server are under way at most.
const writersAtOnce = 24

// New returns an operator that does nothing yet.
func New(options Options) (*Operator, error) {
	o := &Operator{
		Options:   options,
		queue:     batch.NewQueue(options.BatchSize, options.BatchLinger, options.Metrics, options.Now),
		resources: batch.NewResources(options.Namespace),
		deletions: newDeletions(options.Now),
		writers:   batch.NewWriters(writersAtOnce),
		reach:     batch.NewReach(options.Now),
		unsettled: make(chan struct{}, 1),
	}
	o.unsettle() // an earlier operator may have left something
	return o, o.follow()
}

// follow has what happens to resources told to the operator, once it runs.
func (o *Operator) follow() error {
	var err error
	if o.topics, err = apiserver.Watch(o.API.Topics(o.Namespace), &v1.KafkaTopic{}, nil, trim()); err != nil {
		return fmt.Errorf("watch KafkaTopics: %w", err)
	}
	registration, err := o.topics.AddEventHandler(o.events())
	if err != nil {
		return fmt.Errorf("watch KafkaTopics: %w", err)
	}
	o.synced = registration.HasSynced
	return nil
}

// Run works until the context ends.
func (o *Operator) Run(ctx context.Context) error {
	defer o.queue.ShutDown()
	go o.topics.RunWithContext(ctx)
	if !toolscache.WaitForCacheSync(ctx.Done(), o.synced) {
		return nil
	}
	go o.resync(ctx)
	go o.settle(ctx)
	go o.Replicas.Run(ctx, o.others, o.wants)
	if !o.SkipConfigReview {
		go o.review(ctx)
	}
	if o.Mode == topic.TwoWay {
		go o.discover(ctx)
	}
	o.queue.Work(ctx, o.Workers, o.reconcile)
	return nil
}

// Alive tells whether the workers get on with what there is to do.
func (o *Operator) Alive() bool { return o.queue.Alive() }

// Ready tells whether the resources are known.
func (o *Operator) Ready() bool { return o.synced != nil && o.synced() }

// Resources is how many resources there are.
func (o *Operator) Resources() int { return o.resources.Count() }

// Paused is how many of them ask to be left alone.
func (o *Operator) Paused() int { return o.resources.Paused() }

// Requests is how many requests were sent to Kafka so far.
func (o *Operator) Requests() int64 { return o.Kafka.Requests() }

// review tells once if the brokers make topics by themselves: an application that is faster than its resource gets a topic of the
// brokers' defaults.
func (o *Operator) review(ctx context.Context) {
	const option = "auto.create.topics.enable"
	value, err := o.Kafka.BrokerOption(ctx, option)
	if err != nil {
		log.FromContext(ctx).Info("cannot look at the brokers' configuration", "why", err.Error())
		return
	}
	if value == "true" && o.Mode != topic.TwoWay {
		log.FromContext(ctx).Info("the brokers create topics when clients ask for them, before the operator may: set "+option+" to false", "now", value)
	}
}

// resync looks at everything once in a while: Kafka does not tell when something changes there.
func (o *Operator) resync(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(o.lookInterval()):
			o.resources.Each(o.queue.Add)
		}
	}
}

// unsettle has it looked at whether moves of replicas have left something behind.
func (o *Operator) unsettle() {
	select {
	case o.unsettled <- struct{}{}:
	default: // it is asked for already
	}
}

// settle ends what moves of replicas have left that nobody follows any more, as their topic was deleted meanwhile. First it gives Kafka time to give
// them up. Moves of other topics that are still under way end it themselves.
func (o *Operator) settle(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.unsettled:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(o.Resync):
		}
		if _, err := o.Replicas.Change(ctx, nil); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Info("cannot look at what moves of replicas have left", "why", err.Error())
			o.unsettle()
		}
	}
}

// topicsPerSecond bounds how fast topics are looked at only because time has passed.
const topicsPerSecond = 500

// lookInterval is the time between two looks at everything. Changes in Kafka should show soon where they are followed, and many topics
// should not keep Kafka busy.
func (o *Operator) lookInterval() time.Duration {
	if o.Mode != topic.TwoWay {
		return o.Resync
	}
	fair := time.Duration(o.resources.Count()) * time.Second / topicsPerSecond
	return min(max(o.SyncInterval, fair), max(o.Resync, fair))
}
