package topic

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/topic"
)

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

func keyOf(t *v1.KafkaTopic) types.NamespacedName {
	return types.NamespacedName{Namespace: t.Namespace, Name: t.Name}
}

func (o *Operator) added(t *v1.KafkaTopic) {
	if !o.selects(t) {
		return
	}
	key := keyOf(t)
	o.resources.Put(t.Name, topic.Claimed(t), reconciliation.Paused(t))
	o.deletions.see(key, t)
	o.queue.Add(key)
}

func (o *Operator) changed(was, is *v1.KafkaTopic) {
	key := keyOf(is)
	if !o.selects(is) {
		o.forget(key)
		o.others(topic.Claimed(was))
		return
	}
	if was.UID != is.UID {
		o.gone(was)
	}
	o.resources.Put(is.Name, topic.Claimed(is), reconciliation.Paused(is))
	o.deletions.see(key, is)
	if o.saysSomethingNew(was, is) {
		o.queue.Forget(key)
		o.queue.Add(key)
	}
	if topic.Claimed(was) != topic.Claimed(is) || topic.Managed(was) && !topic.Managed(is) {
		o.others(topic.Claimed(was))
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
	key := keyOf(t)
	selected := o.selects(t)
	o.forget(key)
	if selected && !o.Finalizers && topic.Managed(t) && !hasFinalizer(t) {
		o.resources.Orphan(key, topic.Claimed(t))
		o.queue.Add(key)
	}
	o.others(topic.Claimed(t))
	if moving(t) {
		o.unsettle()
	}
}

func (o *Operator) forget(key types.NamespacedName) {
	o.resources.Remove(key)
	o.deletions.forget(key)
	o.queue.Forget(key)
}

// others looks at the resources that name a topic: one of them may manage it now.
func (o *Operator) others(name string) {
	for _, key := range o.resources.Claiming(name) {
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
