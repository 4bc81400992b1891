package topic

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/topic"
)

// How long a deletion waits, where it is followed on the other side, for others to come along with it; and for how long one that was
// followed counts together with those that come after it.
const (
	settling = 5 * time.Second
	together = time.Minute
)

// deletions counts what is deleted at the same time on either side, for the guard against accidents. Losing the counts at a restart
// does not harm: what waits is counted anew, and what was held says so in its status.
type deletions struct {
	now func() time.Time
	mu  sync.Mutex
	// leaving are resources that are being deleted.
	leaving map[types.NamespacedName]bool
	// vanished are resources whose topics were deleted in Kafka, with when that was first seen.
	vanished map[types.NamespacedName]time.Time
	// followed is when deletions were carried out on the other side.
	followed []time.Time
}

func newDeletions(now func() time.Time) *deletions {
	return &deletions{now: now, leaving: map[types.NamespacedName]bool{}, vanished: map[types.NamespacedName]time.Time{}}
}

// see notes whether a resource is being deleted without anybody having confirmed it.
func (d *deletions) see(key types.NamespacedName, t *v1.KafkaTopic) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.DeletionTimestamp != nil && topic.Managed(t) && !confirmed(t) {
		d.leaving[key] = true
		return
	}
	delete(d.leaving, key)
}

// vanish notes that a topic is not in Kafka any more, and tells for how long that is known.
func (d *deletions) vanish(key types.NamespacedName) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, known := d.vanished[key]
	if !known {
		since = d.now()
		d.vanished[key] = since
	}
	return d.now().Sub(since)
}

// exists notes that the topic of a resource is in Kafka.
func (d *deletions) exists(key types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.vanished, key)
}

func (d *deletions) forget(key types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.vanished, key)
	delete(d.leaving, key)
}

// follow notes that the deletion of a resource or of its topic is carried out on the other side: it counts on, and once.
func (d *deletions) follow(key types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.leaving, key)
	delete(d.vanished, key)
	d.followed = append(d.followed, d.now())
}

// manyResources and manyTopics tell whether the deletions of that side look like an accident, of so many that are known.
func (d *deletions) manyResources(known int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return topic.Many(len(d.leaving)+d.recent(), known)
}

func (d *deletions) manyTopics(known int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return topic.Many(len(d.vanished)+d.recent(), known)
}

func (d *deletions) recent() int {
	oldest := d.now().Add(-together)
	d.followed = slices.DeleteFunc(d.followed, func(at time.Time) bool { return at.Before(oldest) })
	return len(d.followed)
}

// confirmed tells whether the user said that the deletion was meant.
func confirmed(t *v1.KafkaTopic) bool { return t.Annotations[v1.AnnotationConfirmDeletion] == "true" }
