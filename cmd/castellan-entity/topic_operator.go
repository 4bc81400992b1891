package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/controller/batch"
	topiccontroller "castellan.io/castellan/internal/controller/topic"
	"castellan.io/castellan/internal/cruisecontrol"
)

// topicOperatorAddress is where health and metrics are served; the compatible API fixes it.
const topicOperatorAddress = ":8080"

func newTopicOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "topic-operator",
		Short:   "Keep KafkaTopic resources and the topics of one Kafka cluster in agreement",
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan-entity topic-operator",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := config.ReadTopicOperator(os.Getenv)
			if err != nil {
				return fmt.Errorf("configuration: %w", err)
			}
			return runTopicOperator(command.Context(), settings)
		},
	}
}

func runTopicOperator(ctx context.Context, c config.TopicOperator) error {
	if err := prepare(c.LogLevel); err != nil {
		return err
	}
	api, err := connect()
	if err != nil {
		return err
	}
	kafka, err := openTopics(ctx, api, c.Kafka)
	if err != nil {
		return err
	}
	defer kafka.Close()
	registry, err := newRegistry()
	if err != nil {
		return err
	}
	operator, err := newTopicOperator(api, kafka, c, registry)
	if err != nil {
		return err
	}
	return serve(ctx, topicOperatorAddress, registry, operator)
}

func openTopics(ctx context.Context, api *apiserver.Client, k config.KafkaAccess) (*broker.Topics, error) {
	access, err := kafkaAccess(ctx, secretsOf(api), k, "castellan-topic-operator")
	if err != nil {
		return nil, err
	}
	return broker.OpenTopics(access)
}

func newTopicOperator(api *apiserver.Client, kafka *broker.Topics, c config.TopicOperator, registry prometheus.Registerer) (*topiccontroller.Operator, error) {
	measured := topiccontroller.NewMetrics(c.Namespace, labels.Set(c.Labels).String(), c.AdditionalMetrics, time.Now)
	operator, err := topiccontroller.New(topiccontroller.Options{
		API: api, Kafka: kafka,
		Replicas:  replicas(kafka, c, measured),
		Namespace: c.Namespace, Labels: c.Labels, Resync: c.Resync, Finalizers: c.Finalizers,
		BatchSize: c.BatchSize, BatchLinger: c.BatchLinger, Workers: c.Workers,
		Alterable: c.Alterable, ThrottlesAreOthers: c.CruiseControl != nil,
		Mode: c.Mode, Exclusion: c.Exclusion, SyncInterval: c.SyncInterval,
		SkipConfigReview: c.SkipConfigReview, Metrics: measured, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	return operator, measured.Register(registry, operator)
}

// replicas is who changes numbers of replicas: Kafka by itself, or Cruise Control where there is one.
func replicas(kafka *broker.Topics, c config.TopicOperator, measured *batch.Metrics) topiccontroller.Replicas {
	cc := c.CruiseControl
	if cc == nil {
		return topiccontroller.NewReassigner(kafka, c.Throttle)
	}
	settings := cruisecontrol.Settings{Address: net.JoinHostPort(cc.Host, strconv.Itoa(cc.Port)), RackAware: cc.RackAware}
	if cc.TLS {
		settings.CAFile = cc.TrustFile
	}
	if cc.Auth {
		settings.UserFile, settings.PasswordFile = cc.UserFile, cc.PasswordFile
	}
	return topiccontroller.NewCruiseControl(cruisecontrol.New(settings), measured, time.Now)
}
