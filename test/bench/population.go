package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
)

// appliers is how many objects are applied at the same time.
const appliers = 24

// kind is a kind of objects of which there are many.
type kind struct {
	// plural is what texts call them.
	plural string
	// example has their type, and selected are labels that all of them have.
	example  client.Object
	selected labels.Set
	// ready tells whether one is as its newest generation asks for.
	ready func(client.Object) bool
}

// saysReady tells whether a status says Ready about the newest generation.
func saysReady(conditions []v1.Condition, current bool) bool {
	return current && slices.ContainsFunc(conditions, func(c v1.Condition) bool {
		return c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue
	})
}

// population is the objects of a kind in a namespace, as a watch tells about them.
type population struct {
	kind
	mu    sync.Mutex
	seen  map[string]sight
	moved chan struct{}
}

type sight struct {
	generation int64
	ready      bool
}

// followMany follows the objects of a kind until the context ends. It is an informer: the server drops a plain watch that cannot keep up.
func (b *bench) followMany(ctx context.Context, namespace string, of kind) (*population, error) {
	p := &population{kind: of, seen: map[string]sight{}, moved: make(chan struct{}, 1)}
	all, err := cache.New(b.connection, cache.Options{
		Scheme: b.client.Scheme(), DefaultNamespaces: map[string]cache.Config{namespace: {}}, DefaultLabelSelector: labels.SelectorFromSet(of.selected),
	})
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", of.plural, err)
	}
	informer, err := all.GetInformer(ctx, of.example, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", of.plural, err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { p.take(o, false) },
		UpdateFunc: func(_, o any) { p.take(o, false) },
		DeleteFunc: func(o any) { p.take(o, true) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", of.plural, err)
	}
	go func() { _ = all.Start(ctx) }()
	if !all.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watch %s: the list did not come", of.plural)
	}
	return p, nil
}

func (p *population) take(object any, deleted bool) {
	if last, is := object.(toolscache.DeletedFinalStateUnknown); is {
		object = last.Obj
	}
	o, is := object.(client.Object)
	if !is {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if deleted {
		delete(p.seen, o.GetName())
	} else {
		p.seen[o.GetName()] = sight{generation: o.GetGeneration(), ready: p.ready(o)}
	}
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

// missing is how many of so many are not ready for at least that generation; of none, how many are still there.
func (p *population) missing(count int, generation int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if count == 0 {
		return len(p.seen)
	}
	for _, s := range p.seen {
		if s.ready && s.generation >= generation {
			count--
		}
	}
	return count
}

// until waits for so many that are ready for at least that generation, or, for none, until all are gone. It is patient as long as they become fewer
// that are missing.
func (p *population) until(ctx context.Context, count int, generation int64) error {
	least := p.missing(count, generation)
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for {
		missing := p.missing(count, generation)
		if missing <= 0 {
			return nil
		}
		if missing < least {
			least = missing
			enough.Reset(patience)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s, %d missing: %w", p.plural, missing, ctx.Err())
		case <-enough.C:
			return fmt.Errorf("%s: %d are missing, and nothing came for %s", p.plural, missing, patience)
		case <-p.moved:
			// Counting is not what should keep the machine busy.
			time.Sleep(look)
		}
	}
}

// names are those of many objects.
func names(prefix string, count int) []string {
	out := make([]string, 0, count)
	for i := range count {
		out = append(out, fmt.Sprintf("%s%05d", prefix, i))
	}
	return out
}

// each does something about every name, many at the same time.
func each[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	all, limited := errgroup.WithContext(ctx)
	all.SetLimit(appliers)
	for _, one := range list {
		all.Go(func() error { return do(limited, one) })
	}
	return all.Wait()
}

// fresh makes a namespace, after what an earlier run may have left of it is gone.
func (b *bench) fresh(ctx context.Context, namespace string, kinds ...kind) error {
	if err := b.clear(ctx, namespace, kinds...); err != nil {
		return err
	}
	return b.makeNamespace(ctx, namespace)
}

// clear removes all objects of the kinds, whether somebody looks after them or not, and then the namespace.
func (b *bench) clear(ctx context.Context, namespace string, kinds ...kind) error {
	for _, k := range kinds {
		if err := b.removeAll(ctx, namespace, k); err != nil {
			return err
		}
	}
	return b.removeNamespace(ctx, namespace)
}

// removeAll removes objects one by one: a server takes longer for tens of thousands than it may for one request.
func (b *bench) removeAll(ctx context.Context, namespace string, of kind) error {
	gvk, err := b.client.GroupVersionKindFor(of.example)
	if err != nil {
		return fmt.Errorf("remove %s: %w", of.plural, err)
	}
	var all metav1.PartialObjectMetadataList
	all.SetGroupVersionKind(gvk)
	if err := b.client.List(ctx, &all, client.InNamespace(namespace), client.MatchingLabels(of.selected)); err != nil {
		return fmt.Errorf("remove %s: %w", of.plural, err)
	}
	if len(all.Items) > 0 {
		b.say("removing %d %s", len(all.Items), of.plural)
	}
	free := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	group := errgroup.Group{}
	group.SetLimit(appliers)
	for i := range all.Items {
		one := &all.Items[i]
		one.SetGroupVersionKind(gvk)
		group.Go(func() error {
			err := b.client.Delete(ctx, one)
			if len(one.Finalizers) > 0 {
				err = errors.Join(err, client.IgnoreNotFound(b.client.Patch(ctx, one, free)))
			}
			return client.IgnoreNotFound(err)
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("remove %s: %w", of.plural, err)
	}
	return nil
}
