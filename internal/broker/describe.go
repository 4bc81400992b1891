package broker

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/topic"
)

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
	return onAny(ctx, t.connection, func(ctx context.Context, node *kgo.Broker) (map[string]Answer, error) {
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
	answers, err := onAny(ctx, t.connection, func(ctx context.Context, node *kgo.Broker) (map[string]Answer, error) {
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
