package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/config"
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
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_CA_CERT_NAME=my-ca-cert STRIMZI_CA_KEY_NAME=my-ca \\\n" +
			"    STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan-entity user-operator",
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
	if err := prepare(c.LogLevel); err != nil {
		return err
	}
	api, err := connect()
	if err != nil {
		return err
	}
	access, err := kafkaAccess(ctx, secretsOf(api), c.Kafka, "castellan-user-operator")
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
	registry, err := newRegistry()
	if err != nil {
		return err
	}
	keys := spare.New(rand.Reader)
	operator, err := newUserOperator(c, usercontroller.Options{API: api, Kafka: users, Self: self, NewKey: keys.Take}, registry)
	if err != nil {
		return err
	}
	if c.KeyAlgorithm != pki.RSA2048 {
		return serve(ctx, userOperatorAddress, registry, operator)
	}
	return serve(ctx, userOperatorAddress, registry, operator, keys.Run)
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

// newUserOperator completes the options by what the configuration says.
func newUserOperator(c config.UserOperator, o usercontroller.Options, registry prometheus.Registerer) (*usercontroller.Operator, error) {
	exclusion, err := kafka.ParseLabelExclusion(config.DefaultLabelExclusion)
	if err != nil {
		return nil, err
	}
	measured := usercontroller.NewMetrics(c.Namespace, labels.Set(c.Labels).String(), time.Now)
	o.Namespace, o.Labels = c.Namespace, c.Labels
	o.CANamespace, o.CACertSecret, o.CAKeySecret = c.CANamespace, c.CACertSecret, c.CAKeySecret
	o.Credentials = credential.Defaults{Lifetime: c.Lifetime, Key: c.KeyAlgorithm, PKCS12: c.PKCS12, PasswordLength: c.PasswordLength}
	o.SecretPrefix, o.SecretNamespaces, o.LabelExclusion = c.SecretPrefix, c.SecretNamespaces, exclusion
	o.ACLs, o.Ignored, o.ReportDrift, o.Windows = c.ACLs, c.Ignored, c.ReportDrift, c.Windows
	o.Refresh, o.Timeout, o.BatchSize, o.BatchLinger, o.Workers = refresh(c), c.Timeout, c.BatchSize, c.BatchLinger, c.Workers
	o.Metrics, o.Now, o.Random = measured, time.Now, rand.Reader
	operator, err := usercontroller.New(o)
	if err != nil {
		return nil, err
	}
	return operator, measured.Register(registry, operator)
}

// refresh is how often all that Kafka holds is read: as often as one of the two intervals asks for.
func refresh(c config.UserOperator) time.Duration {
	if c.Refresh > 0 {
		return min(c.Refresh, c.Resync)
	}
	return c.Resync
}
