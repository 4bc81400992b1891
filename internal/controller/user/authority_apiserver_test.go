//go:build apiserver

package user_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/pki"
)

// clock can be moved on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) moveOn(by time.Duration) { c.ahead.Add(int64(by)) }

func TestWithoutAnAuthorityThatSignsUsersAreToldAndThePasswordsGoOn(t *testing.T) {
	w := newQuietWorld(t)
	for _, name := range []string{caCertSecret, caKeySecret} {
		w.must(api.Delete(t.Context(), w.secret(name)))
	}
	w.start(nil)
	w.create("certified", tls)
	w.create("elsewhere", func(u *v1.KafkaUser) { tls(u); u.Spec.Authentication.Type = v1.UserAuthenticationTLSExternal })
	w.create("spoken", scram)
	w.ready("elsewhere")
	w.ready("spoken")
	w.lacks(w.refused("certified", v1.ReasonExecution), v1.ReasonInvalidConfiguration, caCertSecret, w.namespace, "missing")
	w.putSecret(caCertSecret, map[string][]byte{pki.CertificateEntry: w.ca.Certificate})
	w.eventually("the key is missed", func() error { return w.says("certified", caKeySecret+" of the clients CA is missing") })
	w.putSecret(caKeySecret, map[string][]byte{"other": w.ca.Key})
	w.eventually("the entry is missed", func() error {
		return w.says("certified", "InvalidCertificateException: Secret "+caKeySecret+" of the clients CA has no entry ca.key")
	})
	w.putSecret(caKeySecret, map[string][]byte{pki.KeyEntry: []byte("x")})
	w.eventually("the key cannot be read", func() error { return w.says("certified", "InvalidCertificateException: reading ca.key") })
	w.putAuthority()
	w.ready("certified")
	w.leafOf(w.secret("certified"))
}

func TestARenewedAuthorityChangesNothingButItsCertificate(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", tls)
	w.ready("orders")
	before := w.secret("orders").Data
	var err error
	w.ca, err = w.ca.Renew(authorityPolicy(), time.Now(), rand.Reader)
	w.must(err)
	w.putAuthority()
	want := maps.Clone(before)
	want["ca.crt"] = w.ca.Certificate
	w.eventually("ca.crt is the new one", func() error {
		if diff := cmp.Diff(want, w.secret("orders").Data); diff != "" {
			return errors.New("it differs")
		}
		return nil
	})
	w.leafOf(w.secret("orders"))
}

func TestCertificatesAreMadeAnewWhenAllKnowAReplacedAuthority(t *testing.T) {
	at := &clock{}
	w := newWorld(t, func(o *usercontroller.Options) { often(o); o.Now = at.now })
	w.create("orders", tls)
	w.ready("orders")
	before, status := w.secret("orders"), w.get("orders").Status
	var err error
	w.ca, err = w.ca.ReplaceKey(authorityPolicy(), time.Now().Add(-time.Minute), rand.Reader)
	w.must(err)
	w.putCertificates()
	w.looks(2)
	w.putAuthority()
	w.looks(2)
	w.never("brokers may not know the new key yet", func() error {
		if !bytes.Equal(w.secret("orders").Data["user.crt"], before.Data["user.crt"]) {
			return errors.New("the certificate was replaced")
		}
		return nil
	})
	if diff := cmp.Diff(status, w.get("orders").Status); diff != "" {
		t.Errorf("a key that comes after its certificate was told about (-before +after):\n%s", diff)
	}
	at.moveOn(4*time.Minute + 30*time.Second)
	after := w.replaced(before)
	if w.leafOf(after); !bytes.Equal(after.Data["ca.crt"], w.ca.Certificate) {
		t.Error("ca.crt is not the present one")
	}
}

func TestAnAuthorityOfWhichNothingIsTrustedAnyMoreIsReplacedAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", tls)
	w.ready("orders")
	before := w.secret("orders")
	var err error
	w.ca, err = pki.NewAuthority(pki.ClientsAuthority, authorityPolicy(), time.Now(), rand.Reader)
	w.must(err)
	w.putAuthority()
	w.leafOf(w.replaced(before))
	w.ready("orders")
}

func TestAShortLifeIsRenewedAheadWithoutALook(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) {
		tls(u)
		u.Annotations[v1.AnnotationLifetime], u.Annotations[v1.AnnotationRenewBefore] = "1m", "59s"
	})
	w.ready("orders")
	first := w.secret("orders")
	second := w.replaced(first)
	if third := w.replaced(second); !w.leafOf(third).NotAfter.After(w.leafOf(first).NotAfter) {
		t.Error("it does not live longer")
	}
}

func TestRenewalsWaitForAMaintenanceWindowAndNotTooLong(t *testing.T) {
	at := &clock{}
	closed := []string{"* * 1 1 1 ? 2020"}
	w := newWorld(t, func(o *usercontroller.Options) { often(o); o.Now, o.Windows = at.now, closed })
	w.create("orders", func(u *v1.KafkaUser) {
		tls(u)
		u.Annotations[v1.AnnotationLifetime] = "30h"
	})
	w.ready("orders")
	before := w.secret("orders")
	at.moveOn(22 * time.Hour)
	w.looks(2)
	if !bytes.Equal(w.secret("orders").Data["user.crt"], before.Data["user.crt"]) {
		t.Error("it was renewed outside of a window")
	}
	w.restart(func(o *usercontroller.Options) { often(o); o.Now, o.Windows = at.now, []string{"* * * * * ?"} })
	before = w.replaced(before)
	w.restart(func(o *usercontroller.Options) { often(o); o.Now, o.Windows = at.now, closed })
	at.moveOn(26 * time.Hour)
	w.replaced(before)
}
