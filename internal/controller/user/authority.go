package user

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

// authority is the clients CA, as its Secrets have it.
type authority struct {
	// secrets are that of the certificates and that of the key.
	secrets []*secrets

	mu  sync.Mutex
	now *opened
	// wrong is since when it cannot sign; zero while it can.
	wrong time.Time
}

// opened is the authority, or why users get no certificates. The zero value does for users who need none.
type opened struct {
	signing *pki.Signing
	trusted credential.Trusted
	err     error
	// wrong is since when it is so.
	wrong time.Time
}

func (o *Operator) newAuthority() *authority {
	out := &authority{}
	events := toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { o.authorityChanged() },
		UpdateFunc: func(_, _ any) { o.authorityChanged() },
		DeleteFunc: func(any) { o.authorityChanged() },
	}
	for _, name := range []string{o.CACertSecret, o.CAKeySecret} {
		named := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
		out.secrets = append(out.secrets, o.watchSecrets(o.CANamespace, named, rememberAll, events))
	}
	return out
}

// authorityChanged has the authority read anew, and all users looked at.
func (o *Operator) authorityChanged() {
	o.authority.mu.Lock()
	o.authority.now = nil
	o.authority.mu.Unlock()
	o.resources.Each(o.queue.Add)
}

// clientsCA is the authority as its Secrets have it now. It is read under the lock, so that what was read before a change is never kept
// after it.
func (o *Operator) clientsCA() *opened {
	a := o.authority
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now != nil {
		return a.now
	}
	is := &opened{}
	if is.signing, is.err = o.openAuthority(); is.err == nil {
		is.trusted, is.err = credential.Trust(is.signing.Trust())
	}
	if is.err == nil {
		a.wrong = time.Time{}
	} else if a.wrong.IsZero() {
		a.wrong = o.Now()
	}
	is.wrong, a.now = a.wrong, is
	return is
}

// authorityPatience is how long the authority may be unable to sign before users are told: of its two Secrets, one is written first.
const authorityPatience = 2 * time.Second

// changing tells whether the authority may be fine in a moment.
func (is *opened) changing(now time.Time) bool {
	return is.err != nil && now.Sub(is.wrong) < authorityPatience
}

func (o *Operator) openAuthority() (*pki.Signing, error) {
	parts := []struct {
		name, entry string
		is          *stored
	}{
		{o.CACertSecret, pki.CertificateEntry, o.authority.secrets[0].get(o.CACertSecret)},
		{o.CAKeySecret, pki.KeyEntry, o.authority.secrets[1].get(o.CAKeySecret)},
	}
	for _, part := range parts {
		if part.is == nil {
			return nil, &problem{v1.ReasonExecution, fmt.Sprintf("%s: Secret %s of the clients CA is missing in namespace %s", v1.ReasonInvalidConfiguration, part.name, o.CANamespace)}
		}
		if len(part.is.data[part.entry]) == 0 {
			return nil, &problem{v1.ReasonExecution, fmt.Sprintf("%s: Secret %s of the clients CA has no entry %s", reasonInvalidCertificate, part.name, part.entry)}
		}
	}
	certificates := parts[0].is.data
	out, err := pki.Authority{
		Kind: pki.ClientsAuthority, Certificate: certificates[pki.CertificateEntry], Key: parts[1].is.data[pki.KeyEntry], Old: oldCertificates(certificates),
	}.Open()
	if err != nil {
		return nil, &problem{v1.ReasonExecution, reasonInvalidCertificate + ": " + err.Error()}
	}
	return out, nil
}

// reasonInvalidCertificate is how the compatible API calls an authority that cannot sign.
const reasonInvalidCertificate = "InvalidCertificateException"

// oldCertificates are those of earlier keys.
func oldCertificates(data map[string][]byte) map[string][]byte {
	out := maps.Clone(data)
	maps.DeleteFunc(out, func(name string, _ []byte) bool {
		return name == pki.CertificateEntry || !strings.HasPrefix(name, "ca-") || !strings.HasSuffix(name, ".crt")
	})
	return out
}

// ownSecrets are the Secrets of users.
func (o *Operator) ownSecrets() *secrets {
	selector := metav1.ListOptions{LabelSelector: selectorOf(o.Labels, map[string]string{v1.LabelKind: kind})}
	return o.watchSecrets(o.Namespace, selector, remember, o.secretEvents(func(s *stored) (string, bool) {
		return strings.CutPrefix(s.name, o.SecretPrefix)
	}))
}

func selectorOf(sets ...map[string]string) string {
	all := map[string]string{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return fields.Set(all).String()
}
