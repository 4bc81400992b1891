package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/config"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/controller/idle"
	kafkacontroller "castellan.io/castellan/internal/controller/kafka"
	podsetcontroller "castellan.io/castellan/internal/controller/podset"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/logging"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/render"
)

const (
	// operatorAddress is where health and metrics are served; the compatible API fixes it.
	operatorAddress = ":8080"
	// requestsPerSecond and requestBurst keep one operator from overwhelming an API server; the server has
	// fairness of its own, so the bounds are wide.
	requestsPerSecond, requestBurst = 100, 200
	// machineReaderRole is the cluster role that lets Kafka's pods read the machine they run on.
	machineReaderRole = "strimzi-kafka-broker"
)

func newOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "operator",
		Short: "Reconcile Kafka, KafkaNodePool and StrimziPodSet resources",
		Long: `Reconcile Kafka, KafkaNodePool and StrimziPodSet resources.

Runs in a Deployment. It is configured by environment variables named STRIMZI_…; those of the
installation files are enough to start.`,
		Example: "  castellan operator",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := config.ReadOperator(os.Getenv)
			if err != nil {
				return fmt.Errorf("configuration: %w", err)
			}
			return runOperator(command.Context(), settings)
		},
	}
}

func runOperator(ctx context.Context, c config.Operator) error {
	logger, err := logging.New(c.LogLevel, os.Stdout)
	if err != nil {
		return err
	}
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	mgr, err := newManager(c, logger)
	if err != nil {
		return err
	}
	if err := addControllers(mgr, c); err != nil {
		return err
	}
	go func() {
		<-mgr.Elected()
		logger.Info("I'm the new leader", "identity", c.Election.Identity)
	}()
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

func newManager(c config.Operator, logger logr.Logger) (ctrl.Manager, error) {
	connection, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server: %w", err)
	}
	connection.QPS, connection.Burst = requestsPerSecond, requestBurst
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1.AddToScheme(scheme), podsetv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	lock, err := leaseLock(connection, c.Election)
	if err != nil {
		return nil, err
	}
	options := ctrl.Options{
		Scheme:  scheme,
		Logger:  logger,
		Cache:   kube.CacheOptions(c.Namespaces),
		Metrics: metricsserver.Options{BindAddress: operatorAddress, ExtraHandlers: healthHandlers()},
		// Leaving the lease at the end lets the next replica take over at once. Nothing runs after that.
		LeaderElection:                      c.Election.Enabled,
		LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel:       true,
		LeaseDuration:                       &c.Election.LeaseDuration,
		RenewDeadline:                       &c.Election.RenewDeadline,
		RetryPeriod:                         &c.Election.RetryPeriod,
	}
	mgr, err := ctrl.NewManager(connection, options)
	if err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	return mgr, nil
}

// leaseLock identifies this replica by the name that its configuration gives it.
func leaseLock(connection *rest.Config, e config.Election) (resourcelock.Interface, error) {
	if !e.Enabled {
		return nil, nil // no election needs no lock
	}
	clients, err := kubernetes.NewForConfig(connection)
	if err != nil {
		return nil, fmt.Errorf("set up leader election: %w", err)
	}
	return resourcelock.New(resourcelock.LeasesResourceLock, e.LeaseNamespace, e.LeaseName,
		clients.CoreV1(), clients.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: e.Identity})
}

// healthHandlers answer the probes. A replica that is not the leader is as healthy as one that is.
func healthHandlers() map[string]http.Handler {
	fine := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return map[string]http.Handler{"/healthy": fine, "/ready": fine}
}

func addControllers(mgr ctrl.Manager, c config.Operator) error {
	if err := reconciliation.Register(metrics.Registry); err != nil {
		return err
	}
	if err := podsetcontroller.Setup(mgr, c.Selector); err != nil {
		return err
	}
	if c.PodSetsOnly {
		return nil
	}
	settings, err := kafkaSettings(c)
	if err != nil {
		return err
	}
	platform := kube.New(mgr.GetClient(), mgr.GetAPIReader(), renderSettings(c))
	if err := mgr.Add(cleaning(platform, c.Namespaces)); err != nil {
		return err
	}
	reconciler := kafkacontroller.New(kafkacontroller.Options{
		Client:          mgr.GetClient(),
		Live:            mgr.GetAPIReader(),
		Runtime:         platform,
		Dialer:          broker.Kafka{},
		Launchers:       report.HTTP{},
		Settings:        settings,
		Entity:          entitySettings(c),
		KeyStores:       c.KeyStores,
		OperatorName:    c.Name,
		OperatorVersion: version,
		Now:             time.Now,
		Random:          rand.Reader,
	})
	if err := metrics.Registry.Register(reconciler.Metrics()); err != nil {
		return err
	}
	timing := controller.Timing{Resync: c.Resync, Patience: c.Timeout, Now: time.Now}
	shell := controller.NewShell(mgr.GetClient(), reconciler, "Kafka", c.Selector, timing)
	if err := kafkacontroller.Setup(mgr, shell, kube.Metadata()); err != nil {
		return err
	}
	return idle.Setup(mgr, idle.Options{Kinds: idle.Kinds(), Namespaces: c.Namespaces, Selector: c.Selector, Timing: timing})
}

// cleaning removes once, when this replica leads, what clusters left behind that were deleted while no operator ran. What it cannot
// remove does no harm until the next start.
func cleaning(platform *kube.Runtime, namespaces []string) manager.Runnable {
	return manager.RunnableFunc(func(ctx context.Context) error {
		if err := platform.RemoveOrphans(ctx, namespaces); err != nil {
			ctrl.LoggerFrom(ctx).Info("something was left behind", "why", err.Error())
		}
		return nil
	})
}

func kafkaSettings(c config.Operator) (kafka.Settings, error) {
	versions, err := kafka.AllVersions(c.KafkaImages)
	if err != nil {
		return kafka.Settings{}, fmt.Errorf("STRIMZI_KAFKA_IMAGES: %w", err)
	}
	exclusion, err := kafka.ParseLabelExclusion(c.LabelExclusion)
	if err != nil {
		return kafka.Settings{}, fmt.Errorf("STRIMZI_LABELS_EXCLUSION_PATTERN: %w", err)
	}
	return kafka.Settings{
		Versions: versions, LauncherImage: c.LauncherImage, DNSDomain: c.DNSDomain,
		NetworkPolicies: c.NetworkPolicies, DisruptionBudgets: c.DisruptionBudgets, LabelExclusion: exclusion,
	}, nil
}

func entitySettings(c config.Operator) entityoperator.Settings {
	return entityoperator.Settings{
		TopicOperatorImage: c.TopicOperatorImage, UserOperatorImage: c.UserOperatorImage,
		Elsewhere: c.EntityOperatorsElsewhere, KeyStores: c.KeyStores, FeatureGates: c.FeatureGates,
		NetworkPolicies: c.NetworkPolicies, DisruptionBudgets: c.DisruptionBudgets,
	}
}

func renderSettings(c config.Operator) render.Settings {
	return render.Settings{
		PullPolicy: c.PullPolicy, PullSecrets: c.PullSecrets, Restricted: c.Restricted,
		OperatorNamespace: c.Namespace, OperatorNamespaceLabels: c.NamespaceLabels,
		PodLabels: c.PodLabels, MachineReaderRole: machineReaderRole,
	}
}
