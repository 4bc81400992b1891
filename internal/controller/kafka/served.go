package kafka

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/outcome"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/plan"
)

// Launchers tell what their nodes' TLS listeners do.
type Launchers interface {
	// Listeners asks the launcher at a host and port.
	Listeners(ctx context.Context, address string) ([]report.Listener, error)
}

const (
	// launchersAtOnce is how many launchers are asked at the same time.
	launchersAtOnce = 16
	// servedCheck is how often nodes are asked that have not taken over their certificates yet: nothing tells when the kubelet
	// has brought the files.
	servedCheck = time.Second
	// servedPatience is for how long that is no reason to worry: without a nudge the kubelet looks at secrets about once a minute.
	servedPatience = 2 * time.Minute
)

// warningCertificatesNotLoaded is the reason of a warning about nodes that do not take over their certificates.
const warningCertificatesNotLoaded = "CertificatesNotLoaded"

// ask asks the launchers of nodes that run and of which it is not known what they serve.
func (r *Reconciler) ask(ctx context.Context, key types.NamespacedName, cluster *kafka.Cluster, nodes plan.Observed) map[string][]report.Listener {
	known := r.loaded.of(key)
	var mu sync.Mutex
	out := map[string][]report.Listener{}
	var group errgroup.Group
	group.SetLimit(launchersAtOnce)
	for _, n := range cluster.Nodes {
		is, exists := nodes.Instances[n.Name]
		if !exists || !is.Ready || is.Ending {
			continue
		}
		if before, confirmed := known[n.Name]; confirmed && before.uid == is.UID {
			mu.Lock()
			out[n.Name] = before.listeners
			mu.Unlock()
			continue
		}
		group.Go(func() error {
			listeners, err := r.Launchers.Listeners(ctx, cluster.LauncherAddress(n))
			if err != nil {
				log.FromContext(ctx).V(1).Info("a launcher could not be asked", "node", n.Name, "why", err.Error())
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			out[n.Name] = listeners
			return nil
		})
	}
	_ = group.Wait()
	return out
}

// summary is what decisions about certificates need to know of each node that answered.
func summary(listeners map[string][]report.Listener) map[string]pki.Served {
	out := map[string]pki.Served{}
	for name, seen := range listeners {
		if served, agreed := kafka.Internal(seen); agreed {
			out[name] = served
		}
	}
	return out
}

// confirm compares what nodes serve with the plan. What is as planned is remembered and not asked again; the rest is waited for, and
// warned of when that takes long.
func (r *Reconciler) confirm(ctx context.Context, k *v1.Kafka, cluster *kafka.Cluster, certs kafka.Certificates, seen observed) ([]v1.Condition, error) {
	key := client.ObjectKeyFromObject(k)
	confirmed := map[string]loadedNode{}
	waiting := ""
	for _, n := range cluster.Nodes {
		is, exists := seen.nodes.Instances[n.Name]
		if !exists || !is.Ready || is.Ending {
			continue
		}
		why, err := cluster.NotServed(n, certs, seen.listeners[n.Name])
		if err != nil {
			return nil, err
		}
		if why == "" {
			confirmed[n.Name] = loadedNode{is.UID, seen.listeners[n.Name]}
			continue
		}
		waiting = why
	}
	since := r.loaded.set(ctx, key, confirmed, waiting, r.Now())
	switch {
	case waiting == "":
		return nil, nil
	case r.Now().Sub(since) < servedPatience:
		return nil, outcome.Wait("Certificates", waiting, servedCheck)
	}
	return []v1.Condition{{
		Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: warningCertificatesNotLoaded,
		Message: "Certificates have changed and are not in use yet: " + waiting,
	}}, nil
}

// loaded remembers what nodes serve, as long as that is what they should. It saves questions; forgetting it costs some more.
type loaded struct {
	mu       sync.Mutex
	clusters map[types.NamespacedName]loadedCluster
}

type loadedCluster struct {
	nodes map[string]loadedNode
	// since is when the first node was seen that does not serve what it should; zero if all do.
	since time.Time
}

// loadedNode is what an instance serves.
type loadedNode struct {
	uid       string
	listeners []report.Listener
}

func newLoaded() *loaded { return &loaded{clusters: map[types.NamespacedName]loadedCluster{}} }

func (l *loaded) of(key types.NamespacedName) map[string]loadedNode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clusters[key].nodes
}

func (l *loaded) set(ctx context.Context, key types.NamespacedName, nodes map[string]loadedNode, waiting string, now time.Time) (since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.clusters[key]
	switch {
	case waiting == "" && !before.since.IsZero():
		log.FromContext(ctx).Info("all nodes serve their present certificates", "after", now.Sub(before.since).String())
	case waiting != "":
		since = before.since
		if since.IsZero() {
			since = now
			log.FromContext(ctx).Info("waiting for nodes to take over certificates", "for", waiting)
		}
	}
	l.clusters[key] = loadedCluster{nodes, since}
	return since
}

func (l *loaded) forget(key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clusters, key)
}
