package pki_test

import (
	"crypto/rand"
	"testing"
	"time"

	"castellan.io/castellan/internal/pki"
)

func TestLifetimeValidate(t *testing.T) {
	for name, test := range map[string]struct {
		lifetime pki.Lifetime
		err      string
	}{
		"the default is fine": {lifetime, ""},
		"a minute is enough":  {pki.Lifetime{Validity: time.Minute, RenewBefore: 20 * time.Second}, ""},
		"renewal a second shorter than the validity is fine": {pki.Lifetime{Validity: time.Hour, RenewBefore: time.Hour - time.Second}, ""},
		"less than a minute is not enough":                   {pki.Lifetime{Validity: 59 * time.Second}, "a validity of 59s: it must be at least 1m0s"},
		"no validity":                                        {pki.Lifetime{}, "a validity of 0s: it must be at least 1m0s"},
		"renewal as long as the validity": {
			pki.Lifetime{Validity: pki.Days(30), RenewBefore: pki.Days(30)}, "renewal 30 days before expiry: it must be less than the validity of 30 days",
		},
		"renewal after the end": {
			pki.Lifetime{Validity: time.Hour, RenewBefore: -time.Second}, "renewal -1s before expiry: it must not be negative",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := test.lifetime.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.err {
				t.Errorf("got %q, want %q", got, test.err)
			}
		})
	}
}

func TestAShortLifeStillBeginsFiveMinutesAgo(t *testing.T) {
	policy := pki.Policy{Lifetime: pki.Lifetime{Validity: time.Minute}, Key: pki.Ed25519}
	made := must(t)(pki.NewAuthority(pki.ClusterAuthority, policy, now, rand.Reader))
	got := certificate(t, made.Certificate)
	if !got.NotBefore.Equal(now.Add(-5*time.Minute)) || !got.NotAfter.Equal(now.Add(time.Minute)) {
		t.Errorf("valid from %s to %s", got.NotBefore, got.NotAfter)
	}
}

func TestParseKeyAlgorithm(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		allowed []pki.KeyAlgorithm
		want    pki.KeyAlgorithm
		err     string
	}{
		"by its name":        {"RSA-2048", []pki.KeyAlgorithm{pki.RSA2048, pki.RSA4096}, pki.RSA2048, ""},
		"in whatever case":   {"ecdsa-p384", []pki.KeyAlgorithm{pki.ECDSAP384}, pki.ECDSAP384, ""},
		"one that is unfit":  {"Ed25519", []pki.KeyAlgorithm{pki.ECDSAP256, pki.RSA4096}, 0, `"Ed25519" is not one of RSA-4096, ECDSA-P256`},
		"one nobody knows":   {"DSA", []pki.KeyAlgorithm{pki.Ed25519}, 0, `"DSA" is not one of Ed25519`},
		"an empty text":      {"", []pki.KeyAlgorithm{pki.Ed25519}, 0, `"" is not one of Ed25519`},
		"what String writes": {pki.ECDSAP256.String(), []pki.KeyAlgorithm{pki.ECDSAP256}, pki.ECDSAP256, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := pki.ParseKeyAlgorithm(test.text, test.allowed...)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != test.want || text != test.err {
				t.Errorf("got %s, error %q", got, text)
			}
		})
	}
}

func TestEveryAuthorityVouchesForEveryLeaf(t *testing.T) {
	for _, authorities := range []pki.KeyAlgorithm{pki.RSA2048, pki.ECDSAP256, pki.ECDSAP384, pki.Ed25519} {
		made := must(t)(pki.NewAuthority(pki.ClusterAuthority, pki.Policy{Lifetime: lifetime, Key: authorities}, now, rand.Reader))
		for _, leaves := range []pki.KeyAlgorithm{pki.RSA2048, pki.ECDSAP256, pki.ECDSAP384, pki.Ed25519} {
			wanted := request()
			wanted.Key = leaves
			leaf := issue(t, made, wanted)
			if decision := pki.DecideLeaf(leaf, wanted, made.Trust(), open(now)); decision != (pki.LeafDecision{}) {
				t.Errorf("%s issued by %s: %+v", leaves, authorities, decision)
			}
		}
	}
}

func TestNextLook(t *testing.T) {
	leaf := issue(t, authority(t), request()).Certificate
	end := now.Add(365 * day)
	kept := func(before ...time.Duration) []pki.Kept {
		var out []pki.Kept
		for _, b := range before {
			out = append(out, pki.Kept{Certificate: leaf, RenewBefore: b})
		}
		return out
	}
	for name, test := range map[string]struct {
		kept []pki.Kept
		at   time.Time
		want time.Duration
	}{
		"nothing is never due":                                      {nil, now, 0},
		"what cannot be read is never due":                          {[]pki.Kept{{Certificate: []byte("junk")}}, now, 0},
		"a certificate is due when it is to be renewed":             {kept(30 * day), now, 335 * day},
		"the soonest counts":                                        {kept(30*day, 40*day, 20*day), now, 325 * day},
		"one that is due and was not renewed is due half-way":       {kept(30 * day), end.Add(-30 * day), 15 * day},
		"and then at its end":                                       {kept(30 * day), end.Add(-15 * day), 15*day + time.Second},
		"in a fraction of a second it is not asked about in a loop": {kept(0), end.Add(999 * time.Millisecond), time.Second},
		"one that has expired was decided about":                    {kept(30 * day), end.Add(time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pki.NextLook(test.kept, test.at); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
