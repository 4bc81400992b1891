package topic

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/topic"
)

// resources knows which resource of the namespace names which topic. The cache has the resources themselves. Most topics are called
// like their resource, and there may be tens of thousands: only the others are written down twice.
type resources struct {
	namespace string
	mu        sync.RWMutex
	// names are the resources; renamed are the topics of those that name another one; claims are these resources by topic.
	names   map[string]struct{}
	renamed map[string]string
	claims  map[string][]string
	// paused are resources that ask to be left alone.
	paused map[string]struct{}
	// orphans are topics of resources that are gone, which are to be deleted.
	orphans map[string]string
}

func newResources(namespace string) *resources {
	return &resources{
		namespace: namespace, names: map[string]struct{}{}, renamed: map[string]string{}, claims: map[string][]string{},
		paused: map[string]struct{}{}, orphans: map[string]string{},
	}
}

func (r *resources) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: r.namespace, Name: name}
}

func (r *resources) put(t *v1.KafkaTopic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(t.Name)
	delete(r.orphans, t.Name)
	r.names[t.Name] = struct{}{}
	if name := topic.Claimed(t); name != t.Name {
		r.renamed[t.Name] = name
		r.claims[name] = append(r.claims[name], t.Name)
	}
	if controller.Paused(t) {
		r.paused[t.Name] = struct{}{}
	}
}

func (r *resources) remove(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(key.Name)
}

// drop forgets a resource; the caller holds the lock.
func (r *resources) drop(name string) {
	delete(r.names, name)
	delete(r.paused, name)
	of, renamed := r.renamed[name]
	if !renamed {
		return
	}
	delete(r.renamed, name)
	left := slices.DeleteFunc(slices.Clone(r.claims[of]), func(n string) bool { return n == name })
	if len(left) == 0 {
		delete(r.claims, of)
		return
	}
	r.claims[of] = left
}

// claiming are the resources that name a topic.
func (r *resources) claiming(topic string) []types.NamespacedName {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []types.NamespacedName
	for _, name := range r.claims[topic] {
		out = append(out, r.key(name))
	}
	_, exists := r.names[topic]
	if _, renamed := r.renamed[topic]; exists && !renamed {
		out = append(out, r.key(topic))
	}
	return out
}

func (r *resources) orphan(key types.NamespacedName, topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orphans[key.Name] = topic
}

// orphaned is the topic that a resource left behind.
func (r *resources) orphaned(key types.NamespacedName) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	name, is := r.orphans[key.Name]
	return name, is
}

func (r *resources) adopted(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.orphans, key.Name)
}

func (r *resources) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.names)
}

func (r *resources) pausedCount() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.paused)
}

func (r *resources) each(do func(types.NamespacedName)) {
	r.mu.RLock()
	names := slices.Collect(maps.Keys(r.names))
	r.mu.RUnlock()
	for _, name := range names {
		do(r.key(name))
	}
}
