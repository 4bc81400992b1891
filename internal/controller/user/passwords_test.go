package user

import (
	"fmt"
	"testing"

	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

func TestPasswordsAreDoubtedInTurns(t *testing.T) {
	p, both := newPasswords(), []user.Mechanism{user.ScramSha256, user.ScramSha512}
	const many = 3*doubtsAtOnce - 7
	for i := range many {
		p.gave(fmt.Sprint(i), credential.Digest{byte(i)}, both)
	}
	times := map[string]int{}
	for range 6 { // twice round
		p.doubt()
		for i := range many {
			name := fmt.Sprint(i)
			is, sure := p.has(name, credential.Digest{byte(i)}, both)
			if !is {
				t.Fatalf("%s was forgotten", name)
			}
			if !sure {
				times[name]++
				p.gave(name, credential.Digest{byte(i)}, both)
			}
		}
	}
	for i := range many {
		if n := times[fmt.Sprint(i)]; n != 2 {
			t.Errorf("%d was doubted %d times", i, n)
		}
	}
}

func TestOnlyTheSamePasswordForTheSameMechanismsIsKnown(t *testing.T) {
	p, one, both := newPasswords(), []user.Mechanism{user.ScramSha512}, []user.Mechanism{user.ScramSha256, user.ScramSha512}
	p.gave("a", credential.Digest{1}, one)
	known := func(digest byte, mechanisms []user.Mechanism) bool {
		is, _ := p.has("a", credential.Digest{digest}, mechanisms)
		return is
	}
	if !known(1, one) || known(2, one) || known(1, both) {
		t.Error("it is not told apart")
	}
	p.doubt()
	p.forget("a")
	p.doubt()
	if known(1, one) || len(p.given)+len(p.doubted) > 0 {
		t.Errorf("something is left: %v, %v", p.given, p.doubted)
	}
}
