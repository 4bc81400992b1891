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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/user/credential"
)

// digest tells contents apart.
type digest [sha256.Size]byte

// stored is what is remembered of a Secret: what decides about it, but no key and no password. There may be ten thousand.
type stored struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	// kept is about the credentials in it.
	kept credential.Kept
	// content is the digest of all entries, pairs are those of labels and annotations, in ascending order.
	content digest
	pairs   []uint32
	// owners are the resources to which it belongs.
	owners []types.UID
	// data are the entries themselves; only of Secrets of authorities.
	data map[string][]byte
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
	restrict := func(options metav1.ListOptions) *client.ListOptions {
		options.LabelSelector, options.FieldSelector = selected.LabelSelector, selected.FieldSelector
		return &client.ListOptions{Namespace: namespace, Raw: &options}
	}
	from := &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			// A server gives all of what it remembers at once, however many were asked for, and the newest in pages.
			options.ResourceVersion, options.ResourceVersionMatch = "", ""
			var page corev1.SecretList
			if err := o.Client.List(ctx, &page, restrict(options)); err != nil {
				return nil, err
			}
			out := &storedList{ListMeta: page.ListMeta, Items: make([]stored, 0, len(page.Items))}
			for i := range page.Items {
				out.Items = append(out.Items, *remember(&page.Items[i]))
			}
			return out, nil
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := o.Client.Watch(ctx, &corev1.SecretList{}, restrict(options))
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
					out.Annotations = s.Annotations // one of them says that all there was has come
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
	out := &stored{
		ObjectMeta: metav1.ObjectMeta{Namespace: unique.Make(s.Namespace).Value(), Name: s.Name, UID: s.UID, ResourceVersion: s.ResourceVersion},
		kept:       credential.Examine(credential.Secret{Data: s.Data, Annotations: s.Annotations}), content: contentOf(s.Data), pairs: pairsOf(s.Labels, s.Annotations),
	}
	for _, owner := range s.OwnerReferences {
		out.owners = append(out.owners, owner.UID)
	}
	return out
}

// rememberAll remembers a Secret of an authority.
func rememberAll(s *corev1.Secret) *stored {
	out := remember(s)
	out.Annotations, out.data = s.Annotations, s.Data
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

// pairsOf are digests of labels and annotations.
func pairsOf(sets ...map[string]string) []uint32 {
	size := 0
	for _, set := range sets {
		size += len(set)
	}
	out := make([]uint32, 0, size)
	for _, set := range sets {
		for name, value := range set {
			sum := fnv.New32a()
			fmt.Fprintf(sum, "%q %q", name, value)
			out = append(out, sum.Sum32())
		}
	}
	slices.Sort(out)
	return out
}

// describedAs tells whether a Secret has these labels, annotations and owners. It may have others, which are somebody else's.
func (s *stored) describedAs(wanted metav1.ObjectMeta) bool {
	for _, pair := range pairsOf(wanted.Labels, wanted.Annotations) {
		if _, has := slices.BinarySearch(s.pairs, pair); !has {
			return false
		}
	}
	for _, owner := range wanted.OwnerReferences {
		if !slices.Contains(s.owners, owner.UID) {
			return false
		}
	}
	return true
}

// secretOf reads a Secret from the API server; nil if there is none.
func (o *Operator) secretOf(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	out := &corev1.Secret{}
	err := o.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, out)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, namespace, err)
	}
	if err != nil {
		return nil, nil //nolint:nilnil // there is none
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
