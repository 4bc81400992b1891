package credential_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

func TestDecideWhenTheAuthorityChanges(t *testing.T) {
	before := newWorld(t, newAuthority(t))
	stored := before.make(t, credential.Decision{Deed: credential.Issue}, tls(), credential.Secret{}, now)
	at := now.Add(20 * day)
	must := func(a pki.Authority, err error) pki.Authority {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	renewed := must(before.authority.Renew(policy, at, rand.Reader))
	replaced := must(before.authority.ReplaceKey(policy, at, rand.Reader))
	untrusted, _ := replaced.WithoutOld()
	supplied := replaced
	supplied.Supplied = true
	spread := at.Add(5 * time.Minute)
	renewal := now.Add(80 * day)
	waits := credential.Decision{
		Deed: credential.Keep, Postponed: true, Look: spread,
		Reason: "the certificate of the earlier key stays: clients have until 2026-05-24T03:07:01Z to trust the present key",
	}
	tests := map[string]struct {
		authority pki.Authority
		stored    func(credential.Secret)
		wish      func(*credential.Wish)
		at        time.Time
		want      credential.Decision
	}{
		"its certificate was renewed": {
			authority: renewed,
			want:      credential.Decision{Deed: credential.Complete, Reason: "ca.crt is not the present one of clients-ca", Look: renewal},
		},
		"its key was replaced just now": {authority: replaced, want: waits},
		"its key was replaced just now, and a renewal was asked for": {
			authority: replaced, stored: annotated(v1.AnnotationForceRenew, "true"), want: waits,
		},
		"its key was replaced just now, and the key store is missing": {
			authority: replaced, stored: without("user.p12"),
			want: credential.Decision{Deed: credential.Complete, Postponed: true, Reason: "missing: user.p12", Look: spread},
		},
		"its key was replaced long enough ago": {
			authority: replaced, at: spread, want: issue("it was not signed by the present clients-ca"),
		},
		"its key was replaced, and the certificate has no time to wait": {
			authority: replaced, wish: func(w *credential.Wish) { w.Lifetime = pki.Lifetime{Validity: 365 * day, RenewBefore: 2 * 70 * day} },
			want: issue("it was not signed by the present clients-ca"),
		},
		"its key was replaced, and the certificate has little time to wait": {
			authority: replaced, wish: func(w *credential.Wish) {
				w.Lifetime = pki.Lifetime{Validity: 365 * day, RenewBefore: 2 * (70*day - time.Minute)}
			},
			want: credential.Decision{
				Deed: credential.Keep, Postponed: true, Look: at.Add(time.Minute),
				Reason: "the certificate of the earlier key stays: clients have until 2026-05-24T03:03:01Z to trust the present key",
			},
		},
		"its key was replaced, and the name is another one": {
			authority: replaced, wish: func(w *credential.Wish) { w.Username = "bob" },
			want: issue("the subject is CN=alice instead of CN=bob"),
		},
		"its key was replaced, and nothing vouches for the earlier one": {
			authority: untrusted, want: issue("it was not signed by the present clients-ca"),
		},
		"its key was replaced by its user": {
			authority: supplied, want: issue("it was not signed by the present clients-ca"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, wish, secret, at := newWorld(t, test.authority), tls(), clone(stored), at
			if test.stored != nil {
				test.stored(secret)
			}
			if test.wish != nil {
				test.wish(&wish)
			}
			if !test.at.IsZero() {
				at = test.at
			}
			got := w.decide(secret, wish, at)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			made := w.make(t, got, wish, secret, at)
			if next := w.decide(made, wish, at); next.Deed != credential.Keep {
				t.Errorf("carried out, it asks for %+v", next)
			}
		})
	}
}

// TestDecideAboutAnAuthorityWithoutAnIdentifier lets an authority change whose certificates name no key: leaves cannot name it then.
func TestDecideAboutAnAuthorityWithoutAnIdentifier(t *testing.T) {
	nameless, other := newNameless(t), newNameless(t)
	stored := newWorld(t, nameless).make(t, first, tls(), credential.Secret{}, now)
	foreign := newWorld(t, other).make(t, first, tls(), credential.Secret{}, now)
	if len(parsed(t, stored.Data["user.crt"]).AuthorityKeyId) != 0 {
		t.Fatal("the certificate names the key")
	}
	renewed, err := nameless.Renew(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	replaced, err := nameless.ReplaceKey(policy, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		authority pki.Authority
		stored    func(credential.Secret)
		want      credential.Decision
	}{
		"it did not":           {authority: nameless, want: credential.Decision{Deed: credential.Keep}},
		"it was renewed":       {authority: renewed, want: credential.Decision{Deed: credential.Complete, Reason: "ca.crt is not the present one of clients-ca"}},
		"its key was replaced": {authority: replaced, want: credential.Decision{Deed: credential.Keep, Postponed: true}},
		"nothing tells of it":  {authority: nameless, stored: without("ca.crt"), want: issue("it was not signed by the present clients-ca")},
		"ca.crt is another one": {
			authority: nameless, stored: func(s credential.Secret) { s.Data["ca.crt"] = other.Certificate },
			want: issue("it was not signed by the present clients-ca"),
		},
		"all but ca.crt is another one's": {
			authority: nameless, stored: func(s credential.Secret) {
				maps.Copy(s.Data, foreign.Data)
				s.Data["ca.crt"] = nameless.Certificate
			},
			want: issue("it was not signed by the present clients-ca"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, secret := newWorld(t, test.authority), clone(stored)
			if test.stored != nil {
				test.stored(secret)
			}
			got := w.decide(secret, tls(), now)
			if got.Postponed {
				got.Reason = ""
			}
			got.Look = time.Time{}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// newNameless is an authority that gives its key no identifier.
func newNameless(t *testing.T) pki.Authority {
	t.Helper()
	nameless := newAuthority(t)
	key, err := pki.ParseKey(nameless.Key)
	if err != nil {
		t.Fatal(err)
	}
	template := parsed(t, nameless.Certificate)
	template.SubjectKeyId = nil
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{asn1.TagOctetString, 0}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	nameless.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nameless
}
