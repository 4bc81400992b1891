package pki_test

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"castellan.io/castellan/internal/pki"
)

const day = 24 * time.Hour

func TestDecideAuthority(t *testing.T) {
	made, other := authority(t), replaced(t)
	end := now.Add(365 * day)
	damagedKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("TOP-SECRET")})
	tests := map[string]struct {
		change func(*pki.AuthorityState)
		policy pki.Policy
		at     time.Time
		closed bool
		action pki.Action
		reason string
	}{
		"a fresh authority needs nothing": {action: pki.None},
		"without anything it is created even outside a window": {
			change: func(s *pki.AuthorityState) { s.Authority = pki.Authority{Kind: pki.ClientsAuthority} },
			closed: true, action: pki.Create, reason: "there is no clients-ca yet",
		},
		"a lost key is for a person to restore": {
			change: func(s *pki.AuthorityState) { s.Key = nil },
			action: pki.Refused, reason: "ca.key of cluster-ca is missing, while its ca.crt exists",
		},
		"a lost key is replaced when a person gives it up, even outside a window": {
			change: func(s *pki.AuthorityState) { s.Key, s.ForceReplace = nil, true },
			closed: true, action: pki.ReplaceKey, reason: "replacement of the key of cluster-ca, which cannot be used, was asked for",
		},
		"without a certificate the certificate is renewed even outside a window": {
			change: func(s *pki.AuthorityState) { s.Certificate = nil },
			closed: true, action: pki.RenewCertificate, reason: "ca.crt of cluster-ca is missing",
		},
		"an unreadable certificate is renewed": {
			change: func(s *pki.AuthorityState) { s.Certificate = []byte("junk") },
			action: pki.RenewCertificate, reason: "ca.crt of cluster-ca cannot be read: no certificate in PEM found",
		},
		"an unreadable key is for a person to restore, and its content is not shown": {
			change: func(s *pki.AuthorityState) { s.Key = damagedKey },
			action: pki.Refused,
			reason: `ca.key of cluster-ca cannot be read: the content of the "PRIVATE KEY" block is not a private key of a known kind`,
		},
		"an unreadable key is replaced when a person gives it up": {
			change: func(s *pki.AuthorityState) { s.Key, s.ForceReplace = damagedKey, true },
			action: pki.ReplaceKey, reason: "replacement of the key of cluster-ca, which cannot be used, was asked for",
		},
		"neither a key nor a certificate that can be read is for a person to restore": {
			change: func(s *pki.AuthorityState) { s.Key, s.Certificate = damagedKey, []byte("junk") },
			action: pki.Refused,
			reason: `ca.key of cluster-ca cannot be read: the content of the "PRIVATE KEY" block is not a private key of a known kind`,
		},
		"a key of another certificate is for a person to restore": {
			change: func(s *pki.AuthorityState) { s.Key = other.Key }, closed: true,
			action: pki.Refused, reason: "ca.key of cluster-ca does not belong to its ca.crt",
		},
		"a key of another certificate is replaced when a person gives it up": {
			change: func(s *pki.AuthorityState) { s.Key, s.ForceReplace = other.Key, true },
			action: pki.ReplaceKey, reason: "replacement of the key of cluster-ca, which cannot be used, was asked for",
		},
		"a key that is one generation ahead was stored by an operator that stopped then": {
			change: func(s *pki.AuthorityState) { s.Key, s.KeyGeneration = other.Key, 1 }, closed: true,
			action: pki.CompleteReplacement,
			reason: "a replacement of the key of cluster-ca was interrupted: generation 1 of the key has no certificate yet",
		},
		"a key of another certificate that is two ahead was not": {
			change: func(s *pki.AuthorityState) { s.Key, s.KeyGeneration = other.Key, 2 },
			action: pki.Refused, reason: "ca.key of cluster-ca does not belong to its ca.crt",
		},
		"a key of another authority's certificate was not either": {
			change: func(s *pki.AuthorityState) { s.Kind, s.Key, s.KeyGeneration = pki.ClientsAuthority, other.Key, 1 },
			action: pki.Refused, reason: "ca.key of clients-ca does not belong to its ca.crt",
		},
		"a forced renewal is done inside a window": {
			change: func(s *pki.AuthorityState) { s.ForceRenew = true },
			action: pki.RenewCertificate, reason: "renewal of cluster-ca was asked for",
		},
		"a forced renewal waits for a window": {
			change: func(s *pki.AuthorityState) { s.ForceRenew = true },
			closed: true, action: pki.Postponed,
			reason: "RenewCertificate waits for a maintenance window: renewal of cluster-ca was asked for",
		},
		"a forced replacement is done inside a window": {
			change: func(s *pki.AuthorityState) { s.ForceReplace = true },
			action: pki.ReplaceKey, reason: "replacement of the key of cluster-ca was asked for",
		},
		"a forced replacement waits for a window": {
			change: func(s *pki.AuthorityState) { s.ForceReplace = true },
			closed: true, action: pki.Postponed,
			reason: "ReplaceKey waits for a maintenance window: replacement of the key of cluster-ca was asked for",
		},
		"a renewal comes before a replacement": {
			change: func(s *pki.AuthorityState) { s.ForceRenew, s.ForceReplace = true, true },
			action: pki.RenewCertificate, reason: "renewal of cluster-ca was asked for",
		},
		"a second before the renewal days nothing is due": {
			at: end.Add(-30*day - time.Second), action: pki.None,
		},
		"on the first of the renewal days it is renewed": {
			at: end.Add(-30 * day), action: pki.RenewCertificate,
			reason: "ca.crt of cluster-ca expires at 2027-05-04T03:02:01Z, within 30 days",
		},
		"the policy may want a new key instead": {
			at: end.Add(-30 * day), policy: pki.Policy{ReplaceKeyOnExpiry: true}, action: pki.ReplaceKey,
			reason: "ca.crt of cluster-ca expires at 2027-05-04T03:02:01Z, within 30 days",
		},
		"in its last second it waits for a window": {
			at: end, closed: true, action: pki.Postponed,
			reason: "RenewCertificate waits for a maintenance window: ca.crt of cluster-ca expires at 2027-05-04T03:02:01Z, within 30 days",
		},
		"an expired certificate does not wait for a window": {
			at: end.Add(time.Second), closed: true, action: pki.RenewCertificate,
			reason: "ca.crt of cluster-ca expired at 2027-05-04T03:02:01Z",
		},
		"an expired certificate gets a new key if the policy says so": {
			at: end.Add(day), closed: true, policy: pki.Policy{ReplaceKeyOnExpiry: true}, action: pki.ReplaceKey,
			reason: "ca.crt of cluster-ca expired at 2027-05-04T03:02:01Z",
		},
		"a clock that is ten minutes late is tolerated: five of them by the certificate": {
			at: now.Add(-10 * time.Minute), action: pki.None,
		},
		"a certificate from the future is renewed": {
			at: now.Add(-11 * time.Minute), closed: true, action: pki.RenewCertificate,
			reason: "ca.crt of cluster-ca is not valid before 2026-05-04T02:57:01Z",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state := pki.AuthorityState{Authority: made}
			if test.change != nil {
				test.change(&state)
			}
			if test.at.IsZero() {
				test.at = now
			}
			test.policy.Lifetime, test.policy.Key = lifetime, pki.ECDSAP256
			decision := pki.DecideAuthority(state, test.policy, test.at, !test.closed)
			if decision != (pki.Decision{Action: test.action, Reason: test.reason}) {
				t.Errorf("got %+v", decision)
			}
			assertHealed(t, state, decision, test.policy, test.at)
		})
	}
}

// assertHealed carries the decision out: afterwards nothing must be due any more.
func assertHealed(t *testing.T, state pki.AuthorityState, decision pki.Decision, policy pki.Policy, at time.Time) {
	t.Helper()
	if decision.Action == pki.Postponed || decision.Action == pki.Refused {
		return
	}
	after, err := state.Apply(decision.Action, policy, at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again := pki.DecideAuthority(pki.AuthorityState{Authority: after}, policy, at, true)
	if again.Action != pki.None {
		t.Errorf("carried out, it asks for %+v", again)
	}
	kept, _ := pki.ParseCertificates(state.Certificate)
	replaces := decision.Action == pki.ReplaceKey || decision.Action == pki.CompleteReplacement
	if replaces && len(kept) > 0 && !bytes.Contains(after.TrustBundle(), bytes.TrimSpace(state.Certificate)) {
		t.Error("the earlier certificate is not trusted any more")
	}
}

func TestDecideLeaf(t *testing.T) {
	made, other := authority(t), replaced(t)
	spread := time.Date(2026, 5, 4, 4, 7, 1, 0, time.UTC) // an authority of a year leaves clients five minutes
	renewed, err := made.Renew(year, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := now.Add(365 * day)
	tests := map[string]struct {
		stored func(*pki.Leaf)
		wanted func(*pki.LeafRequest)
		issuer pki.Authority
		awaits string
		at     time.Time
		closed bool
		want   pki.LeafDecision
	}{
		"what was just issued is kept": {},
		"the order of names does not matter": {
			wanted: func(r *pki.LeafRequest) {
				r.Names = []string{"a.example", "b.example", "fd00:0::1", "10.0.0.1", "my-kafka-bootstrap.ns.svc"}
			},
		},
		"a key of another kind is kept": {wanted: func(r *pki.LeafRequest) { r.Key = pki.RSA2048 }},
		"a missing certificate is issued even outside a window": {
			stored: func(l *pki.Leaf) { *l = pki.Leaf{} }, closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "the certificate is missing"},
		},
		"a missing key": {
			stored: func(l *pki.Leaf) { l.Key = nil },
			want:   pki.LeafDecision{Issue: true, Reason: "the key is missing"},
		},
		"an unreadable certificate": {
			stored: func(l *pki.Leaf) { l.Certificate = []byte("junk") },
			want:   pki.LeafDecision{Issue: true, Reason: "the certificate cannot be read: no certificate in PEM found"},
		},
		"an unreadable key": {
			stored: func(l *pki.Leaf) { l.Key = []byte("junk") },
			want:   pki.LeafDecision{Issue: true, Reason: "the key cannot be read: no private key in PEM found"},
		},
		"the key of another certificate": {
			stored: func(l *pki.Leaf) { l.Key = other.Key },
			want:   pki.LeafDecision{Issue: true, Reason: "the key does not belong to the certificate"},
		},
		"a renewed authority": {
			issuer: renewed, closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"another authority of the same generation": {
			stored: func(l *pki.Leaf) { l.AuthorityGeneration = 1 }, issuer: other, at: spread,
			want: pki.LeafDecision{Issue: true, Reason: "it was not signed by the current cluster-ca"},
		},
		"another subject": {
			wanted: func(r *pki.LeafRequest) { r.Organization = "" },
			want:   pki.LeafDecision{Issue: true, Reason: "the subject is CN=my-kafka,O=io.strimzi instead of CN=my-kafka"},
		},
		"other names": {
			wanted: func(r *pki.LeafRequest) { r.Names = append(r.Names[1:], "10.0.0.2") },
			want: pki.LeafDecision{
				Issue:  true,
				Reason: "the alternative names differ: missing [10.0.0.2], surplus [my-kafka-bootstrap.ns.svc]",
			},
		},
		"a chain that lost the authority": {
			stored: func(l *pki.Leaf) {
				l.Certificate = l.Certificate[:bytes.LastIndex(l.Certificate, []byte("-----BEGIN"))]
			},
			want: pki.LeafDecision{Issue: true, Reason: "the stored chain lacks the certificate of cluster-ca"},
		},
		"a chain nobody wants is kept": {wanted: func(r *pki.LeafRequest) { r.Chain = false }},
		"a second before the renewal days": {
			at: end.Add(-30*day - time.Second),
		},
		"the renewal days inside a window": {
			at:   end.Add(-30 * day),
			want: pki.LeafDecision{Issue: true, Reason: "the certificate expires at 2027-05-04T03:02:01Z, within 30 days"},
		},
		"the renewal days outside a window": {
			at: end.Add(-30 * day), closed: true,
			want: pki.LeafDecision{
				Postponed: true,
				Reason:    "renewal waits for a maintenance window: the certificate expires at 2027-05-04T03:02:01Z, within 30 days",
				Until:     end.Add(-15 * day),
			},
		},
		"half of the renewal days without a window": {
			at: end.Add(-15 * day), closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "the certificate expires at 2027-05-04T03:02:01Z, within 30 days"},
		},
		"an expired certificate does not wait for a window": {
			at: end.Add(time.Second), closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "the certificate expired at 2027-05-04T03:02:01Z"},
		},
		"a certificate from the future": {
			at: now.Add(-11 * time.Minute), closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "the certificate is not valid before 2026-05-04T02:57:01Z"},
		},
		"a leaf of the earlier key stays until all trust the new one": {
			issuer: other, awaits: "node a is not known to trust it",
			want: pki.LeafDecision{Postponed: true, Reason: "the certificate of the earlier key stays: node a is not known to trust it"},
		},
		"a leaf of the earlier key stays until clients had their time": {
			issuer: other, at: spread.Add(-time.Second),
			want: pki.LeafDecision{Postponed: true, Reason: "the certificate of the earlier key stays: clients have until 2026-05-04T04:07:01Z to trust the present key", Until: spread},
		},
		"a user who brings a new key has given clients their time": {
			issuer: supplied(other), at: spread.Add(-time.Second),
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"a leaf of the earlier key gives no time that it does not have": {
			issuer: other, wanted: func(r *pki.LeafRequest) { r.RenewBefore = 2 * r.Validity },
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"a leaf of the earlier key goes when all trust the new one": {
			issuer: other, at: spread,
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"a missing leaf waits for nobody": {
			stored: func(l *pki.Leaf) { *l = pki.Leaf{} }, issuer: other, awaits: "node a is not known to trust it",
			want: pki.LeafDecision{Issue: true, Reason: "the certificate is missing"},
		},
		"a leaf of an earlier key that nothing vouches for waits for nobody": {
			issuer: withoutOld(other), awaits: "node a is not known to trust it",
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"an expired leaf of the earlier key waits for nobody": {
			issuer: other, awaits: "node a is not known to trust it", at: end.Add(time.Second), closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "the certificate expired at 2027-05-04T03:02:01Z"},
		},
		"a leaf of the present key waits for nobody": {
			issuer: renewed, awaits: "node a is not known to trust it", closed: true,
			want: pki.LeafDecision{Issue: true, Reason: "it was issued by generation 0 of cluster-ca, the current one is 1"},
		},
		"an unreadable authority keeps what there is": {issuer: pki.Authority{Certificate: []byte("junk")}},
	}
	issued := issue(t, made, request())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stored, wanted, issuer := issued, request(), test.issuer
			if test.stored != nil {
				test.stored(&stored)
			}
			if test.wanted != nil {
				test.wanted(&wanted)
			}
			if issuer.Certificate == nil {
				issuer = made
			}
			if test.at.IsZero() {
				test.at = now
			}
			if got := pki.DecideLeaf(stored, wanted, issuer.Trust(), pki.Moment{Now: test.at, WindowOpen: !test.closed, Awaits: test.awaits}); got != test.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func supplied(a pki.Authority) pki.Authority {
	a.Supplied = true
	return a
}

func withoutOld(a pki.Authority) pki.Authority {
	a, _ = a.WithoutOld()
	return a
}

// open is a moment at which nothing has to wait.
func open(now time.Time) pki.Moment { return pki.Moment{Now: now, WindowOpen: true} }

func TestErrorsNeverShowAKey(t *testing.T) {
	secret := "TOP-SECRET-CONTENT"
	for name, text := range map[string]string{
		"no PEM":             secret,
		"another block type": string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(secret)})),
		"not PKCS#8":         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(secret)})),
		"not PKCS#1":         string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte(secret)})),
		"not SEC 1":          string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte(secret)})),
	} {
		t.Run(name, func(t *testing.T) {
			_, keyErr := pki.ParseKey([]byte(text))
			_, certificateErr := pki.ParseCertificates([]byte(text))
			if keyErr == nil || certificateErr == nil {
				t.Fatalf("errors %v and %v", keyErr, certificateErr)
			}
			for _, err := range []error{keyErr, certificateErr} {
				if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "VE9QLVNFQ1JFVC") {
					t.Errorf("shows the content: %v", err)
				}
			}
		})
	}
}
