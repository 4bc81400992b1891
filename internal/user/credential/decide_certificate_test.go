package credential_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

func TestDecideAboutCertificates(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	other := newWorld(t, newAuthority(t))
	first := credential.Decision{Deed: credential.Issue}
	stored := w.make(t, first, tls(), credential.Secret{}, now)
	foreign := other.make(t, first, tls(), credential.Secret{}, now)
	end := now.Add(90 * day)
	keep := credential.Decision{Deed: credential.Keep, Look: end.Add(-10 * day)}
	complete := func(reason string) credential.Decision {
		return credential.Decision{Deed: credential.Complete, Reason: reason, Look: keep.Look}
	}
	due := "the certificate expires at 2026-08-02T03:02:01Z, its renewal is due since 2026-07-23T03:02:01Z"
	tests := map[string]struct {
		stored func(credential.Secret)
		wish   func(*credential.Wish)
		at     time.Time
		closed bool
		want   credential.Decision
	}{
		"what was just made is kept until its renewal": {closed: true, want: keep},
		"nothing is there": {
			stored: func(s credential.Secret) { clear(s.Data) }, closed: true, want: issue("there is no certificate yet"),
		},
		"the certificate is missing": {stored: without("user.crt"), want: issue("missing: user.crt")},
		"the key is missing":         {stored: without("user.key"), want: issue("missing: user.key")},
		"the key is empty": {
			stored: func(s credential.Secret) { s.Data["user.key"] = nil }, want: issue("missing: user.key"),
		},
		"the certificate cannot be read": {
			stored: func(s credential.Secret) { s.Data["user.crt"] = []byte("junk") }, closed: true, want: issue("cannot be read: user.crt"),
		},
		"the key cannot be read": {
			stored: func(s credential.Secret) { s.Data["user.key"] = []byte("junk") }, want: issue("cannot be read: user.key"),
		},
		"the key is another one": {
			stored: func(s credential.Secret) { s.Data["user.key"] = foreign.Data["user.key"] },
			want:   issue("user.key does not belong to user.crt"),
		},
		"the name is another one": {
			wish: func(w *credential.Wish) { w.Username = "bob" }, want: issue("the subject is CN=alice instead of CN=bob"),
		},
		"another authority signed it, which nobody trusts": {
			stored: func(s credential.Secret) { maps.Copy(s.Data, foreign.Data) }, want: issue("it was not signed by the present clients-ca"),
		},
		"a second before the renewal nothing is due": {at: end.Add(-10*day - time.Second), want: keep},
		"from its time on it is renewed in a window": {at: end.Add(-10 * day), want: issue(due)},
		"a renewal waits for a window": {
			at: end.Add(-10 * day), closed: true,
			want: credential.Decision{
				Deed: credential.Keep, Postponed: true, Reason: "renewal waits for a maintenance window: " + due, Look: end.Add(-5 * day),
			},
		},
		"when half of the time is over it waits no more": {at: end.Add(-5 * day), closed: true, want: issue(due)},
		"an expired one waits for nothing": {
			at: end.Add(time.Second), closed: true, want: issue("the certificate expired at 2026-08-02T03:02:01Z"),
		},
		"one from the future is not valid": {
			at: now.Add(-11 * time.Minute), closed: true, want: issue("the certificate is not valid before 2026-05-04T02:57:01Z"),
		},
		"another lifetime alone changes nothing": {
			wish: func(w *credential.Wish) {
				w.Lifetime = pki.Lifetime{Validity: pki.Days(9000), RenewBefore: pki.Days(10)}
			}, want: keep,
		},
		"another lifetime by which the renewal is due renews": {
			wish: func(w *credential.Wish) { w.RenewBefore = pki.Days(90) },
			want: issue("the certificate expires at 2026-08-02T03:02:01Z, its renewal is due since 2026-05-04T03:02:01Z"),
		},
		"another kind of key alone changes nothing": {wish: func(w *credential.Wish) { w.Key = pki.RSA2048 }, want: keep},
		"a person asked for a renewal, which waits for no window": {
			stored: annotated(v1.AnnotationForceRenew, "true"), closed: true, want: issue("renewal was asked for with strimzi.io/force-renew"),
		},
		"a person changed their mind about a renewal": {stored: annotated(v1.AnnotationForceRenew, "false"), want: keep},
		"a rotation is asked for": {
			wish: func(w *credential.Wish) { w.Rotate = "again" }, closed: true, want: issue("rotation was asked for with castellan.io/rotate"),
		},
		"a rotation was carried out": {
			stored: annotated(v1.AnnotationRotated, "again"), wish: func(w *credential.Wish) { w.Rotate = "again" }, want: keep,
		},
		"another rotation is asked for": {
			stored: annotated(v1.AnnotationRotated, "again"), wish: func(w *credential.Wish) { w.Rotate = "and again" },
			want: issue("rotation was asked for with castellan.io/rotate"),
		},
		"no rotation is asked for any more": {stored: annotated(v1.AnnotationRotated, "again"), want: keep},
		"it will be too old before its renewal": {
			wish: func(w *credential.Wish) { w.RotateAfter = 30 * day },
			want: credential.Decision{Deed: credential.Keep, Look: now.Add(30 * day)},
		},
		"it is too old": {
			wish: func(w *credential.Wish) { w.RotateAfter = 30 * day }, at: now.Add(30 * day), closed: true,
			want: issue("the credentials are older than 720h0m0s"),
		},
		"it will be too old while its renewal waits": {
			wish: func(w *credential.Wish) { w.RotateAfter = 83 * day }, at: end.Add(-8 * day), closed: true,
			want: credential.Decision{
				Deed: credential.Keep, Postponed: true, Reason: "renewal waits for a maintenance window: " + due, Look: now.Add(83 * day),
			},
		},
		"the key store is missing": {stored: without("user.p12"), want: complete("missing: user.p12")},
		"the whole key store is missing": {
			stored: without("user.p12", "user.password"), want: complete("missing: user.p12, user.password"),
		},
		"the key store is not wanted any more": {
			wish: func(w *credential.Wish) { w.PKCS12 = false }, want: complete("not wanted any more: user.p12, user.password"),
		},
		"entries of another kind of authentication are there": {
			stored: func(s credential.Secret) { s.Data["password"] = []byte("x") }, want: complete("not wanted any more: password"),
		},
		"entries of somebody else stay": {stored: func(s credential.Secret) { s.Data["note"] = []byte("x") }, want: keep},
		"the authority is missing":      {stored: without("ca.crt"), want: complete("missing: ca.crt")},
		"the authority is another one": {
			stored: func(s credential.Secret) { s.Data["ca.crt"] = foreign.Data["ca.crt"] },
			want:   complete("ca.crt is not the present one of clients-ca"),
		},
		"the key store is missing while the renewal waits": {
			stored: without("user.p12"), at: end.Add(-6 * day), closed: true,
			want: credential.Decision{Deed: credential.Complete, Postponed: true, Reason: "missing: user.p12", Look: end.Add(-5 * day)},
		},
		"the user makes a request of their own": {
			wish: func(w *credential.Wish) { w.Request = newRequest(t, "alice") },
			want: issue("the certificate is not for the key of the user's request"),
		},
		"the user makes a request for the key that was made": {
			wish: func(w *credential.Wish) { w.Request = requestFor(t, "", stored.Data["user.key"]) },
			want: complete("not wanted any more: user.key, user.p12, user.password"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wish, secret, at := tls(), clone(stored), test.at
			if test.wish != nil {
				test.wish(&wish)
			}
			if test.stored != nil {
				test.stored(secret)
			}
			if test.at.IsZero() {
				at = now
			}
			got := credential.Decide(credential.Examine(secret), wish, w.trusted, credential.Moment{Now: at, WindowOpen: !test.closed})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
