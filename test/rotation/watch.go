package rotation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/launch/report"
	"castellan.io/castellan/internal/pki"
)

// Change is a certificate that a node began to serve.
type Change struct {
	Node, Listener string
	Serial         string
	At, NotAfter   time.Time
}

// Watch notes which certificates the nodes of a cluster serve, and whether they restart.
type Watch struct {
	cluster Cluster
	stop    context.CancelFunc
	task    sync.WaitGroup

	mu          sync.Mutex
	first       map[string]incarnation
	serials     map[string]string
	changes     []Change
	generations map[string]bool
	expired     []string
}

// incarnation tells a container from the next.
type incarnation struct {
	uid      string
	restarts int32
}

// StartWatch begins to look, once a second.
func StartWatch(ctx context.Context, cluster Cluster) (*Watch, error) {
	w := &Watch{cluster: cluster, serials: map[string]string{}, generations: map[string]bool{}}
	var err error
	if w.first, err = w.incarnations(ctx); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	w.stop = stop
	w.task.Go(func() {
		for each(running, time.Second) {
			w.look(running)
		}
	})
	return w, nil
}

func (w *Watch) pods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := w.cluster.Client.List(ctx, &list, client.InNamespace(w.cluster.Namespace), client.MatchingLabels{v1.LabelCluster: w.cluster.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	return list.Items, nil
}

func (w *Watch) incarnations(ctx context.Context) (map[string]incarnation, error) {
	pods, err := w.pods(ctx)
	out := map[string]incarnation{}
	for i := range pods {
		one := incarnation{uid: string(pods[i].UID)}
		for _, container := range pods[i].Status.ContainerStatuses {
			one.restarts += container.RestartCount
		}
		out[pods[i].Name] = one
	}
	return out, err
}

// look asks every launcher. What cannot be asked now is asked next time.
func (w *Watch) look(ctx context.Context) {
	pods, err := w.pods(ctx)
	if err != nil {
		return
	}
	for i := range pods {
		listeners, err := report.HTTP{}.Listeners(ctx, pods[i].Status.PodIP+":8080")
		if err == nil {
			w.note(pods[i].Name, listeners)
		}
	}
	var secret corev1.Secret
	name := w.cluster.Name + "-" + string(pki.ClusterAuthority) + "-cert"
	if err := w.cluster.Client.Get(ctx, client.ObjectKey{Namespace: w.cluster.Namespace, Name: name}, &secret); err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.generations[secret.Annotations[v1.AnnotationCACertGeneration]] = true
	}
}

func (w *Watch) note(node string, listeners []report.Listener) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for _, l := range listeners {
		if l.Serial == "" {
			continue
		}
		if now.After(l.NotAfter) {
			w.expired = append(w.expired, fmt.Sprintf("%s %s served a certificate that had ended %s before", node, l.Name, now.Sub(l.NotAfter)))
		}
		key := node + " " + l.Name
		if w.serials[key] != l.Serial {
			w.serials[key] = l.Serial
			w.changes = append(w.changes, Change{node, l.Name, l.Serial, now, l.NotAfter})
		}
	}
}

// Renewals are those so far, by listener of a node.
func (w *Watch) Renewals() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]int{}
	for key := range w.serials {
		out[key] = -1 // what it served at the beginning is none
	}
	for _, c := range w.changes {
		out[c.Node+" "+c.Listener]++
	}
	return out
}

// Seen is what a watch has noted.
type Seen struct {
	// Changes in the order in which they were seen; the first of each listener is what it served at the beginning.
	Changes []Change
	// Renewals counts the changes after the first ones, by listener of a node.
	Renewals map[string]int
	// Authorities is how many certificates the cluster's authority had.
	Authorities int
	// Restarts names nodes that are not the container any more which they were at the beginning.
	Restarts []string
	// Expired names listeners that served a certificate after its end.
	Expired []string
}

// Finish ends the watch.
func (w *Watch) Finish(ctx context.Context) (Seen, error) {
	w.stop()
	w.task.Wait()
	w.look(ctx) // the last one may have ended in the middle of the nodes
	last, err := w.incarnations(ctx)
	if err != nil {
		return Seen{}, err
	}
	out := Seen{Changes: w.changes, Renewals: w.Renewals(), Authorities: len(w.generations), Expired: w.expired}
	for _, name := range slices.Sorted(maps.Keys(w.first)) {
		if last[name] != w.first[name] {
			out.Restarts = append(out.Restarts, name)
		}
	}
	return out, nil
}
