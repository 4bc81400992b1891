//go:build apiserver

package user_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// TestWhateverHappensItEndsAsWanted changes users, their Secrets and what Kafka holds at random, while Kafka refuses now and then and the
// operator is stopped, and looks at the end only.
func TestWhateverHappensItEndsAsWanted(t *testing.T) {
	w := newGuardedWorld(t, often)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := &monkey{w, rand.New(rand.NewPCG(seed, 1))}
	trouble := w.fake.Fault(kfake.Fault{Keys: writingKeys(), Err: kerr.RequestTimedOut, Resource: "t1", Count: -1}, kfake.Fault{
		Keys: writingKeys(), Err: kerr.NotController, Resource: "u2", Count: -1,
	})
	for i := range 150 {
		m.act()
		if i%50 == 49 {
			w.restart(often)
		}
	}
	trouble.Remove()
	w.eventually("all is as wanted", m.look)
}

type monkey struct {
	*world
	random *rand.Rand
}

func (m *monkey) act() {
	m.Helper()
	const many = 6
	name := fmt.Sprint("u", m.random.IntN(many))
	if m.get(name) == nil {
		m.create(name, m.change)
		return
	}
	switch m.random.IntN(6) {
	case 0, 1:
		m.delete(name)
	case 2:
		m.update(name, m.change)
	case 3:
		_ = api.Delete(m.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: name}})
	case 4:
		principal := user.Names(name)[m.random.IntN(2)]
		_, _ = m.kafka.AddACLs(m.Context(), map[string][]user.ACL{principal: {allowed("stolen")}})
		_, _ = m.kafka.SetCredentials(m.Context(), []broker.Credential{{Name: principal, Mechanism: user.ScramSha256, Password: "somebody's"}})
	case 5:
		m.annotate(name, v1.AnnotationRotate, fmt.Sprint(m.random.IntN(3)))
	}
	time.Sleep(time.Duration(m.random.IntN(30)) * time.Millisecond)
}

// change makes a user anything.
func (m *monkey) change(u *v1.KafkaUser) {
	u.Spec = v1.KafkaUserSpec{}
	switch m.random.IntN(4) {
	case 0:
		tls(u)
	case 1, 2:
		scram(u)
	}
	if m.random.IntN(3) > 0 {
		reads(u, fmt.Sprint("t", m.random.IntN(3)))
	}
	if m.random.IntN(2) == 0 {
		limited(u, int64(1+m.random.IntN(9)))
	}
}

// look tells what is not as the resources say.
func (m *monkey) look() error {
	m.Helper()
	var users v1.KafkaUserList
	m.must(api.List(m.Context(), &users, client.InNamespace(m.namespace)))
	want, secrets := holdings{}, map[string]bool{caCertSecret: true, caKeySecret: true}
	for i := range users.Items {
		u := &users.Items[i]
		if err := is(u, v1.ConditionReady, ""); err != nil {
			return fmt.Errorf("%s: %w", u.Name, err)
		}
		w, err := user.Read(u, user.Rules{ACLs: true})
		m.must(err)
		held := user.Held{ACLs: w.ACLs, Quotas: w.Quotas}
		for _, mechanism := range w.Scram {
			held.Scram = user.Scram{}.With(mechanism, user.Iterations)
		}
		if !held.Empty() {
			want[w.Principal] = held
		}
		if a := u.Spec.Authentication; a != nil {
			secrets[u.Name] = true
		}
	}
	if diff := cmp.Diff(want, m.held()); diff != "" {
		return fmt.Errorf("what Kafka holds: %s", diff)
	}
	return m.lookAtSecrets(secrets, want)
}

func (m *monkey) lookAtSecrets(want map[string]bool, held holdings) error {
	m.Helper()
	var list corev1.SecretList
	m.must(api.List(m.Context(), &list, client.InNamespace(m.namespace)))
	got := map[string]bool{}
	for i := range list.Items {
		s := &list.Items[i]
		got[s.Name] = true
		if held[s.Name].Scram == (user.Scram{}) {
			continue
		}
		if err := m.logsIn(broker.MechanismScramSha512, s.Name, string(s.Data["password"])); err != nil {
			return fmt.Errorf("%s does not log in: %w", s.Name, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("Secrets: %s", diff)
	}
	return nil
}
