package rotation

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topic      = "rotation"
	partitions = 6
	// pace is the time between records, knock that between new clients.
	pace, knock = 5 * time.Millisecond, time.Second
	// refreshing is how often clients look at their secrets.
	refreshing = time.Second
	// patience bounds a client's request, and the wait for the last records.
	patience = 30 * time.Second
)

// Result is what clients noticed.
type Result struct {
	// Produced records were acknowledged; Lost ones of them were never read, Repeated ones more than once.
	Produced, Lost, Repeated int
	// Connections are those of new clients, ClientCertificates those that clients had one after the other.
	Connections, ClientCertificates int
	// Errors are what clients were told, at most a few of them; ErrorCount is how many there were.
	Errors     []string
	ErrorCount int
	// LongestStall is the longest time from a record to its acknowledgement, or from a new client to its first answer.
	LongestStall time.Duration
	// StalledAt is when that was over, and Stalled who waited.
	StalledAt time.Time
	Stalled   string
}

// Load is a load that runs.
type Load struct {
	identity *identity
	stop     context.CancelFunc
	tasks    sync.WaitGroup

	// sent is closed when all records have been acknowledged that ever will be.
	sent chan struct{}

	mu     sync.Mutex
	result Result
	read   map[string]int
}

// Start makes a topic and begins. The lifetime is that of the clients' certificates.
func Start(ctx context.Context, cluster Cluster, lifetime time.Duration) (*Load, error) {
	l := &Load{identity: &identity{cluster: cluster, lifetime: lifetime}, read: map[string]int{}, sent: make(chan struct{})}
	if err := l.identity.refresh(ctx); err != nil {
		return nil, err
	}
	producer, err := l.client(kgo.DefaultProduceTopic(topic), kgo.RequiredAcks(kgo.AllISRAcks()))
	if err != nil {
		return nil, err
	}
	two := "2"
	if _, err := kadm.NewClient(producer).CreateTopic(ctx, partitions, 3, map[string]*string{"min.insync.replicas": &two}, topic); err != nil {
		producer.Close()
		return nil, fmt.Errorf("create topic %s: %w", topic, err)
	}
	consumer, err := l.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		producer.Close()
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	l.stop = stop
	l.tasks.Go(func() { l.follow(running) })
	l.tasks.Go(func() { l.produce(running, producer) })
	l.tasks.Go(func() { l.consume(running, consumer) })
	l.tasks.Go(func() { l.knock(running) })
	return l, nil
}

func (l *Load) client(options ...kgo.Opt) (*kgo.Client, error) {
	c := l.identity.cluster
	base := []kgo.Opt{
		kgo.SeedBrokers(fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9093", c.Name, c.Namespace)),
		kgo.Dialer(l.identity.dial), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.MetadataMinAge(250 * time.Millisecond),
	}
	client, err := kgo.NewClient(append(base, options...)...)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return client, nil
}

// follow keeps the clients' certificates up to date.
func (l *Load) follow(ctx context.Context) {
	for each(ctx, refreshing) {
		if err := l.identity.refresh(ctx); err != nil && ctx.Err() == nil {
			l.fail(err)
		}
	}
}

func (l *Load) produce(ctx context.Context, producer *kgo.Client) {
	defer close(l.sent)
	defer producer.Close()
	// The records that are on their way when the load ends are waited for.
	lasting := context.WithoutCancel(ctx)
	for n := 0; each(ctx, pace); n++ {
		began := time.Now()
		producer.Produce(lasting, kgo.StringRecord(strconv.Itoa(n)), func(_ *kgo.Record, err error) {
			l.count("the producer", time.Since(began), err, func(r *Result) { r.Produced++ })
		})
	}
	ending, cancel := context.WithTimeout(lasting, patience)
	defer cancel()
	if err := producer.Flush(ending); err != nil {
		l.fail(fmt.Errorf("wait for the last records: %w", err))
	}
}

// consume goes on after the load has ended until it has read everything that was acknowledged.
func (l *Load) consume(ctx context.Context, consumer *kgo.Client) {
	defer consumer.Close()
	lasting := context.WithoutCancel(ctx)
	var ended <-chan time.Time
	for {
		select {
		case <-l.sent:
			if ended == nil {
				ended = time.After(patience)
			}
			if l.readAll() {
				return
			}
		default:
		}
		select {
		case <-ended:
			return
		default:
		}
		polling, cancel := context.WithTimeout(lasting, time.Second)
		fetches := consumer.PollFetches(polling)
		for _, failure := range fetches.Errors() {
			if polling.Err() == nil {
				l.fail(failure.Err)
			}
		}
		cancel()
		l.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) { l.read[string(r.Value)]++ })
		l.mu.Unlock()
	}
}

func (l *Load) readAll() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.read) >= l.result.Produced
}

// knock comes as a new client, again and again.
func (l *Load) knock(ctx context.Context) {
	for each(ctx, knock) {
		began := time.Now()
		err := l.come(ctx)
		if ctx.Err() == nil {
			l.count("a new client", time.Since(began), err, func(r *Result) { r.Connections++ })
		}
	}
}

func (l *Load) come(ctx context.Context) error {
	newcomer, err := l.client(kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer newcomer.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := kadm.NewClient(newcomer).ListEndOffsets(ctx, topic); err != nil {
		return fmt.Errorf("a new client: %w", err)
	}
	return nil
}

// each waits for the next turn; it is false when there is none.
func each(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

func (l *Load) count(who string, took time.Duration, err error, done func(*Result)) {
	if err != nil {
		l.fail(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	done(&l.result)
	if took > l.result.LongestStall {
		l.result.LongestStall, l.result.StalledAt, l.result.Stalled = took, time.Now(), who
	}
}

// toldErrors is how many errors are kept with their text.
const toldErrors = 10

func (l *Load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.ErrorCount++
	if len(l.result.Errors) < toldErrors {
		l.result.Errors = append(l.result.Errors, time.Now().UTC().Format(time.TimeOnly)+" "+err.Error())
	}
}

// Finish ends the load, waits until the consumer has read what was acknowledged, and tells what happened.
func (l *Load) Finish() Result {
	l.stop()
	l.tasks.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.ClientCertificates = int(l.identity.renewals.Load())
	for n := range l.result.Produced {
		switch times := l.read[strconv.Itoa(n)]; {
		case times == 0:
			l.result.Lost++
		case times > 1:
			l.result.Repeated++
		}
	}
	return l.result
}
