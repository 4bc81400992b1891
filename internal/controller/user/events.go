package user

import (
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/user"
)

// events fill the queue. The statuses that the operator itself writes are no reason to look again.
func (o *Operator) events() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if u, is := object.(*v1.KafkaUser); is {
				o.added(u)
			}
		},
		UpdateFunc: func(before, after any) {
			was, is1 := before.(*v1.KafkaUser)
			is, is2 := after.(*v1.KafkaUser)
			if is1 && is2 {
				o.changed(was, is)
			}
		},
		DeleteFunc: func(object any) {
			if last, is := object.(toolscache.DeletedFinalStateUnknown); is {
				object = last.Obj
			}
			if u, is := object.(*v1.KafkaUser); is {
				o.gone(u)
			}
		},
	}
}

func keyOf(u *v1.KafkaUser) types.NamespacedName {
	return types.NamespacedName{Namespace: u.Namespace, Name: u.Name}
}

func (o *Operator) put(u *v1.KafkaUser) {
	o.resources.Put(u.Name, user.UsernameOf(u), reconciliation.Paused(u))
}

func (o *Operator) added(u *v1.KafkaUser) {
	o.put(u)
	o.queue.Add(keyOf(u))
}

func (o *Operator) changed(was, is *v1.KafkaUser) {
	o.put(is)
	before, after := user.UsernameOf(was), user.UsernameOf(is)
	if was.UID != is.UID || was.Generation != is.Generation || !maps.Equal(was.Annotations, is.Annotations) || !maps.Equal(was.Labels, is.Labels) {
		key := keyOf(is)
		o.queue.Forget(key)
		o.queue.Add(key)
	}
	if before != after {
		o.left(before)
	}
}

// gone is about a resource that does not exist any more, or has lost the labels.
func (o *Operator) gone(u *v1.KafkaUser) {
	key := keyOf(u)
	o.resources.Remove(key)
	o.queue.Forget(key)
	o.queue.Add(key)
	o.left(user.UsernameOf(u))
}

// left is about a user whom a resource does not claim any more: another one may manage it now, or none.
func (o *Operator) left(username string) {
	others := o.resources.Claiming(username)
	for _, key := range others {
		o.queue.Add(key)
	}
	if len(others) == 0 {
		for _, name := range user.Names(username) {
			o.orphan(name)
		}
	}
}

// orphanMark begins the names of keys that are no resource's: no resource can be called like that.
const orphanMark = "/"

// orphan has a name looked at that Kafka may know and whose user no resource claims.
func (o *Operator) orphan(name string) {
	o.queue.Add(types.NamespacedName{Namespace: o.Namespace, Name: orphanMark + name})
}

// orphaned is the name in Kafka that a key means which is no resource's.
func orphaned(key types.NamespacedName) (string, bool) {
	return strings.CutPrefix(key.Name, orphanMark)
}

// secretEvents look at the user to whom a Secret belongs; of finds its resource. What the operator itself has written is a reason to look if
// the resource has gone meanwhile.
func (o *Operator) secretEvents(of func(*stored) (string, bool)) toolscache.ResourceEventHandler {
	look := func(object any) {
		if last, is := object.(toolscache.DeletedFinalStateUnknown); is {
			object = last.Obj
		}
		s, is := object.(*stored)
		if !is {
			return
		}
		if name, is := of(s); is && (!o.own.has(s) || !o.resources.Has(name)) {
			o.queue.Add(types.NamespacedName{Namespace: o.Namespace, Name: name})
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: look, DeleteFunc: look,
		UpdateFunc: func(_, after any) { look(after) },
	}
}
