package apiserver

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// resources are what can be watched: those of a kind in one namespace.
type resources[L runtime.Object] interface {
	List(ctx context.Context, options metav1.ListOptions) (L, error)
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

// Watch follows the resources that have the labels, once it is run, and remembers of each what trim leaves. Example is one of them.
func Watch[L runtime.Object](of resources[L], example runtime.Object, selected labels.Set, trim toolscache.TransformFunc) (toolscache.SharedIndexInformer, error) {
	selector := selected.AsSelector().String()
	from := &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = selector
			return of.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = selector
			return of.Watch(ctx, options)
		},
	}
	out := toolscache.NewSharedIndexInformer(from, example, 0, toolscache.Indexers{})
	return out, out.SetTransform(trim)
}
