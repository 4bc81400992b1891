package claim_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan.io/castellan/internal/claim"
)

func TestOneResourceManagesOrNone(t *testing.T) {
	for seed := range int64(3000) {
		random := rand.New(rand.NewSource(seed))
		claims := make([]claim.Claim, 1+random.Intn(5))
		for i := range claims {
			claims[i] = claim.Claim{
				Namespace: "ns", Name: fmt.Sprint("r", i), Created: time.Unix(int64(random.Intn(3)), 0), Ready: random.Intn(3) == 0,
			}
		}
		verdicts := map[string]string{}
		managers := 0
		for _, c := range claims {
			manages, message := claim.Manages(c, claims)
			verdicts[c.Name] = message
			if manages {
				managers++
			}
			if manages != (message == "") || strings.Contains(message, "'"+c.Name+"'") {
				t.Fatalf("seed %d: %s: %t, %s", seed, c.Name, manages, message)
			}
			if manages && slices.ContainsFunc(claims, func(o claim.Claim) bool { return o.Created.Before(c.Created) }) {
				t.Fatalf("seed %d: %s manages and is not the oldest of %+v", seed, c.Name, claims)
			}
		}
		if managers > 1 || managers == 0 && len(claims) == 1 {
			t.Fatalf("seed %d: %d manage, of %+v", seed, managers, claims)
		}
		for range 5 {
			random.Shuffle(len(claims), func(i, j int) { claims[i], claims[j] = claims[j], claims[i] })
			for _, c := range claims {
				if _, message := claim.Manages(c, claims); message != verdicts[c.Name] {
					t.Fatalf("seed %d: %s: %q in one order, %q in another", seed, c.Name, verdicts[c.Name], message)
				}
			}
		}
	}
}

func TestManages(t *testing.T) {
	old, young := time.Unix(1, 0), time.Unix(2, 0)
	a := claim.Claim{Namespace: "ns", Name: "a", Created: old}
	b := claim.Claim{Namespace: "ns", Name: "b", Created: old}
	ready := claim.Claim{Namespace: "ns", Name: "ready", Created: old, Ready: true}
	late := claim.Claim{Namespace: "ns", Name: "late", Created: young, Ready: true}
	tests := map[string]struct {
		claim claim.Claim
		all   []claim.Claim
		want  string
	}{
		"alone":                                      {a, []claim.Claim{a}, ""},
		"the oldest, though another is ready":        {a, []claim.Claim{late, a}, ""},
		"the youngest":                               {late, []claim.Claim{late, a}, "Managed by Ref{namespace='ns', name='a'}"},
		"as old, and ready":                          {ready, []claim.Claim{a, ready}, ""},
		"as old, and not ready":                      {a, []claim.Claim{a, ready}, "Managed by Ref{namespace='ns', name='ready'}"},
		"one of two that nothing tells apart":        {a, []claim.Claim{a, b}, "Managed by Ref{namespace='ns', name='b'}"},
		"the other of them":                          {b, []claim.Claim{a, b}, "Managed by Ref{namespace='ns', name='a'}"},
		"the youngest of three, where none manages":  {late, []claim.Claim{b, late, a}, "Managed by Ref{namespace='ns', name='a'}"},
		"the oldest of three, the others being even": {a, []claim.Claim{late, a, {Namespace: "ns", Name: "too", Created: young, Ready: true}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			manages, message := claim.Manages(test.claim, test.all)
			if message != test.want || manages != (test.want == "") {
				t.Errorf("got %t, %q", manages, message)
			}
		})
	}
}
