package broker

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/topic"
)

// unknownPartitions is what a topic counts for whose number of partitions is left to the brokers.
const unknownPartitions = 16

// Topics is a lasting connection to a cluster for work on many topics. Its methods take many topics at a time, tell about each by
// its name, and fail as a whole only when Kafka does not answer: then the error wraps ErrUnreachable. What Kafka refuses about one
// topic is a Refused.
type Topics struct {
	*connection
	// cluster is the id of the cluster that answered last.
	cluster atomic.Pointer[string]
}

// OpenTopics prepares a connection; nothing is sent yet.
func OpenTopics(to Access) (*Topics, error) {
	c, err := open(to)
	if err != nil {
		return nil, err
	}
	return &Topics{connection: c}, nil
}

// ClusterID is the id of the cluster; empty before its first answer about topics.
func (t *Topics) ClusterID() string {
	if id := t.cluster.Load(); id != nil {
		return *id
	}
	return ""
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

// Delete removes topics. Those that are gone, or never were or could be, are not in the answer.
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
			if r.Topic != nil && err != nil && !isRefusal(err, unknownTopic) && !NameRefused(err) {
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
