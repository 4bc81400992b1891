package broker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/topic"
)

// idleLimit is how long a connection that nobody uses stays open: long enough for looks that are minutes apart.
const idleLimit = 5 * time.Minute

// recordLimit bounds what one request makes Kafka's controller write. It refuses requests of more than 10,000 records.
const recordLimit = 8000

// unknownPartitions is what a topic counts for whose number of partitions is left to the brokers.
const unknownPartitions = 16

// Topics is a lasting connection to a cluster for work on many topics. Its methods take many topics at a time, tell about each by
// its name, and fail as a whole only when Kafka does not answer: then the error wraps ErrUnreachable. What Kafka refuses about one
// topic is a Refused.
type Topics struct {
	client *kgo.Client
	sent   *sent
	// turn is whose turn it is to be asked first.
	turn atomic.Uint32
	// cluster is the id of the cluster that answered last.
	cluster atomic.Pointer[string]
}

// sent counts requests.
type sent struct{ count atomic.Int64 }

// OnBrokerWrite is called by kgo.
func (s *sent) OnBrokerWrite(kgo.BrokerMetadata, int16, int, time.Duration, time.Duration, error) {
	s.count.Add(1)
}

// Requests is how many requests were sent so far.
func (t *Topics) Requests() int64 { return t.sent.count.Load() }

// OpenTopics prepares a connection; nothing is sent yet.
func OpenTopics(to Access) (*Topics, error) {
	opts, err := lasting(to)
	if err != nil {
		return nil, err
	}
	out := &Topics{sent: &sent{}}
	if out.client, err = kgo.NewClient(append(opts, kgo.WithHooks(out.sent))...); err != nil {
		return nil, fmt.Errorf("preparing to dial Kafka at %v: %w", to.Brokers, err)
	}
	return out, nil
}

// Close gives the connections back.
func (t *Topics) Close() { t.client.Close() }

// ClusterID is the id of the cluster; empty before its first answer about topics.
func (t *Topics) ClusterID() string {
	if id := t.cluster.Load(); id != nil {
		return *id
	}
	return ""
}

// Question is a topic to describe, with the options whose values count even if the topic inherits them.
type Question struct {
	Name    string
	Options []string
}

// Answer is a topic, an error about it, or neither if there is none of the name.
type Answer struct {
	Topic *topic.Actual
	Err   error
}

// Describe tells about topics: where their replicas are, and their options. All questions are a few requests together, for the same broker,
// and the options come first: if a topic is deleted and made again meanwhile, its id is not older than its options.
func (t *Topics) Describe(ctx context.Context, questions []Question) (map[string]Answer, error) {
	if len(questions) == 0 {
		return nil, nil // no name would mean all topics
	}
	names := make([]string, 0, len(questions))
	for _, q := range questions {
		names = append(names, q.Name)
	}
	return onAny(ctx, t, func(ctx context.Context, node *kgo.Broker) (map[string]Answer, error) {
		options, err := configs(ctx, node, questions)
		if err != nil {
			return nil, err
		}
		answers, err := t.metadata(ctx, node, names)
		if err != nil {
			return nil, err
		}
		for name, answer := range answers {
			if answer.Topic != nil {
				answers[name] = options[name].complete(answer)
			}
		}
		return answers, nil
	})
}

// List tells about all topics but their options, in no order.
func (t *Topics) List(ctx context.Context) ([]topic.Actual, error) {
	answers, err := onAny(ctx, t, func(ctx context.Context, node *kgo.Broker) (map[string]Answer, error) {
		return t.metadata(ctx, node, nil)
	})
	if err != nil {
		return nil, err
	}
	out := make([]topic.Actual, 0, len(answers))
	for _, answer := range answers {
		if answer.Topic != nil {
			out = append(out, *answer.Topic)
		}
	}
	return out, nil
}

// metadata describes the named topics, or all for nil.
func (t *Topics) metadata(ctx context.Context, node *kgo.Broker, names []string) (map[string]Answer, error) {
	request := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		one := kmsg.NewMetadataRequestTopic()
		one.Topic = &name
		request.Topics = append(request.Topics, one)
	}
	response, err := askNode[*kmsg.MetadataResponse](ctx, node, request)
	if err != nil {
		return nil, err
	}
	if response.ClusterID != nil {
		t.cluster.Store(response.ClusterID)
	}
	out := make(map[string]Answer, len(response.Topics))
	for i := range response.Topics {
		if name := response.Topics[i].Topic; name != nil {
			out[*name] = answerOf(&response.Topics[i])
		}
	}
	return out, nil
}

func answerOf(t *kmsg.MetadataResponseTopic) Answer {
	err := refused(t.ErrorCode, nil)
	if isRefusal(err, unknownTopic) {
		return Answer{}
	}
	if err != nil {
		return Answer{Err: err}
	}
	out := &topic.Actual{Name: *t.Topic, ID: TopicID(t.TopicID), Internal: t.IsInternal, Partitions: make([]topic.Partition, len(t.Partitions))}
	for _, p := range t.Partitions {
		if int(p.Partition) >= len(out.Partitions) {
			return Answer{Err: fmt.Errorf("%w: topic %s lacks partitions below %d for now", ErrUnreachable, out.Name, p.Partition)}
		}
		out.Partitions[p.Partition] = topic.Partition{Replicas: p.Replicas, ISR: p.ISR}
	}
	return Answer{Topic: out}
}

// TopicID is Kafka's text for the id of a topic: 16 bytes in URL-safe base 64.
func TopicID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// described are the options of a topic, or why they cannot be told.
type described struct {
	set, inherited map[string]string
	err            error
}

func (d described) complete(a Answer) Answer {
	if isRefusal(d.err, unknownTopic) {
		// The brokers do not know the same yet. The next look tells.
		return Answer{Err: fmt.Errorf("%w: the brokers do not agree yet about %s", ErrUnreachable, a.Topic.Name)}
	}
	if d.err != nil {
		return Answer{Err: d.err}
	}
	a.Topic.Config, a.Topic.Inherited = d.set, d.inherited
	return a
}

// configsAtOnce is of how many topics one answer has the options: each has about forty, of which few are kept.
const configsAtOnce = 100

func configs(ctx context.Context, node *kgo.Broker, questions []Question) (map[string]described, error) {
	out := make(map[string]described, len(questions))
	for some := range slices.Chunk(questions, configsAtOnce) {
		if err := someConfigs(ctx, node, some, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func someConfigs(ctx context.Context, node *kgo.Broker, questions []Question, out map[string]described) error {
	request := kmsg.NewPtrDescribeConfigsRequest()
	asked := make(map[string][]string, len(questions))
	for _, q := range questions {
		one := kmsg.NewDescribeConfigsRequestResource()
		one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeTopic, q.Name
		request.Resources = append(request.Resources, one)
		asked[q.Name] = q.Options
	}
	response, err := askNode[*kmsg.DescribeConfigsResponse](ctx, node, request)
	if err != nil {
		return err
	}
	for i := range response.Resources {
		r := &response.Resources[i]
		if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
			out[r.ResourceName] = described{err: err}
			continue
		}
		out[r.ResourceName] = optionsOf(r.Configs, asked[r.ResourceName])
	}
	return nil
}

func optionsOf(configs []kmsg.DescribeConfigsResponseResourceConfig, asked []string) described {
	var out described
	for _, c := range configs {
		switch {
		case c.Value == nil:
		case c.Source == kmsg.ConfigSourceDynamicTopicConfig:
			put(&out.set, c.Name, *c.Value)
		case slices.Contains(asked, c.Name):
			put(&out.inherited, c.Name, *c.Value)
		}
	}
	return out
}

// put makes the map when there is something to put into it: most topics have no options of their own.
func put(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

// BrokerOption is the value of an option as one of the brokers has it; empty if it does not tell.
func (t *Topics) BrokerOption(ctx context.Context, name string) (string, error) {
	brokers, err := t.Brokers(ctx)
	if err != nil || len(brokers) == 0 {
		return "", err
	}
	request := kmsg.NewPtrDescribeConfigsRequest()
	one := kmsg.NewDescribeConfigsRequestResource()
	one.ResourceType, one.ResourceName, one.ConfigNames = kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(brokers[0].ID)), []string{name}
	request.Resources = append(request.Resources, one)
	response, err := send[*kmsg.DescribeConfigsResponse](ctx, t.client, request)
	if err != nil {
		return "", err
	}
	for _, r := range response.Resources {
		if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
			return "", err
		}
		for _, c := range r.Configs {
			if c.Name == name && c.Value != nil {
				return *c.Value, nil
			}
		}
	}
	return "", nil
}

// Created is a topic that was made, or why it was not.
type Created struct {
	// ID, Partitions and Replicas are those of the new topic.
	ID                   string
	Partitions, Replicas int32
	Err                  error
}

// Create makes topics. One that exists already is refused.
func (t *Topics) Create(ctx context.Context, wanted []topic.Wanted) (map[string]Created, error) {
	out := make(map[string]Created, len(wanted))
	for part := range parts(wanted, recordsOfNew) {
		request := kmsg.NewPtrCreateTopicsRequest()
		request.TimeoutMillis = timeoutMillis
		for _, w := range part {
			request.Topics = append(request.Topics, newTopic(w))
		}
		response, err := send[*kmsg.CreateTopicsResponse](ctx, t.client, request)
		if err != nil {
			return nil, err
		}
		for _, r := range response.Topics {
			out[r.Topic] = Created{
				ID: TopicID(r.TopicID), Partitions: r.NumPartitions, Replicas: int32(r.ReplicationFactor), Err: refused(r.ErrorCode, r.ErrorMessage),
			}
		}
	}
	return out, nil
}

func newTopic(w topic.Wanted) kmsg.CreateTopicsRequestTopic {
	out := kmsg.NewCreateTopicsRequestTopic()
	out.Topic, out.NumPartitions, out.ReplicationFactor = w.Name, w.Partitions, int16(w.Replicas)
	for name, value := range w.Config {
		option := kmsg.NewCreateTopicsRequestTopicConfig()
		option.Name, option.Value = name, &value
		out.Configs = append(out.Configs, option)
	}
	return out
}

func recordsOfNew(w topic.Wanted) int {
	if w.Partitions == topic.BrokerDefault {
		return 1 + len(w.Config) + unknownPartitions
	}
	return 1 + len(w.Config) + int(w.Partitions)
}

// parts cuts a list so that the weights in each part are within the limit of what the controller takes at once.
func parts[T any](list []T, weight func(T) int) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		begin, sum := 0, 0
		for i, one := range list {
			w := weight(one)
			if i > begin && sum+w > recordLimit {
				if !yield(list[begin:i]) {
					return
				}
				begin, sum = i, 0
			}
			sum += w
		}
		if begin < len(list) {
			yield(list[begin:])
		}
	}
}

// timeoutMillis is how long Kafka may take for what a request asks.
const timeoutMillis = int32(Limit / time.Millisecond)

// Growth is a topic that is to have more partitions.
type Growth struct {
	Name string
	// From and To are numbers of partitions.
	From, To int32
}

// Grow adds partitions. Topics that grew are not in the answer.
func (t *Topics) Grow(ctx context.Context, growing []Growth) (map[string]error, error) {
	out := map[string]error{}
	for part := range parts(growing, func(g Growth) int { return int(g.To - g.From) }) {
		request := kmsg.NewPtrCreatePartitionsRequest()
		request.TimeoutMillis = timeoutMillis
		for _, g := range part {
			one := kmsg.NewCreatePartitionsRequestTopic()
			one.Topic, one.Count = g.Name, g.To
			request.Topics = append(request.Topics, one)
		}
		response, err := send[*kmsg.CreatePartitionsResponse](ctx, t.client, request)
		if err != nil {
			return nil, err
		}
		for _, r := range response.Topics {
			if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
				out[r.Topic] = err
			}
		}
	}
	return out, nil
}

// Configure sets and removes options, by topic. Topics whose options all were changed are not in the answer; of the others none was (KIP-339).
func (t *Topics) Configure(ctx context.Context, changes map[string][]topic.Option) (map[string]error, error) {
	out := map[string]error{}
	for part := range parts(slices.Sorted(maps.Keys(changes)), func(name string) int { return len(changes[name]) }) {
		request := kmsg.NewPtrIncrementalAlterConfigsRequest()
		for _, name := range part {
			one := kmsg.NewIncrementalAlterConfigsRequestResource()
			one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeTopic, name
			for _, o := range changes[name] {
				one.Configs = append(one.Configs, alteration(o))
			}
			request.Resources = append(request.Resources, one)
		}
		response, err := send[*kmsg.IncrementalAlterConfigsResponse](ctx, t.client, request)
		if err != nil {
			return nil, err
		}
		for _, r := range response.Resources {
			if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
				out[r.ResourceName] = err
			}
		}
	}
	return out, nil
}

func alteration(o topic.Option) kmsg.IncrementalAlterConfigsRequestResourceConfig {
	out := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	out.Name, out.Value, out.Op = o.Name, o.Value, kmsg.IncrementalAlterConfigOpSet
	if o.Value == nil {
		out.Op = kmsg.IncrementalAlterConfigOpDelete
	}
	return out
}

// Delete removes topics. Those that are gone, or never were, are not in the answer.
func (t *Topics) Delete(ctx context.Context, names []string) (map[string]error, error) {
	out := map[string]error{}
	for part := range slices.Chunk(names, recordLimit) {
		request := kmsg.NewPtrDeleteTopicsRequest()
		request.TimeoutMillis = timeoutMillis
		for _, name := range part {
			one := kmsg.NewDeleteTopicsRequestTopic()
			one.Topic = &name
			request.Topics = append(request.Topics, one)
			request.TopicNames = append(request.TopicNames, name)
		}
		response, err := send[*kmsg.DeleteTopicsResponse](ctx, t.client, request)
		if err != nil {
			return nil, err
		}
		for _, r := range response.Topics {
			err := refused(r.ErrorCode, r.ErrorMessage)
			if r.Topic != nil && err != nil && !isRefusal(err, unknownTopic) {
				out[*r.Topic] = err
			}
		}
	}
	return out, nil
}

const unknownTopic = "UNKNOWN_TOPIC_OR_PARTITION"

// Existed tells whether Kafka refused to create a topic because there is one of its name.
func Existed(err error) bool { return isRefusal(err, "TOPIC_ALREADY_EXISTS") }

// NameRefused tells whether Kafka can have no topic of the name.
func NameRefused(err error) bool { return isRefusal(err, "INVALID_TOPIC_EXCEPTION") }

func isRefusal(err error, code string) bool {
	r, is := errors.AsType[*Refused](err)
	return is && r.Code.Message == code
}

// nodeLimit is how long one broker may take before another one is asked.
const nodeLimit = 10 * time.Second

// onAny asks the brokers in turns until one answers. Unlike send, it keeps kgo from remembering what it learns: about tens of thousands
// of topics, that is most of an operator's memory.
func onAny[T any](ctx context.Context, t *Topics, question func(context.Context, *kgo.Broker) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	known := t.client.DiscoveredBrokers()
	first := 0
	if len(known) > 0 {
		first = int(t.turn.Add(1)) % len(known)
	}
	var none T
	var err error
	for _, node := range slices.Concat(known[first:], known[:first], t.client.SeedBrokers()) {
		var answer T
		one, stop := context.WithTimeout(limited, nodeLimit)
		answer, err = question(one, node)
		stop()
		if err == nil {
			return answer, nil
		}
		if limited.Err() != nil {
			break
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return none, ctx.Err()
	}
	return none, failure(err)
}

// askNode asks one broker.
func askNode[Answer kmsg.Response](ctx context.Context, node *kgo.Broker, request kmsg.Request) (Answer, error) {
	var none Answer
	response, err := node.RetriableRequest(ctx, request)
	if err != nil {
		return none, err
	}
	return response.(Answer), nil
}

// send sends a request to whichever broker kgo finds right for it.
func send[Answer kmsg.Response](ctx context.Context, client *kgo.Client, request kmsg.Request) (Answer, error) {
	var none Answer
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	response, err := client.Request(limited, request)
	if err != nil {
		return none, failure(err)
	}
	return response.(Answer), nil
}
