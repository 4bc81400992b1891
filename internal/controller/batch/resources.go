package batch

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// Resources knows which resource of the namespace names what in Kafka: its topic or its user. The cache has the resources themselves. Most
// things are called like their resource, and there may be tens of thousands: only the others are written down twice.
type Resources struct {
	namespace string
	mu        sync.RWMutex
	// names are the resources; renamed is what those name that name something else; claims are these resources by what they name.
	names   map[string]struct{}
	renamed map[string]string
	claims  map[string][]string
	// paused are resources that ask to be left alone.
	paused map[string]struct{}
	// orphans is what resources that are gone have left in Kafka, to be deleted.
	orphans map[string]string
}

// NewResources knows no resource of the namespace yet.
func NewResources(namespace string) *Resources {
	return &Resources{
		namespace: namespace, names: map[string]struct{}{}, renamed: map[string]string{}, claims: map[string][]string{},
		paused: map[string]struct{}{}, orphans: map[string]string{},
	}
}

func (r *Resources) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: r.namespace, Name: name}
}

// Put notes what a resource names, and whether it asks to be left alone.
func (r *Resources) Put(name, names string, paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(name)
	delete(r.orphans, name)
	r.names[name] = struct{}{}
	if names != name {
		r.renamed[name] = names
		r.claims[names] = append(r.claims[names], name)
	}
	if paused {
		r.paused[name] = struct{}{}
	}
}

// Remove forgets a resource.
func (r *Resources) Remove(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(key.Name)
}

// drop forgets a resource; the caller holds the lock.
func (r *Resources) drop(name string) {
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

// Has tells whether a resource exists.
func (r *Resources) Has(name string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, exists := r.names[name]
	return exists
}

// Claiming are the resources that name the same thing.
func (r *Resources) Claiming(names string) []types.NamespacedName {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []types.NamespacedName
	for _, name := range r.claims[names] {
		out = append(out, r.key(name))
	}
	_, exists := r.names[names]
	if _, renamed := r.renamed[names]; exists && !renamed {
		out = append(out, r.key(names))
	}
	return out
}

// Orphan notes what a resource that is gone has left in Kafka.
func (r *Resources) Orphan(key types.NamespacedName, names string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orphans[key.Name] = names
}

// Orphaned is what a resource that is gone has left in Kafka.
func (r *Resources) Orphaned(key types.NamespacedName) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	name, is := r.orphans[key.Name]
	return name, is
}

// Adopted notes that nothing is left in Kafka, or that it belongs to another resource.
func (r *Resources) Adopted(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.orphans, key.Name)
}

// Count is how many resources there are.
func (r *Resources) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.names)
}

// Paused is how many of them ask to be left alone.
func (r *Resources) Paused() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.paused)
}

// Each does something with every resource.
func (r *Resources) Each(do func(types.NamespacedName)) {
	r.mu.RLock()
	names := slices.Collect(maps.Keys(r.names))
	r.mu.RUnlock()
	for _, name := range names {
		do(r.key(name))
	}
}
