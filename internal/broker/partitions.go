package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/kafka/roll"
)

// minISROption is a topic's option; Kafka answers the cluster's default where the topic has none.
const minISROption = "min.insync.replicas"

// topicsPerRequest keeps answers about options below a megabyte or so.
const topicsPerRequest = 1000

// Partitions are those of all topics with their min.insync.replicas.
func (c *cluster) Partitions(ctx context.Context) (roll.Partitions, error) {
	list, err := c.replicas(ctx)
	if err != nil {
		return roll.Partitions{}, err
	}
	needed, err := c.minISR(ctx, topicsOf(list))
	if err != nil {
		return roll.Partitions{}, err
	}
	partitions := roll.Partitions{Known: true, List: make([]roll.Partition, 0, len(list))}
	for _, p := range list {
		least, exists := needed[p.Topic]
		if !exists {
			continue
		}
		p.MinISR = least
		partitions.List = append(partitions.List, p)
	}
	return partitions, nil
}

// InUse tells which of the ids hold replicas.
func (c *cluster) InUse(ctx context.Context, ids []int32) (map[int32]bool, error) {
	list, err := c.replicas(ctx)
	if err != nil {
		return nil, err
	}
	inUse := make(map[int32]bool, len(ids))
	for _, id := range ids {
		inUse[id] = slices.ContainsFunc(list, func(p roll.Partition) bool { return slices.Contains(p.Replicas, id) })
	}
	return inUse, nil
}

// replicas lists the partitions of all topics; MinISR is not filled in.
func (c *cluster) replicas(ctx context.Context) ([]roll.Partition, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = nil // all of them
	answer, err := ask[*kmsg.MetadataResponse](ctx, c, request)
	if err == nil {
		err = answered(answer.ErrorCode, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("asking for all topics: %w", err)
	}
	var list []roll.Partition
	for i := range answer.Topics {
		partitions, err := partitionsOf(&answer.Topics[i])
		if err != nil {
			return nil, fmt.Errorf("asking for all topics: %w", err)
		}
		list = append(list, partitions...)
	}
	slices.SortFunc(list, func(a, b roll.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Number, b.Number))
	})
	return list, nil
}

// partitionsOf takes a topic's partitions. An error of a single partition, such as that it has no leader, comes with
// its replicas all the same; an error of the topic does not, and guessing would be unsafe.
func partitionsOf(topic *kmsg.MetadataResponseTopic) ([]roll.Partition, error) {
	name := ""
	if topic.Topic != nil {
		name = *topic.Topic
	}
	if err := answered(topic.ErrorCode, nil); err != nil {
		return nil, fmt.Errorf("topic %s: %w", name, err)
	}
	list := make([]roll.Partition, 0, len(topic.Partitions))
	for _, p := range topic.Partitions {
		list = append(list, roll.Partition{Topic: name, Number: p.Partition, Replicas: p.Replicas, ISR: p.ISR})
	}
	return list, nil
}

func topicsOf(list []roll.Partition) []string {
	var topics []string
	for _, p := range list {
		if len(topics) == 0 || topics[len(topics)-1] != p.Topic {
			topics = append(topics, p.Topic)
		}
	}
	return topics
}

// minISR is what each topic needs; a topic that was deleted meanwhile is absent.
func (c *cluster) minISR(ctx context.Context, topics []string) (map[string]int, error) {
	needed := make(map[string]int, len(topics))
	for batch := range slices.Chunk(topics, topicsPerRequest) {
		answer, err := ask[*kmsg.DescribeConfigsResponse](ctx, c, describeMinISR(batch))
		if err != nil {
			return nil, fmt.Errorf("asking for %s of the topics: %w", minISROption, err)
		}
		for i := range answer.Resources {
			if err := readMinISR(&answer.Resources[i], needed); err != nil {
				return nil, fmt.Errorf("asking for %s of topic %s: %w", minISROption, answer.Resources[i].ResourceName, err)
			}
		}
	}
	return needed, nil
}

func describeMinISR(topics []string) kmsg.Request {
	request := kmsg.NewPtrDescribeConfigsRequest()
	for _, topic := range topics {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, topic
		resource.ConfigNames = []string{minISROption}
		request.Resources = append(request.Resources, resource)
	}
	return request
}

func readMinISR(resource *kmsg.DescribeConfigsResponseResource, into map[string]int) error {
	if resource.ErrorCode == kerr.UnknownTopicOrPartition.Code {
		return nil
	}
	if err := answered(resource.ErrorCode, resource.ErrorMessage); err != nil {
		return err
	}
	for _, option := range resource.Configs {
		if option.Name != minISROption || option.Value == nil {
			continue
		}
		value, err := strconv.Atoi(*option.Value)
		if err != nil {
			return fmt.Errorf("reading its value: %w", err)
		}
		into[resource.ResourceName] = value
		return nil
	}
	return errors.New("the answer has no value")
}
