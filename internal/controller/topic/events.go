package topic

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/controller"
	"castellan.io/castellan/internal/topic"
)

// Trim leaves out of a resource what nobody here reads: there may be tens of thousands. It is the cache's transformation.
func Trim(object any) (any, error) {
	t, is := object.(*v1.KafkaTopic)
	if !is {
		return object, nil
	}
	t.ManagedFields, t.OwnerReferences, t.GenerateName = nil, nil, ""
	for name := range t.Annotations {
		if !slices.Contains(annotationsRead(), name) {
			delete(t.Annotations, name)
		}
	}
	if len(t.Annotations) == 0 {
		t.Annotations = nil
	}
	return t, nil
}

func annotationsRead() []string {
	return []string{v1.AnnotationManaged, v1.AnnotationPauseReconciliation, v1.AnnotationAgreed, v1.AnnotationConfirmDeletion, v1.AnnotationDrift}
}

// events fill the queue. What the operator itself writes, statuses and finalizers, is no reason to look again.
func (o *Operator) events() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if t, is := object.(*v1.KafkaTopic); is {
				o.added(t)
			}
		},
		UpdateFunc: func(before, after any) {
			was, is1 := before.(*v1.KafkaTopic)
			is, is2 := after.(*v1.KafkaTopic)
			if is1 && is2 {
				o.changed(was, is)
			}
		},
		DeleteFunc: func(object any) {
			if last, is := object.(toolscache.DeletedFinalStateUnknown); is {
				object = last.Obj
			}
			if t, is := object.(*v1.KafkaTopic); is {
				o.gone(t)
			}
		},
	}
}

func (o *Operator) added(t *v1.KafkaTopic) {
	if !o.selects(t) {
		return
	}
	key := client.ObjectKeyFromObject(t)
	o.resources.put(key, topic.Name(t), controller.Paused(t))
	o.deletions.see(key, t)
	o.queue.Add(key)
}

func (o *Operator) changed(was, is *v1.KafkaTopic) {
	key := client.ObjectKeyFromObject(is)
	if !o.selects(is) {
		o.forget(key)
		o.others(topic.Name(was))
		return
	}
	if was.UID != is.UID {
		o.gone(was)
	}
	o.resources.put(key, topic.Name(is), controller.Paused(is))
	o.deletions.see(key, is)
	if o.saysSomethingNew(was, is) {
		o.queue.Forget(key)
		o.queue.Add(key)
	}
	if topic.Name(was) != topic.Name(is) || topic.Managed(was) && !topic.Managed(is) {
		o.others(topic.Name(was))
	}
}

func (o *Operator) saysSomethingNew(was, is *v1.KafkaTopic) bool {
	return was.UID != is.UID || was.Generation != is.Generation || was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero() ||
		!o.selects(was) || !maps.Equal(asked(was), asked(is)) || o.Finalizers == hasFinalizer(was) && o.Finalizers != hasFinalizer(is)
}

// asked are the annotations by which users ask for something.
func asked(t *v1.KafkaTopic) map[string]string {
	out := maps.Clone(t.Annotations)
	delete(out, v1.AnnotationAgreed)
	return out
}

// gone forgets a resource. Without finalizers this is when its topic is to be deleted.
func (o *Operator) gone(t *v1.KafkaTopic) {
	key := client.ObjectKeyFromObject(t)
	selected := o.selects(t)
	o.forget(key)
	if selected && !o.Finalizers && topic.Managed(t) && !hasFinalizer(t) {
		o.resources.orphan(key, topic.Name(t))
		o.queue.Add(key)
	}
	o.others(topic.Name(t))
}

func (o *Operator) forget(key types.NamespacedName) {
	o.resources.remove(key)
	o.deletions.forget(key)
	o.queue.Forget(key)
}

// others looks at the resources that name a topic: one of them may manage it now.
func (o *Operator) others(name string) {
	for _, key := range o.resources.claiming(name) {
		o.queue.Add(key)
	}
}

func (o *Operator) selects(t *v1.KafkaTopic) bool {
	for name, value := range o.Labels {
		if t.Labels[name] != value {
			return false
		}
	}
	return true
}

func hasFinalizer(t *v1.KafkaTopic) bool { return slices.Contains(t.Finalizers, v1.FinalizerTopic) }

// resources knows which resource names which topic. The cache has the resources themselves.
type resources struct {
	mu sync.RWMutex
	// topics are names in Kafka by resource; claims are resources by name in Kafka.
	topics map[types.NamespacedName]string
	claims map[string][]types.NamespacedName
	// paused are resources that ask to be left alone.
	paused map[types.NamespacedName]bool
	// orphans are topics of resources that are gone, which are to be deleted.
	orphans map[types.NamespacedName]string
}

func newResources() *resources {
	return &resources{
		topics: map[types.NamespacedName]string{}, claims: map[string][]types.NamespacedName{}, paused: map[types.NamespacedName]bool{}, orphans: map[types.NamespacedName]string{},
	}
}

func (r *resources) put(key types.NamespacedName, name string, paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.orphans, key)
	delete(r.paused, key)
	if paused {
		r.paused[key] = true
	}
	if was, known := r.topics[key]; known {
		if was == name {
			return
		}
		r.drop(key, was)
	}
	r.topics[key] = name
	r.claims[name] = append(r.claims[name], key)
}

func (r *resources) remove(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, known := r.topics[key]; known {
		r.drop(key, name)
		delete(r.topics, key)
	}
	delete(r.paused, key)
}

// drop takes a claim away; the caller holds the lock.
func (r *resources) drop(key types.NamespacedName, name string) {
	left := slices.DeleteFunc(slices.Clone(r.claims[name]), func(k types.NamespacedName) bool { return k == key })
	if len(left) == 0 {
		delete(r.claims, name)
		return
	}
	r.claims[name] = left
}

func (r *resources) orphan(key types.NamespacedName, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orphans[key] = name
}

// orphaned is the topic that a resource left behind.
func (r *resources) orphaned(key types.NamespacedName) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	name, is := r.orphans[key]
	return name, is
}

func (r *resources) adopted(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.orphans, key)
}

// claiming are the resources that name a topic.
func (r *resources) claiming(name string) []types.NamespacedName {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.claims[name]
}

func (r *resources) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.topics)
}

func (r *resources) pausedCount() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.paused)
}

func (r *resources) each(do func(types.NamespacedName)) {
	r.mu.RLock()
	keys := slices.Collect(maps.Keys(r.topics))
	r.mu.RUnlock()
	for _, key := range keys {
		do(key)
	}
}
