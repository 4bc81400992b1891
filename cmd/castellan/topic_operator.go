package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/controller/batch"
	topiccontroller "castellan.io/castellan/internal/controller/topic"
	"castellan.io/castellan/internal/cruisecontrol"
)

// topicOperatorAddress is where health and metrics are served; the compatible API fixes it.
const topicOperatorAddress = ":8080"

func newTopicOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "topic-operator",
		Short: "Keep KafkaTopic resources and the topics of one Kafka cluster in agreement",
		Long: `Keep KafkaTopic resources and the topics of one Kafka cluster in agreement.

Runs in the pod <cluster>-entity-operator that the cluster operator makes, or in a Deployment of its own
beside any Kafka (install/topic-operator). It is configured by environment variables named STRIMZI_…;
docs/topics.md lists them.`,
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan topic-operator",
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
	logger, err := newLogger(c.LogLevel)
	if err != nil {
		return err
	}
	spareMemory()
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	var operator *topiccontroller.Operator
	mgr, err := newTopicManager(c, func() prober { return probed(operator) })
	if err != nil {
		return err
	}
	kafka, err := openTopics(ctx, mgr.GetAPIReader(), c.Kafka)
	if err != nil {
		return err
	}
	defer kafka.Close()
	if operator, err = addTopicOperator(ctx, mgr, kafka, c); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

func newTopicManager(c config.TopicOperator, operator func() prober) (ctrl.Manager, error) {
	return newEntityManager(c.Namespace, topicOperatorAddress, cache.ByObject{Transform: topiccontroller.Trim()}, &v1.KafkaTopic{}, operator)
}

func openTopics(ctx context.Context, secrets client.Reader, k config.KafkaAccess) (*broker.Topics, error) {
	access, err := kafkaAccess(ctx, secrets, k, "castellan-topic-operator")
	if err != nil {
		return nil, err
	}
	return broker.OpenTopics(access)
}

func addTopicOperator(ctx context.Context, mgr ctrl.Manager, kafka *broker.Topics, c config.TopicOperator) (*topiccontroller.Operator, error) {
	if err := controller.RegisterMetrics(); err != nil {
		return nil, err
	}
	measured := topiccontroller.NewMetrics(c.Namespace, labels.Set(c.Labels).String(), c.AdditionalMetrics, time.Now)
	operator := topiccontroller.New(topiccontroller.Options{
		Client: mgr.GetClient(), Cache: mgr.GetCache(), Live: mgr.GetAPIReader(), Kafka: kafka,
		Replicas:  replicas(kafka, c, measured),
		Namespace: c.Namespace, Labels: c.Labels, Resync: c.Resync, Finalizers: c.Finalizers,
		BatchSize: c.BatchSize, BatchLinger: c.BatchLinger, Workers: c.Workers,
		Alterable: c.Alterable, ThrottlesAreOthers: c.CruiseControl != nil,
		Mode: c.Mode, Exclusion: c.Exclusion, SyncInterval: c.SyncInterval,
		SkipConfigReview: c.SkipConfigReview, Metrics: measured, Now: time.Now,
	})
	if err := measured.Register(metrics.Registry, operator); err != nil {
		return nil, err
	}
	return operator, operator.Setup(ctx, mgr)
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
	return topiccontroller.NewCruiseControl(cruisecontrol.New(settings), measured)
}
