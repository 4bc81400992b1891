package credential_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user/credential"
)

func TestDecideAboutPasswords(t *testing.T) {
	w := newWorld(t, newAuthority(t))
	stored := w.make(t, credential.Decision{Deed: credential.Issue}, scram(), credential.Secret{}, now)
	own, another := string(stored.Data["password"]), "another"
	supplied := func(text string, changes ...func(*credential.Wish)) func(*credential.Wish) {
		return func(w *credential.Wish) {
			w.Password = &text
			for _, change := range changes {
				change(w)
			}
		}
	}
	rotateAfter := func(w *credential.Wish) { w.RotateAfter = 30 * day }
	rotate := func(w *credential.Wish) { w.Rotate = "again" }
	keep := credential.Decision{Deed: credential.Keep}
	keepBecause := func(reason string) credential.Decision {
		return credential.Decision{Deed: credential.Keep, Reason: reason}
	}
	complete := func(reason string) credential.Decision {
		return credential.Decision{Deed: credential.Complete, Reason: reason}
	}
	const unfit = "sasl.jaas.config does not fit the username and the password"
	tests := map[string]struct {
		stored func(credential.Secret)
		wish   func(*credential.Wish)
		at     time.Time
		want   credential.Decision
	}{
		"what was just made is kept for ever": {want: keep},
		"nothing is there":                    {stored: func(s credential.Secret) { clear(s.Data) }, want: issue("there is no password yet")},
		"the password is empty": {
			stored: func(s credential.Secret) { s.Data["password"] = []byte{} }, want: issue("there is no password yet"),
		},
		"the login is missing": {stored: without("sasl.jaas.config"), want: complete("missing: sasl.jaas.config")},
		"the login has another password": {
			stored: func(s credential.Secret) { s.Data["password"] = []byte("another") }, want: complete(unfit),
		},
		"the login has another name": {wish: func(w *credential.Wish) { w.Username = "bob" }, want: complete(unfit)},
		"the login is something else": {
			stored: func(s credential.Secret) { s.Data["sasl.jaas.config"] = []byte("junk") }, want: complete(unfit),
		},
		"entries of a certificate are left": {
			stored: func(s credential.Secret) { s.Data["user.crt"], s.Data["ca.crt"] = []byte("x"), []byte("x") },
			want:   complete("not wanted any more: ca.crt, user.crt"),
		},
		"a person asked for a renewal": {
			stored: annotated(v1.AnnotationForceRenew, "true"), want: issue("renewal was asked for with strimzi.io/force-renew"),
		},
		"a rotation is asked for": {wish: rotate, want: issue("rotation was asked for with castellan.io/rotate")},
		"it will be too old":      {wish: rotateAfter, want: credential.Decision{Deed: credential.Keep, Look: now.Add(30 * day)}},
		"it is too old": {
			wish: rotateAfter, at: now.Add(30 * day), want: issue("the credentials are older than 720h0m0s"),
		},
		"nobody knows how old it is": {
			stored: annotated(v1.AnnotationIssuedAt, ""), wish: rotateAfter,
			want: complete("the Secret does not say since when the password is in use (castellan.io/issued-at)"),
		},
		"it says that it was made in the future": {
			stored: annotated(v1.AnnotationIssuedAt, "2999-01-01T00:00:00Z"), wish: rotateAfter,
			want: complete("the Secret does not say since when the password is in use (castellan.io/issued-at)"),
		},
		"its age matters to nobody": {stored: annotated(v1.AnnotationIssuedAt, ""), want: keep},

		"the user supplies the same password": {wish: supplied(own), want: keep},
		"the user supplies another password":  {wish: supplied(another), want: issue("the user supplies another password")},
		"the user supplies a password, and a rotation is asked for": {
			wish: supplied(own, rotate), want: keepBecause("castellan.io/rotate is ignored: the password is the user's own"),
		},
		"the user supplies a password that gets too old": {
			wish: supplied(own, rotateAfter), at: now.Add(300 * day),
			want: keepBecause("castellan.io/rotate-after is ignored: the password is the user's own"),
		},
		"the user supplies a password, and a person asked for a renewal": {
			stored: annotated(v1.AnnotationForceRenew, "true"), wish: supplied(own),
			want: complete("strimzi.io/force-renew is ignored: the password is the user's own"),
		},
		"the user supplies a password, and the login is missing": {
			stored: without("sasl.jaas.config"), wish: supplied(own), want: complete("missing: sasl.jaas.config"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wish, secret, at := scram(), clone(stored), now
			if test.wish != nil {
				test.wish(&wish)
			}
			if test.stored != nil {
				test.stored(secret)
			}
			if !test.at.IsZero() {
				at = test.at
			}
			got := credential.Decide(credential.Examine(secret), wish, credential.Trusted{}, credential.Moment{Now: at})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got.Reason, own) {
				t.Error("the reason has the password")
			}
		})
	}
}
