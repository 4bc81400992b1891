//go:build apiserver

package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// errKilled is what an operator sees of the world when it does not exist any more.
var errKilled = errors.New("killed")

// requests is what an operator asks of the API server. It can be made to end the operator after a number of writes.
type requests struct {
	namespace string
	mu        sync.Mutex
	// left is how many writes the operator lives for; negative without end.
	left   int
	killed bool
	// made are the requests that reach the API server although caches answer reads; writes are those of them that write.
	made, writes []string
	// restarts are the nodes that were ended, and unsafe those of them that were ended while another node was down.
	restarts, unsafe []string
}

func newRequests(namespace string) *requests { return &requests{namespace: namespace, left: -1} }

// killAfter ends the operator when it has written n times.
func (r *requests) killAfter(n int) { r.left = n }

func (r *requests) write(what string, o any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed = r.killed || r.left == 0; r.killed {
		return errKilled
	}
	r.left--
	request := what + " " + describe(o)
	r.made, r.writes = append(r.made, request), append(r.writes, request)
	return nil
}

func (r *requests) read(o any, cached bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		return errKilled
	}
	if !cached {
		r.made = append(r.made, "read "+describe(o))
	}
	return nil
}

// sent is the context of a request that is on its way: it arrives although whoever sent it is killed meanwhile.
func sent(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func describe(o any) string {
	if named, ok := o.(interface{ GetName() string }); ok {
		return fmt.Sprintf("%T %s", o, named.GetName())
	}
	return fmt.Sprintf("%T", o)
}

// isCached tells whether the operator has a cache of what is read.
func isCached(o any) bool {
	switch o.(type) {
	case *v1.Kafka, *v1.KafkaNodePoolList, *podsetv1.StrimziPodSet, *podsetv1.StrimziPodSetList, *corev1.PodList,
		*appsv1.Deployment, *appsv1.DeploymentList, *corev1.Secret, *corev1.SecretList, *corev1.PersistentVolumeClaim, *corev1.PersistentVolumeClaimList,
		*metav1.PartialObjectMetadata, *metav1.PartialObjectMetadataList:
		return true
	}
	return false
}

// client is the operator's client, whose reads a cache answers where there is one.
func (r *requests) client(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			return errors.Join(r.read(o, isCached(o)), c.Get(ctx, key, o, opts...))
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			return errors.Join(r.read(list, isCached(list)), c.List(ctx, list, opts...))
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := r.write("create", o); err != nil {
				return err
			}
			return c.Create(sent(ctx), o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if err := r.write("update", o); err != nil {
				return err
			}
			return c.Update(sent(ctx), o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := r.write("patch", o); err != nil {
				return err
			}
			return c.Patch(sent(ctx), o, p, opts...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o kruntime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if err := r.write("apply", o); err != nil {
				return err
			}
			return c.Apply(sent(ctx), o, opts...)
		},
		Delete: r.delete,
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := r.write("patch the "+sub+" of", o); err != nil {
				return err
			}
			return c.SubResource(sub).Patch(sent(ctx), o, p, opts...)
		},
	})
}

func (r *requests) delete(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
	if err := r.write("delete", o); err != nil {
		return err
	}
	if pod, ok := o.(*corev1.Pod); ok {
		if err := r.watchRestart(ctx, c, pod.Name); err != nil {
			return err
		}
	}
	return c.Delete(sent(ctx), o, opts...)
}

// watchRestart remembers a restart, and whether another node was down.
func (r *requests) watchRestart(ctx context.Context, c client.Client, name string) error {
	var sets podsetv1.StrimziPodSetList
	var pods corev1.PodList
	if err := errors.Join(c.List(ctx, &sets, client.InNamespace(r.namespace)), c.List(ctx, &pods, client.InNamespace(r.namespace))); err != nil {
		return err
	}
	wanted := 0
	for i := range sets.Items {
		wanted += len(sets.Items[i].Spec.Pods)
	}
	up := 0
	for i := range pods.Items {
		if pods.Items[i].Name != name && isReady(pods.Items[i]) && pods.Items[i].DeletionTimestamp == nil {
			up++
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restarts = append(r.restarts, name)
	if up < wanted-1 {
		r.unsafe = append(r.unsafe, fmt.Sprintf("%s while %d of the %d others were up", name, up, wanted-1))
	}
	return nil
}

// live reads from the API server.
func (r *requests) live(c client.WithWatch) client.Reader {
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			return errors.Join(r.read(o, false), c.Get(ctx, key, o, opts...))
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			return errors.Join(r.read(list, false), c.List(ctx, list, opts...))
		},
	})
}
