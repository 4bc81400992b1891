package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/kafka/roll"
)

// The names that Kafka gives to its metadata log and to the feature that says how it is written.
const (
	metadataTopic   = "__cluster_metadata"
	metadataFeature = "metadata.version"
)

// Quorum is the state of the metadata quorum.
func (c *cluster) Quorum(ctx context.Context) (roll.Quorum, error) {
	answer, err := askAny(ctx, c, func(ctx context.Context, nodes *kgo.Client) (*kmsg.DescribeQuorumResponse, error) {
		return askSeeds(ctx, nodes, describeQuorum, func(a *kmsg.DescribeQuorumResponse) error {
			_, err := quorumOf(a)
			return err
		})
	})
	if err != nil {
		return roll.Quorum{}, fmt.Errorf("asking for the state of the metadata quorum: %w", err)
	}
	return quorumOf(answer)
}

func describeQuorum() kmsg.Request {
	partition := kmsg.NewDescribeQuorumRequestTopicPartition()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic = metadataTopic
	topic.Partitions = append(topic.Partitions, partition)
	request := kmsg.NewPtrDescribeQuorumRequest()
	request.Topics = append(request.Topics, topic)
	return request
}

func quorumOf(answer *kmsg.DescribeQuorumResponse) (roll.Quorum, error) {
	if err := answered(answer.ErrorCode, answer.ErrorMessage); err != nil {
		return roll.Quorum{}, err
	}
	if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return roll.Quorum{}, errors.New("the answer does not describe exactly one partition of " + metadataTopic)
	}
	partition := answer.Topics[0].Partitions[0]
	if err := answered(partition.ErrorCode, partition.ErrorMessage); err != nil {
		return roll.Quorum{}, err
	}
	quorum := roll.Quorum{Known: true, Leader: partition.LeaderID}
	for _, v := range partition.CurrentVoters {
		quorum.Voters = append(quorum.Voters, roll.Voter{ID: v.ReplicaID, LastCaughtUp: v.LastCaughtUpTimestamp})
	}
	slices.SortFunc(quorum.Voters, func(a, b roll.Voter) int { return int(a.ID) - int(b.ID) })
	return quorum, nil
}

// Brokers are the registered ids.
func (c *cluster) Brokers(ctx context.Context) ([]int32, error) {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeFencedBrokers = true
	answer, err := ask[*kmsg.DescribeClusterResponse](ctx, c, request)
	if err == nil {
		err = answered(answer.ErrorCode, answer.ErrorMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the registered brokers: %w", err)
	}
	ids := make([]int32, 0, len(answer.Brokers))
	for _, b := range answer.Brokers {
		ids = append(ids, b.NodeID)
	}
	slices.Sort(ids)
	return ids, nil
}

// MetadataVersion is the name of the finalised metadata version.
func (c *cluster) MetadataVersion(ctx context.Context) (string, error) {
	level, err := c.metadataLevel(ctx)
	if err != nil {
		return "", err
	}
	return nameOf(level)
}

func (c *cluster) metadataLevel(ctx context.Context) (int16, error) {
	answer, err := askAny(ctx, c, apiVersions)
	if err != nil {
		return 0, fmt.Errorf("asking for the metadata version: %w", err)
	}
	for _, feature := range answer.FinalizedFeatures {
		if feature.Name == metadataFeature {
			return feature.MaxVersionLevel, nil
		}
	}
	// A node that has just started does not know the features yet.
	return 0, fmt.Errorf("asking for the metadata version: %w: the node does not know the cluster's features yet", ErrUnreachable)
}

func apiVersions(ctx context.Context, nodes *kgo.Client) (*kmsg.ApiVersionsResponse, error) {
	request := func() kmsg.Request {
		r := kmsg.NewPtrApiVersionsRequest()
		r.ClientSoftwareName, r.ClientSoftwareVersion = "castellan", "1"
		return r
	}
	return askSeeds(ctx, nodes, request, func(a *kmsg.ApiVersionsResponse) error {
		return failure(kerr.ErrorForCode(a.ErrorCode))
	})
}
