package topic

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
)

// Options are what an operator of topics needs.
type Options struct {
	// Client writes; Cache holds the KafkaTopics of the namespace; Live reads them from the API server itself.
	Client client.Client
	Cache  client.Reader
	Live   client.Reader
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
	Metrics          *Metrics
	Now              func() time.Time
}

// Operator keeps topics and resources in agreement.
type Operator struct {
	Options

	taking    sync.Mutex
	queue     workqueue.TypedRateLimitingInterface[types.NamespacedName]
	resources *resources
	deletions *deletions
	writers   chan struct{}
	pulse     pulse
	reach     reach
}

// writersAtOnce is how many requests for the API server are under way at most.
const writersAtOnce = 24

// Delays after which something is tried again that Kafka or the API server refused for the moment.
const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = 2 * time.Minute
)

// New returns an operator that does nothing yet.
func New(options Options) *Operator {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](firstDelay, lastDelay)
	return &Operator{
		Options:   options,
		queue:     workqueue.NewTypedRateLimitingQueue(limiter),
		resources: newResources(options.Namespace),
		deletions: newDeletions(options.Now),
		writers:   make(chan struct{}, writersAtOnce),
		pulse:     pulse{now: options.Now},
		reach:     reach{now: options.Now},
	}
}

// Setup has the manager run the operator.
func (o *Operator) Setup(ctx context.Context, mgr ctrl.Manager) error {
	informer, err := mgr.GetCache().GetInformer(ctx, &v1.KafkaTopic{})
	if err != nil {
		return fmt.Errorf("watch KafkaTopics: %w", err)
	}
	registration, err := informer.AddEventHandler(o.events())
	if err != nil {
		return fmt.Errorf("watch KafkaTopics: %w", err)
	}
	o.pulse.synced = registration.HasSynced
	return mgr.Add(manager.RunnableFunc(o.run))
}

// run works until the context ends.
func (o *Operator) run(ctx context.Context) error {
	defer o.queue.ShutDown()
	if !toolscache.WaitForCacheSync(ctx.Done(), o.pulse.synced) {
		return nil
	}
	ended := make(chan struct{})
	for range o.Workers {
		go func() {
			defer func() { ended <- struct{}{} }()
			o.work(ctx)
		}()
	}
	go o.resync(ctx)
	if !o.SkipConfigReview {
		go o.review(ctx)
	}
	if o.Mode == topic.TwoWay {
		go o.discover(ctx)
	}
	<-ctx.Done()
	o.queue.ShutDown()
	for range o.Workers {
		<-ended
	}
	return nil
}

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

// work takes batches until the queue ends.
func (o *Operator) work(ctx context.Context) {
	for {
		keys, open := o.take(ctx)
		if !open {
			return
		}
		o.pulse.beat()
		o.Metrics.batch(len(keys), o.queue.Len()+len(keys))
		o.reconcile(ctx, keys)
		for _, key := range keys {
			o.queue.Done(key)
		}
		o.pulse.beat()
	}
}

// take waits for the first key and adds what else has come, until the batch is full. One worker takes at a time: otherwise two could wait
// for the same last key.
func (o *Operator) take(ctx context.Context) ([]types.NamespacedName, bool) {
	o.taking.Lock()
	defer o.taking.Unlock()
	key, down := o.queue.Get()
	if down {
		return nil, false
	}
	if o.queue.Len() < o.BatchSize {
		select {
		case <-time.After(o.BatchLinger):
		case <-ctx.Done():
		}
	}
	keys := []types.NamespacedName{key}
	for len(keys) < o.BatchSize && o.queue.Len() > 0 {
		key, down := o.queue.Get()
		if down {
			break
		}
		keys = append(keys, key)
	}
	return keys, true
}

// resync looks at everything once in a while: Kafka does not tell when something changes there.
func (o *Operator) resync(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(o.lookInterval()):
			o.resources.each(o.queue.Add)
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
	fair := time.Duration(o.resources.count()) * time.Second / topicsPerSecond
	return min(max(o.SyncInterval, fair), max(o.Resync, fair))
}
