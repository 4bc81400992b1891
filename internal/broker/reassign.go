package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topic/placement"
)

// Brokers are all registered brokers with their racks; Replicas of each is 0.
func (t *Topics) Brokers(ctx context.Context) ([]placement.Broker, error) {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeFencedBrokers = true
	response, err := send[*kmsg.DescribeClusterResponse](ctx, t.client, request)
	if err != nil {
		return nil, err
	}
	if err := refused(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, err
	}
	out := make([]placement.Broker, 0, len(response.Brokers))
	for _, b := range response.Brokers {
		one := placement.Broker{ID: b.NodeID, Usable: !b.IsFenced}
		if b.Rack != nil {
			one.Rack = *b.Rack
		}
		out = append(out, one)
	}
	return out, nil
}

// Moving is a partition whose replicas are on their way: the ids that come and those that go.
type Moving struct{ Adding, Removing []int32 }

// Reassignments are all partitions whose replicas are on their way, by topic and number.
func (t *Topics) Reassignments(ctx context.Context) (map[string]map[int32]Moving, error) {
	request := kmsg.NewPtrListPartitionReassignmentsRequest()
	request.TimeoutMillis = timeoutMillis
	response, err := send[*kmsg.ListPartitionReassignmentsResponse](ctx, t.client, request)
	if err != nil {
		return nil, err
	}
	if err := refused(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, err
	}
	out := make(map[string]map[int32]Moving, len(response.Topics))
	for _, one := range response.Topics {
		out[one.Topic] = make(map[int32]Moving, len(one.Partitions))
		for _, p := range one.Partitions {
			out[one.Topic][p.Partition] = Moving{Adding: p.AddingReplicas, Removing: p.RemovingReplicas}
		}
	}
	return out, nil
}

// Reassign starts moves, by topic (KIP-455). The answer has the first refusal about each topic that had one.
func (t *Topics) Reassign(ctx context.Context, moves map[string][]placement.Move) (map[string]error, error) {
	request := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	request.TimeoutMillis = timeoutMillis
	for _, name := range slices.Sorted(maps.Keys(moves)) {
		one := kmsg.NewAlterPartitionAssignmentsRequestTopic()
		one.Topic = name
		for _, m := range moves[name] {
			partition := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
			partition.Partition, partition.Replicas = m.Partition, m.Replicas
			one.Partitions = append(one.Partitions, partition)
		}
		request.Topics = append(request.Topics, one)
	}
	response, err := send[*kmsg.AlterPartitionAssignmentsResponse](ctx, t.client, request)
	if err != nil {
		return nil, err
	}
	if err := refused(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, err
	}
	out := map[string]error{}
	for _, one := range response.Topics {
		for _, p := range one.Partitions {
			if err := refused(p.ErrorCode, p.ErrorMessage); err != nil && out[one.Topic] == nil {
				out[one.Topic] = fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return out, nil
}

// rates are the options of brokers that bound how fast throttled replicas are sent and taken, in bytes per second (KIP-73).
func rates() []string {
	return []string{"leader.replication.throttled.rate", "follower.replication.throttled.rate"}
}

// Throttle bounds how fast the brokers send and take throttled replicas, in bytes per second. What somebody else set stays.
func (t *Topics) Throttle(ctx context.Context, brokers []int32, rate int64) error {
	return t.alterRates(ctx, brokers, func(set string) (*string, bool) {
		text := strconv.FormatInt(rate, 10)
		return &text, set == ""
	})
}

// Unthrottle takes back what Throttle set with that rate.
func (t *Topics) Unthrottle(ctx context.Context, brokers []int32, rate int64) error {
	return t.alterRates(ctx, brokers, func(set string) (*string, bool) {
		return nil, set == strconv.FormatInt(rate, 10)
	})
}

// alterRates changes the rates of brokers of which decide wants it, given what is set for the broker now.
func (t *Topics) alterRates(ctx context.Context, brokers []int32, decide func(set string) (value *string, alter bool)) error {
	set, err := t.rates(ctx, brokers)
	if err != nil {
		return err
	}
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for _, id := range brokers {
		one := kmsg.NewIncrementalAlterConfigsRequestResource()
		one.ResourceType, one.ResourceName = kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(id))
		for _, name := range rates() {
			if value, alter := decide(set[one.ResourceName][name]); alter {
				one.Configs = append(one.Configs, alteration(topic.Option{Name: name, Value: value}))
			}
		}
		if len(one.Configs) > 0 {
			request.Resources = append(request.Resources, one)
		}
	}
	if len(request.Resources) == 0 {
		return nil
	}
	// Any broker takes changes for all of them.
	response, err := t.client.Request(ctx, request)
	if err != nil {
		return failure(err)
	}
	for _, r := range response.(*kmsg.IncrementalAlterConfigsResponse).Resources {
		if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
			return fmt.Errorf("broker %s: %w", r.ResourceName, err)
		}
	}
	return nil
}

// rates are what is set for each broker alone.
func (t *Topics) rates(ctx context.Context, brokers []int32) (map[string]map[string]string, error) {
	request := kmsg.NewPtrDescribeConfigsRequest()
	for _, id := range brokers {
		one := kmsg.NewDescribeConfigsRequestResource()
		one.ResourceType, one.ResourceName, one.ConfigNames = kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(id)), rates()
		request.Resources = append(request.Resources, one)
	}
	response, err := send[*kmsg.DescribeConfigsResponse](ctx, t.client, request)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for _, r := range response.Resources {
		if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
			return nil, fmt.Errorf("broker %s: %w", r.ResourceName, err)
		}
		out[r.ResourceName] = map[string]string{}
		for _, c := range r.Configs {
			if c.Value != nil && c.Source == kmsg.ConfigSourceDynamicBrokerConfig {
				out[r.ResourceName][c.Name] = *c.Value
			}
		}
	}
	return out, nil
}
