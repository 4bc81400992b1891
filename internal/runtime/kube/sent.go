package kube

import (
	"crypto/sha256"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// sent remembers what was written, by owner, so that an unchanged object costs no request.
// It is a saving, not a truth: without it everything is written once more.
type sent struct {
	mu      sync.Mutex
	objects map[string]map[string]sentObject
}

type sentObject struct {
	hash    [sha256.Size]byte
	version string
}

func newSent() *sent { return &sent{objects: map[string]map[string]sentObject{}} }

func ownerKey(namespace, name string) string { return namespace + "/" + name }

func sentKey(u *unstructured.Unstructured) string { return u.GetKind() + "/" + u.GetName() }

// same tells whether the object was written with this content and has not changed since.
// Kinds that are not cached have no live version; for them the content decides.
func (s *sent) same(owner string, u *unstructured.Unstructured, hash [sha256.Size]byte, live string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.objects[owner][sentKey(u)]
	if !ok || was.hash != hash {
		return false
	}
	return live == was.version || cached(u.GroupVersionKind()) == nil
}

// record takes the version from u, which the server's answer filled.
func (s *sent) record(owner string, u *unstructured.Unstructured, hash [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects[owner] == nil {
		s.objects[owner] = map[string]sentObject{}
	}
	s.objects[owner][sentKey(u)] = sentObject{hash: hash, version: u.GetResourceVersion()}
}

// forget drops what an owner that is gone had.
func (s *sent) forget(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, owner)
}
