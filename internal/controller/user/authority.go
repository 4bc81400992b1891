package user

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"

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
	now     atomic.Pointer[opened]
}

// opened is the authority, or why users get no certificates.
type opened struct {
	signing *pki.Signing
	trusted credential.Trusted
	err     error
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
	o.authority.now.Store(nil)
	o.resources.Each(o.queue.Add)
}

// clientsCA is the authority as its Secrets have it now.
func (o *Operator) clientsCA() *opened {
	if is := o.authority.now.Load(); is != nil {
		return is
	}
	is := &opened{}
	if is.signing, is.err = o.openAuthority(); is.err == nil {
		is.trusted, is.err = credential.Trust(is.signing.Trust())
	}
	o.authority.now.Store(is)
	return is
}

func (o *Operator) openAuthority() (*pki.Signing, error) {
	certificates, key := o.authority.secrets[0].get(o.CACertSecret), o.authority.secrets[1].get(o.CAKeySecret)
	for name, secret := range map[string]*stored{o.CACertSecret: certificates, o.CAKeySecret: key} {
		if secret == nil {
			return nil, &problem{v1.ReasonExecution, fmt.Sprintf("%s: Secret %s of the clients CA is missing in namespace %s", v1.ReasonInvalidConfiguration, name, o.CANamespace)}
		}
	}
	for entry, secret := range map[string]*stored{pki.CertificateEntry: certificates, pki.KeyEntry: key} {
		if len(secret.data[entry]) == 0 {
			return nil, &problem{v1.ReasonExecution, fmt.Sprintf("%s: Secret %s of the clients CA has no entry %s", reasonInvalidCertificate, secret.Name, entry)}
		}
	}
	out, err := pki.Authority{
		Kind: pki.ClientsAuthority, Certificate: certificates.data[pki.CertificateEntry], Key: key.data[pki.KeyEntry], Old: oldCertificates(certificates.data),
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
		return strings.CutPrefix(s.Name, o.SecretPrefix)
	}))
}

func selectorOf(sets ...map[string]string) string {
	all := map[string]string{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return fields.Set(all).String()
}
