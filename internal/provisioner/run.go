package provisioner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller/metrics"

	"castellan.io/castellan/internal/provisioner/volume"
)

const (
	// retryFirst and retryMost bound the growing pause between attempts at one
	// claim or volume. What a person has to change is tried no more often than
	// the library's five minutes.
	retryFirst = 2 * time.Second
	retryMost  = 10 * time.Minute

	metricsSubsystem = "castellan_storage_provisioner"
)

// Config is what one node's instance needs.
type Config struct {
	// Client speaks to the Kubernetes API.
	Client kubernetes.Interface
	// NodeName is the metadata.name of the node the process runs on.
	NodeName string
	// BaseDirectories are the absolute paths volumes may be made in. They are
	// the same inside the process's container and on the node.
	BaseDirectories []string
	// ListenAddress is where health checks and metrics are answered; "" or "0"
	// means nowhere.
	ListenAddress string
	// Logger takes the messages of the provisioner and of the libraries it uses.
	Logger logr.Logger
	// Now is the clock that events are dated by.
	Now func() time.Time
}

// Check tells what is wrong with a configuration.
func (c Config) Check() error {
	if c.NodeName == "" {
		return errors.New("the node's name is missing: set --node-name or NODE_NAME")
	}
	if len(c.BaseDirectories) == 0 {
		return errors.New("no base directory: set --base-directory")
	}
	for _, base := range c.BaseDirectories {
		if !filepath.IsAbs(base) || filepath.Clean(base) != base || base == "/" {
			return fmt.Errorf("base directory %q: give an absolute path in its shortest form, below /", base)
		}
	}
	return nil
}

// Run serves the node's claims and volumes until the context ends. It fails on
// a wrong configuration and when it cannot listen; troubles of single claims
// and volumes become events and are tried again.
func Run(ctx context.Context, config Config) error {
	if err := config.Check(); err != nil {
		return err
	}
	config.BaseDirectories = slices.Clone(config.BaseDirectories)
	caches, err := newWatched(config.Client, config.NodeName)
	if err != nil {
		return err
	}
	if err := checkBases(config.BaseDirectories); err != nil {
		config.Logger.Error(err, "Not every base directory can be used")
	}
	group, ctx := errgroup.WithContext(klog.NewContext(ctx, config.Logger))
	registry := newRegistry()
	keeper := newClaimKeeper(ctx, config, caches, registry)
	if err := keeper.watch(caches.claims, caches.volumes); err != nil {
		return err
	}
	provisioning := newController(ctx, config, caches, registry)
	caches.run(ctx)
	group.Go(func() error {
		if caches.wait(ctx) {
			keeper.run(ctx)
		}
		return nil
	})
	group.Go(func() error {
		provisioning.Run(ctx)
		return nil
	})
	if serves(config.ListenAddress) {
		ready := func() error { return checkReady(caches.synced, config.BaseDirectories) }
		group.Go(func() error { return serve(ctx, config.ListenAddress, newHandler(registry, ready)) })
	}
	return group.Wait()
}

// newController sets the library up for one node: no leader, since no other
// instance does its work, and never giving up, since nobody else would. A
// volume whose object cannot be written is kept in a queue; the library's other
// way would remove its data although the write may have reached the server.
func newController(ctx context.Context, config Config, caches watched, registry prometheus.Registerer) *controller.ProvisionController {
	provisioner := nodeProvisioner{nodeName: config.NodeName, baseDirectories: config.BaseDirectories, nodes: config.Client.CoreV1().Nodes()}
	collected := metrics.New(metricsSubsystem)
	registry.MustRegister(
		collected.PersistentVolumeClaimProvisionTotal,
		collected.PersistentVolumeClaimProvisionFailedTotal,
		collected.PersistentVolumeClaimProvisionDurationSeconds,
		collected.PersistentVolumeDeleteTotal,
		collected.PersistentVolumeDeleteFailedTotal,
		collected.PersistentVolumeDeleteDurationSeconds,
	)
	return controller.NewProvisionController(ctx, config.Client, volume.ProvisionerName, provisioner,
		controller.LeaderElection(false),
		controller.ResyncPeriod(0), // every failure is tried again from the queue
		controller.AddFinalizer(true),
		controller.FailedProvisionThreshold(0),
		controller.FailedDeleteThreshold(0),
		controller.RateLimiter(newRateLimiter()),
		controller.CreateProvisionedPVLimiter(newRateLimiter()),
		controller.ClaimsInformer(caches.claims),
		controller.VolumesInformer(caches.volumes),
		controller.ClassesInformer(caches.classes),
		controller.MetricsInstance(collected),
	)
}

func newClaimKeeper(ctx context.Context, config Config, caches watched, registry prometheus.Registerer) *claimKeeper {
	grown := prometheus.NewCounter(prometheus.CounterOpts{
		Subsystem: metricsSubsystem,
		Name:      "persistentvolume_growth_total",
		Help:      "Total number of times a volume's capacity was raised because its claim asked for more.",
	})
	registry.MustRegister(grown)
	return &claimKeeper{
		client:   config.Client,
		claims:   caches.claims.GetStore(),
		volumes:  caches.volumes.GetStore(),
		classes:  caches.classes.GetStore(),
		queue:    workqueue.NewTypedRateLimitingQueue(newRateLimiter()),
		recorder: newRecorder(ctx, config),
		grown:    grown,
		logger:   config.Logger.WithName("claims"),
		now:      config.Now,
	}
}

func newRecorder(ctx context.Context, config Config) record.EventRecorder {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&corev1client.EventSinkImpl{Interface: config.Client.CoreV1().Events(corev1.NamespaceAll)})
	return broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: volume.ProvisionerName, Host: config.NodeName})
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

func newRateLimiter() workqueue.TypedRateLimiter[string] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryMost)
}
