//go:build apiserver

package user_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// withPasswords has the Kafka let nobody in without a password.
func withPasswords() []kfake.Opt {
	return []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "root", "root")}
}

func tls(u *v1.KafkaUser) {
	u.Spec.Authentication = &v1.UserAuthentication{Type: v1.UserAuthenticationTLS}
}

func scram(u *v1.KafkaUser) {
	u.Spec.Authentication = &v1.UserAuthentication{Type: v1.UserAuthenticationScramSha512}
}

// reads lets a user read topics, and describe their configurations.
func reads(u *v1.KafkaUser, topics ...string) {
	u.Spec.Authorization = &v1.UserAuthorization{Type: v1.UserAuthorizationSimple}
	for _, topic := range topics {
		u.Spec.Authorization.ACLs = append(u.Spec.Authorization.ACLs, v1.ACLRule{
			Resource: v1.ACLResource{Type: v1.ACLTopic, Name: topic}, Operations: []v1.ACLOperation{"Read"},
		})
	}
}

// allowed is a rule as Kafka has it.
func allowed(topic string) user.ACL {
	return user.ACL{
		Resource: kmsg.ACLResourceTypeTopic, Pattern: kmsg.ACLResourcePatternTypeLiteral, Name: topic, Host: "*",
		Operation: kmsg.ACLOperationRead, Permission: kmsg.ACLPermissionTypeAllow,
	}
}

func limited(u *v1.KafkaUser, rate int64) {
	u.Spec.Quotas = &v1.UserQuotas{ConsumerByteRate: &rate}
}

// account of all that Kafka holds.
type holdings map[string]user.Held

// held is what Kafka holds about each name.
func (w *world) held() holdings {
	w.Helper()
	rules, err := w.kafka.ACLs(w.Context())
	w.must(err)
	quotas, err := w.kafka.Quotas(w.Context())
	w.must(err)
	credentials, err := w.kafka.Credentials(w.Context())
	w.must(err)
	out := holdings{}
	for name, list := range rules {
		out[name] = user.Held{ACLs: list}
	}
	for name, values := range quotas {
		is := out[name]
		is.Quotas = values
		out[name] = is
	}
	for name, mechanisms := range credentials {
		is := out[name]
		is.Scram = mechanisms
		out[name] = is
	}
	return out
}

// holds waits until Kafka holds this and nothing else.
func (w *world) holds(want holdings) {
	w.Helper()
	w.eventually("Kafka holds what is wanted", func() error {
		if diff := cmp.Diff(want, w.held()); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

// done fails if Kafka refused a change of the test's own.
func (w *world) done(refusals map[string]error, err error) {
	w.Helper()
	if err != nil || len(refusals) > 0 {
		w.Fatal(refusals, err)
	}
}

// put has Kafka hold something that no resource asks for.
func (w *world) put(name string, is user.Held) {
	w.Helper()
	w.done(w.kafka.AddACLs(w.Context(), map[string][]user.ACL{name: is.ACLs}))
	w.done(w.kafka.SetQuotas(w.Context(), map[string]user.QuotaChange{name: {Set: is.Quotas}}))
	for _, mechanism := range is.Scram.Mechanisms() {
		w.done(w.kafka.SetCredentials(w.Context(), []broker.Credential{{Name: name, Mechanism: mechanism, Password: "somebody's"}}))
	}
}

// logsIn tells what keeps a user from logging in to Kafka.
func (w *world) logsIn(mechanism, username, password string) error {
	w.Helper()
	as := w.access
	as.SASL = &broker.SASL{Mechanism: mechanism, Username: username, Password: password}
	users, err := broker.OpenUsers(as)
	w.must(err)
	defer users.Close()
	_, err = users.Quotas(w.Context())
	return err
}

// changesInKafka counts the requests that change something, from now on.
func (w *world) changesInKafka() *atomic.Int64 {
	out := &atomic.Int64{}
	for _, key := range writingKeys() {
		w.fake.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			out.Add(1)
			return nil, nil, false
		})
	}
	return out
}

func writingKeys() []kmsg.Key {
	return []kmsg.Key{kmsg.CreateACLs, kmsg.DeleteACLs, kmsg.AlterClientQuotas, kmsg.AlterUserSCRAMCredentials}
}

func readingKeys() []kmsg.Key {
	return []kmsg.Key{kmsg.DescribeACLs, kmsg.DescribeClientQuotas, kmsg.DescribeUserSCRAMCredentials}
}

// interruptible lets the Kafka close every connection that asks something, while the switch is on.
func (w *world) interruptible(keys ...kmsg.Key) *atomic.Bool {
	out := &atomic.Bool{}
	for _, key := range keys {
		w.fake.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			if out.Load() {
				return nil, errors.New("silence"), true
			}
			return nil, nil, false
		})
	}
	return out
}

// looks waits until the operator has read all that Kafka holds so many times more.
func (w *world) looks(times int64) {
	w.Helper()
	seen := &atomic.Int64{}
	w.fake.ControlKey(kmsg.DescribeUserSCRAMCredentials.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.KeepControl()
		if seen.Add(1) > times {
			w.fake.DropControl()
		}
		return nil, nil, false
	})
	w.eventually("the operator looks", func() error {
		if got := seen.Load(); got <= times {
			return fmt.Errorf("%d times", got)
		}
		return nil
	})
}

// lacks tells which of the words a text lacks.
func (w *world) lacks(text string, words ...string) {
	w.Helper()
	words = slices.DeleteFunc(words, func(word string) bool { return strings.Contains(text, word) })
	if len(words) > 0 {
		w.Errorf("%q lacks %q", text, words)
	}
}

// forget removes a credential, as Kafka's tools do.
func (w *world) forget(name string, mechanism user.Mechanism) {
	w.Helper()
	w.done(w.kafka.SetCredentials(w.Context(), []broker.Credential{{Name: name, Mechanism: mechanism, Gone: true}}))
}
