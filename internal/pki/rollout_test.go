package pki_test

import (
	"crypto/rand"
	"testing"
	"time"

	"castellan.io/castellan/internal/pki"
)

// foreign is an issuer that has no key at hand.
type foreign struct{ leaf pki.Leaf }

var _ pki.Issuer = foreign{}

func (f foreign) Issue(pki.LeafRequest, time.Time) (pki.Leaf, error) { return f.leaf, nil }

func (f foreign) Trust() pki.Trust {
	return pki.Trust{Name: "vault", Certificate: f.leaf.Certificate, Bundle: f.leaf.Certificate, Generation: 7, KeyGeneration: 3}
}

func TestAnIssuerNeedsNoKeyAtHand(t *testing.T) {
	elsewhere := must(t)(pki.NewAuthority(pki.ClusterAuthority, quick, now, rand.Reader))
	leaf := issue(t, elsewhere, request())
	leaf.AuthorityGeneration = 7
	trust := foreign{leaf}.Trust()
	trust.Certificate = elsewhere.Certificate
	if decision := pki.DecideLeaf(leaf, request(), trust, open(now)); decision != (pki.LeafDecision{}) {
		t.Errorf("got %+v", decision)
	}
	leaf.AuthorityGeneration = 6
	want := pki.LeafDecision{Issue: true, Reason: "it was issued by generation 6 of vault, the current one is 7"}
	if decision := pki.DecideLeaf(leaf, request(), trust, open(now)); decision != want {
		t.Errorf("got %+v", decision)
	}
}

func TestRollout(t *testing.T) {
	present := replaced(t)
	trust := present.Trust()
	leaf, earlier := issue(t, present, request()), issue(t, authority(t), request())
	serial := func(l pki.Leaf) string {
		text, err := pki.Serial(l.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	seen := func(l pki.Leaf, digest string) *pki.Served { return &pki.Served{Serial: serial(l), Trust: digest} }
	done := pki.RunningNode{Name: "done", Leaf: leaf.Certificate, Served: seen(leaf, trust.Digest())}
	old := authority(t).Trust().Digest()
	for name, test := range map[string]struct {
		nodes          []pki.RunningNode
		trust, service string
	}{
		"a cluster without nodes waits for nobody, and has nobody to be seen": {service: "no node runs"},
		"a node that serves and trusts what is present is done":               {nodes: []pki.RunningNode{done}},
		"a node that was seen to trust the earlier bundle": {
			[]pki.RunningNode{done, {Name: "b", Leaf: leaf.Certificate, Served: seen(leaf, old)}},
			"node b was not seen to trust the present certificates of cluster-ca",
			"node b was not seen to trust the present certificates of cluster-ca",
		},
		"a node that was seen to serve an earlier leaf": {
			[]pki.RunningNode{done, {Name: "b", Leaf: leaf.Certificate, Served: seen(earlier, trust.Digest())}},
			"", "node b was not seen to serve a certificate of the present key",
		},
		"a node whose leaf is still of an earlier key": {
			[]pki.RunningNode{done, {Name: "b", Leaf: earlier.Certificate, Served: seen(earlier, trust.Digest())}},
			"", "node b was not seen to serve a certificate of the present key",
		},
		"a node that nobody has seen": {
			[]pki.RunningNode{done, {Name: "b", Leaf: leaf.Certificate}},
			"node b was not seen to trust the present certificates of cluster-ca",
			"node b was not seen to trust the present certificates of cluster-ca",
		},
		"a node without a leaf that can be read": {
			[]pki.RunningNode{{Name: "b", Served: seen(leaf, trust.Digest())}},
			"", "node b was not seen to serve a certificate of the present key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pki.AwaitTrust(trust, test.nodes); got != test.trust {
				t.Errorf("awaiting trust: %q", got)
			}
			if got := pki.AwaitService(trust, test.nodes); got != test.service {
				t.Errorf("awaiting service: %q", got)
			}
		})
	}
}

func TestCutOff(t *testing.T) {
	earlier, present := authority(t), replaced(t)
	leaf := issue(t, earlier, request())
	for name, test := range map[string]struct {
		trust pki.Trust
		leaf  pki.Leaf
		at    time.Time
		want  bool
	}{
		"a leaf of the present key is not":                {earlier.Trust(), leaf, now, false},
		"a leaf of an earlier key that is trusted is not": {present.Trust(), leaf, now, false},
		"a leaf of an earlier key that is forgotten is":   {withoutOld(present).Trust(), leaf, now, true},
		"a leaf that has expired anyway is not":           {withoutOld(present).Trust(), leaf, now.AddDate(1, 0, 1), false},
		"a leaf that does not exist is not":               {withoutOld(present).Trust(), pki.Leaf{}, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pki.CutOff(test.leaf, test.trust, test.at); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
