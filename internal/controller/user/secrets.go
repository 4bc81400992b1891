package user

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"

	"castellan.io/castellan/internal/user/credential"
)

// digest tells contents apart.
type digest [sha256.Size]byte

// stored is what is remembered of a Secret: what decides about it, but no key and no password. There may be ten thousand.
type stored struct {
	namespace, name, version string
	uid                      types.UID
	// kept is about the credentials in it.
	kept credential.Kept
	// content is the digest of all entries; traits are those of labels, annotations and owners, in ascending order.
	content digest
	traits  []uint32
	// copyOf is the resource here of whose Secret this is a copy; empty if it is none.
	copyOf string
	// annotations are only those of bookmarks, data are the entries themselves, only of Secrets of authorities.
	annotations map[string]string
	data        map[string][]byte
}

// GetObjectKind is for informers, which need none.
func (s *stored) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// GetObjectMeta is for informers, made when they ask: that of an API object is larger than all that is remembered.
func (s *stored) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: s.namespace, Name: s.name, UID: s.uid, ResourceVersion: s.version, Annotations: s.annotations}
}

// DeepCopyObject is for informers: nobody changes what they hold.
func (s *stored) DeepCopyObject() runtime.Object {
	out := *s
	return &out
}

// storedList is a page of them.
type storedList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []stored
}

// DeepCopyObject is for informers: nobody changes what they hold.
func (l *storedList) DeepCopyObject() runtime.Object {
	out := *l
	return &out
}

// secrets are watched Secrets of one namespace.
type secrets struct {
	namespace string
	informer  toolscache.SharedIndexInformer
	events    toolscache.ResourceEventHandler
}

// watchSecrets watches the Secrets that are selected, and remembers of each what remember says.
func (o *Operator) watchSecrets(namespace string, selected metav1.ListOptions, remember func(*corev1.Secret) *stored, events toolscache.ResourceEventHandler) *secrets {
	of := o.API.Secrets(namespace)
	restrict := func(options metav1.ListOptions) metav1.ListOptions {
		options.LabelSelector, options.FieldSelector = selected.LabelSelector, selected.FieldSelector
		return options
	}
	from := &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			// A server gives all of what it remembers at once, however many were asked for, and the newest in pages.
			options.ResourceVersion, options.ResourceVersionMatch = "", ""
			page, err := of.List(ctx, restrict(options))
			if err != nil {
				return nil, err
			}
			out := &storedList{ListMeta: page.ListMeta, Items: make([]stored, 0, len(page.Items))}
			for i := range page.Items {
				out.Items = append(out.Items, *remember(&page.Items[i]))
			}
			return out, nil
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := of.Watch(ctx, restrict(options))
			if err != nil {
				return nil, err
			}
			return watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
				s, is := e.Object.(*corev1.Secret)
				if !is {
					return e, true
				}
				out := remember(s)
				if e.Type == watch.Bookmark {
					out.annotations = s.Annotations // one of them says that all there was has come
				}
				e.Object = out
				return e, true
			}), nil
		},
	}
	return &secrets{namespace: namespace, informer: toolscache.NewSharedIndexInformer(from, &stored{}, 0, toolscache.Indexers{}), events: events}
}

// tell has the events told, and notes how to learn whether all that exist were.
func (s *secrets) tell(known *[]toolscache.InformerSynced) error {
	registration, err := s.informer.AddEventHandler(s.events)
	if err != nil {
		return fmt.Errorf("watch Secrets in namespace %s: %w", s.namespace, err)
	}
	*known = append(*known, registration.HasSynced)
	return nil
}

// get is a Secret as it was seen last; nil if there is none.
func (s *secrets) get(name string) *stored {
	object, exists, err := s.informer.GetStore().GetByKey(s.namespace + "/" + name)
	if err != nil || !exists {
		return nil
	}
	return object.(*stored)
}

// remember remembers a Secret with credentials.
func remember(s *corev1.Secret) *stored {
	return &stored{
		namespace: unique.Make(s.Namespace).Value(), name: s.Name, uid: s.UID, version: s.ResourceVersion,
		kept:    credential.Examine(credential.Secret{Data: s.Data, Annotations: s.Annotations}),
		content: contentOf(s.Data), traits: traitsOf(&s.ObjectMeta),
	}
}

// rememberAll remembers a Secret of an authority.
func rememberAll(s *corev1.Secret) *stored {
	out := remember(s)
	out.data = s.Data
	return out
}

func contentOf(data map[string][]byte) digest {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(data[name]))
		sum.Write(data[name])
	}
	return digest(sum.Sum(nil))
}

// traitsOf are digests of labels, annotations and owners.
func traitsOf(meta *metav1.ObjectMeta) []uint32 {
	out := make([]uint32, 0, len(meta.Labels)+len(meta.Annotations)+len(meta.OwnerReferences))
	add := func(name, value string) {
		sum := fnv.New32a()
		fmt.Fprintf(sum, "%q %q", name, value)
		out = append(out, sum.Sum32())
	}
	for _, set := range []map[string]string{meta.Labels, meta.Annotations} {
		for name, value := range set {
			add(name, value)
		}
	}
	for _, owner := range meta.OwnerReferences {
		add("", string(owner.UID))
	}
	slices.Sort(out)
	return out
}

// describedAs tells whether a Secret has these labels, annotations and owners. It may have others, which are somebody else's.
func (s *stored) describedAs(wanted metav1.ObjectMeta) bool {
	for _, trait := range traitsOf(&wanted) {
		if _, has := slices.BinarySearch(s.traits, trait); !has {
			return false
		}
	}
	return true
}

// secretOf reads a Secret from the API server; nil if there is none.
func (o *Operator) secretOf(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	out, err := o.API.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, namespace, err)
	}
	return out, nil
}

// readOwnSecret reads the entries of a user's Secret where a job does not have them yet.
func (o *Operator) readOwnSecret(ctx context.Context, j *job) error {
	if j.data != nil {
		return nil
	}
	is, err := o.secretOf(ctx, o.Namespace, j.secret)
	if err != nil {
		return err
	}
	if is == nil {
		return fmt.Errorf("Secret %s is gone", j.secret)
	}
	seen := remember(is)
	j.data, j.content, j.password = is.Data, seen.content, seen.kept.Password()
	return nil
}
