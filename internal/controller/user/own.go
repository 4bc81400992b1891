package user

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// own knows what the operator itself has written last: that is no reason to look again.
type own struct {
	mu       sync.Mutex
	versions map[types.UID]string
}

func newOwn() *own { return &own{versions: map[types.UID]string{}} }

func (w *own) wrote(s *corev1.Secret) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.versions[s.UID] = s.ResourceVersion
}

// has tells whether a Secret that was seen is what the operator has written.
func (w *own) has(s *stored) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	version := w.versions[s.uid]
	delete(w.versions, s.uid)
	return version == s.version
}

// storeSecret makes a Secret, or writes one that exists.
func (o *Operator) storeSecret(ctx context.Context, s *corev1.Secret) error {
	secrets := o.API.Secrets(s.Namespace)
	write := func() (*corev1.Secret, error) { return secrets.Update(ctx, s, metav1.UpdateOptions{}) }
	if s.UID == "" {
		s.Type = corev1.SecretTypeOpaque
		write = func() (*corev1.Secret, error) { return secrets.Create(ctx, s, metav1.CreateOptions{}) }
	}
	written, err := write()
	if err != nil {
		return err
	}
	o.own.wrote(written)
	return nil
}
