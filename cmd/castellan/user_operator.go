package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/controller"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/pki/spare"
	"castellan.io/castellan/internal/user/credential"
)

// userOperatorAddress is where health and metrics are served; the compatible API fixes it.
const userOperatorAddress = ":8081"

func newUserOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "user-operator",
		Short: "Keep KafkaUser resources, their Secrets and the users of one Kafka cluster in agreement",
		Long: `Keep KafkaUser resources, their Secrets and the users of one Kafka cluster in agreement.

Runs in the pod <cluster>-entity-operator that the cluster operator makes, or in a Deployment of its own
beside any Kafka (install/user-operator). It is configured by environment variables named STRIMZI_…;
docs/users.md lists them.`,
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_CA_CERT_NAME=my-ca-cert STRIMZI_CA_KEY_NAME=my-ca \\\n" +
			"    STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan user-operator",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := config.ReadUserOperator(os.Getenv)
			if err != nil {
				return fmt.Errorf("configuration: %w", err)
			}
			return runUserOperator(command.Context(), settings)
		},
	}
}

func runUserOperator(ctx context.Context, c config.UserOperator) error {
	logger, err := newLogger(c.LogLevel)
	if err != nil {
		return err
	}
	spareMemory()
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	var operator *usercontroller.Operator
	mgr, err := newEntityManager(c.Namespace, userOperatorAddress, cache.ByObject{
		Transform: usercontroller.Trim(), Label: labels.SelectorFromSet(c.Labels),
	}, &v1.KafkaUser{}, func() prober { return probed(operator) })
	if err != nil {
		return err
	}
	access, err := kafkaAccess(ctx, mgr.GetAPIReader(), c.Kafka, "castellan-user-operator")
	if err != nil {
		return err
	}
	users, err := broker.OpenUsers(access)
	if err != nil {
		return err
	}
	defer users.Close()
	self, err := ownName(ctx, access)
	if err != nil {
		return err
	}
	if operator, err = addUserOperator(ctx, mgr, users, c, self); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// ownName is what the operator is called in Kafka, as far as it says so itself: whatever Kafka holds about that must stay.
func ownName(ctx context.Context, access broker.Access) (string, error) {
	if access.SASL != nil {
		return access.SASL.Username, nil
	}
	if access.TLSNow == nil {
		return "", nil
	}
	security, err := access.TLSNow(ctx)
	if err != nil || len(security.Certificates) == 0 {
		return "", err
	}
	leaf, err := x509.ParseCertificate(security.Certificates[0].Certificate[0])
	if err != nil {
		return "", fmt.Errorf("read the operator's own certificate: %w", err)
	}
	return "CN=" + leaf.Subject.CommonName, nil
}

func addUserOperator(ctx context.Context, mgr ctrl.Manager, users *broker.Users, c config.UserOperator, self string) (*usercontroller.Operator, error) {
	if err := controller.RegisterMetrics(); err != nil {
		return nil, err
	}
	exclusion, err := kafka.ParseLabelExclusion(config.DefaultLabelExclusion)
	if err != nil {
		return nil, err
	}
	direct, err := client.NewWithWatch(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	keys := spare.New(rand.Reader)
	if c.KeyAlgorithm == pki.RSA2048 {
		if err := mgr.Add(manager.RunnableFunc(keys.Run)); err != nil {
			return nil, err
		}
	}
	measured := usercontroller.NewMetrics(c.Namespace, labels.Set(c.Labels).String(), time.Now)
	operator := usercontroller.New(usercontroller.Options{
		Client: direct, Cache: mgr.GetCache(), Live: direct, Kafka: users,
		Namespace: c.Namespace, Labels: c.Labels,
		CANamespace: c.CANamespace, CACertSecret: c.CACertSecret, CAKeySecret: c.CAKeySecret,
		Credentials:  credential.Defaults{Lifetime: c.Lifetime, Key: c.KeyAlgorithm, PKCS12: c.PKCS12, PasswordLength: c.PasswordLength},
		SecretPrefix: c.SecretPrefix, SecretNamespaces: c.SecretNamespaces, LabelExclusion: exclusion,
		ACLs: c.ACLs, Self: self, Ignored: c.Ignored, ReportDrift: c.ReportDrift, Windows: c.Windows,
		Refresh: refresh(c), Timeout: c.Timeout, BatchSize: c.BatchSize, BatchLinger: c.BatchLinger, Workers: c.Workers,
		Metrics: measured, Now: time.Now, Random: rand.Reader,
		NewKey: keys.Take,
	})
	if err := measured.Register(metrics.Registry, operator); err != nil {
		return nil, err
	}
	return operator, operator.Setup(ctx, mgr)
}

// refresh is how often all that Kafka holds is read: as often as one of the two intervals asks for.
func refresh(c config.UserOperator) time.Duration {
	if c.Refresh > 0 {
		return min(c.Refresh, c.Resync)
	}
	return c.Resync
}
