package kube

import (
	"crypto/sha256"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sent remembers what was written, by owner, so that an unchanged object costs no request.
// It is a saving, not a truth: without it everything is written once more.
type sent struct {
	mu      sync.Mutex
	objects map[string]map[string]sentObject
}

// sentObject is what an object was written as, and the version it then had; or that it was deleted.
type sentObject struct {
	hash    [sha256.Size]byte
	version string
	deleted bool
}

func newSent() *sent { return &sent{objects: map[string]map[string]sentObject{}} }

func ownerKey(namespace, name string) string { return namespace + "/" + name }

func sentKey(o client.Object) string {
	return objectKey(o.GetObjectKind().GroupVersionKind().Kind, o.GetNamespace(), o.GetName())
}

// objectKey tells the objects of one owner apart: rights can have the same name in several namespaces.
func objectKey(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// same tells whether the object was written with this content and has not changed since.
// Kinds that are not cached have no live version: for them the content decides, and what somebody else does to such an
// object is repaired when the operator starts.
func (s *sent) same(owner string, u *unstructured.Unstructured, hash [sha256.Size]byte, live string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.objects[owner][sentKey(u)]
	if cached(u) == nil {
		return was.version != "" && hash == was.hash
	}
	return live != "" && live == was.version && hash == was.hash
}

// record takes the version from u, which the server's answer filled.
func (s *sent) record(owner string, u *unstructured.Unstructured, hash [sha256.Size]byte) {
	s.set(owner, sentKey(u), sentObject{hash: hash, version: u.GetResourceVersion()})
}

// deleted tells whether recordDeleted was the last that was recorded of an object.
func (s *sent) deleted(owner, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[owner][key].deleted
}

func (s *sent) recordDeleted(owner, key string) { s.set(owner, key, sentObject{deleted: true}) }

func (s *sent) set(owner, key string, o sentObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects[owner] == nil {
		s.objects[owner] = map[string]sentObject{}
	}
	s.objects[owner][key] = o
}

// forget drops what an owner that is gone had.
func (s *sent) forget(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, owner)
}
