//go:build apiserver

package user_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/user"
)

func TestManyInvalidUsersDoNotDelayAValidOne(t *testing.T) {
	w := newWorld(t, often)
	for i := range 300 {
		w.create(fmt.Sprintf("bad-%d", i), func(u *v1.KafkaUser) { tls(u); u.Annotations[v1.AnnotationKeyAlgorithm] = "DES" })
	}
	w.create("good", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.ready("good")
	var list v1.KafkaUserList
	w.must(api.List(t.Context(), &list, client.InNamespace(w.namespace)))
	for i := range list.Items {
		if u := list.Items[i]; u.Name != "good" {
			w.refused(u.Name, v1.ReasonExecution)
		}
	}
	w.lacks(w.refused("bad-7", v1.ReasonExecution), v1.ReasonInvalidResource, "metadata.annotations."+v1.AnnotationKeyAlgorithm, `"DES"`, "RSA-2048")
	long := strings.Repeat("long-", 13) + "name"
	w.create(long, tls)
	w.lacks(w.refused(long, v1.ReasonExecution), v1.ReasonInvalidResource, "only up to 64 characters")
}

func TestWhatKafkaRefusesAboutOneUserHarmsNobody(t *testing.T) {
	w := newWorld(t, often)
	refusal := w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateACLs}, Err: kerr.InvalidRequest, Resource: "bad", Count: -1})
	for _, name := range []string{"bad", "good", "better"} {
		w.create(name, func(u *v1.KafkaUser) { scram(u); reads(u, name); limited(u, 5) })
	}
	w.ready("good")
	w.ready("better")
	w.lacks(w.refused("bad", v1.ReasonExecution), "Kafka refused", "bad", "org.apache.kafka.common.errors.InvalidRequestException: ")
	held := func(topics ...string) user.Held {
		out := user.Held{Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}, Scram: user.Scram{Sha512: 4096}}
		for _, topic := range topics {
			out.ACLs = append(out.ACLs, allowed(topic))
		}
		return out
	}
	// What Kafka does not refuse is done.
	w.holds(holdings{"good": held("good"), "better": held("better"), "bad": held()})
	refusal.Remove()
	w.ready("bad")
	w.holds(holdings{"good": held("good"), "better": held("better"), "bad": held("bad")})
}

func TestAUserWhoseNewRightsAreRefusedKeepsTheOldOnes(t *testing.T) {
	w := newWorld(t, often)
	w.create("orders", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.ready("orders")
	w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateACLs}, Err: kerr.InvalidRequest, Resource: "bad", Count: -1})
	w.update("orders", func(u *v1.KafkaUser) { reads(u, "bad") })
	w.refused("orders", v1.ReasonExecution)
	w.looks(2)
	w.holds(holdings{"CN=orders": {ACLs: []user.ACL{allowed("a")}}})
}

func TestSilenceOfKafkaKeepsNoCertificateFromBeingRenewed(t *testing.T) {
	at := &clock{}
	options := func(o *usercontroller.Options) { often(o); o.Now = at.now }
	w := newWorld(t, options)
	silent := w.interruptible(append(writingKeys(), readingKeys()...)...)
	w.create("steady", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.create("changed", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	steady, changed := w.ready("steady"), w.ready("changed")
	silent.Store(true)
	w.update("changed", func(u *v1.KafkaUser) { reads(u, "b") })
	w.create("fresh", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	before := w.secret("steady")
	w.annotate("steady", v1.AnnotationRotate, "now")
	w.replaced(before)
	w.eventually("a Secret is made", func() error {
		if w.secret("fresh") == nil {
			return errors.New("there is none")
		}
		return nil
	})
	w.never("a short silence is nothing to tell", func() error {
		if diff := cmp.Diff(changed.Status, w.get("changed").Status) + cmp.Diff(steady.Status, w.get("steady").Status); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	at.moveOn(time.Minute)
	w.refused("changed", v1.ReasonTimeout)
	w.lacks(w.refused("fresh", v1.ReasonTimeout), "Kafka does not answer")
	// Who needs nothing of Kafka is as wanted.
	if diff := cmp.Diff(steady.Status, w.get("steady").Status); diff != "" {
		t.Errorf("the status of a user without changes (-before +after):\n%s", diff)
	}
	// An operator that starts meanwhile makes what it can, too.
	w.restart(options)
	w.create("later", tls)
	w.eventually("a Secret is made", func() error {
		if w.secret("later") == nil {
			return errors.New("there is none")
		}
		return nil
	})
	silent.Store(false)
	for _, name := range []string{"steady", "changed", "fresh", "later"} {
		w.ready(name)
	}
	a, b := user.Held{ACLs: []user.ACL{allowed("a")}}, user.Held{ACLs: []user.ACL{allowed("b")}}
	w.holds(holdings{"CN=steady": a, "CN=changed": b, "CN=fresh": a})
}

func TestWritesThatMeetOthersAreTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	meet := func(what string, do func()) {
		var once atomic.Bool
		w.wire.intercept(func(write string) error {
			if strings.HasPrefix(write, what) && !once.Swap(true) {
				do()
			}
			return nil
		}, nil)
	}
	meet("status kafkausers", func() { w.annotate("orders", "somebody", "else") })
	w.create("orders", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.ready("orders")
	meet("create secrets", func() {
		w.putSecret("second", map[string][]byte{"password": []byte("from-before")})
		w.changeSecret("second", func(s *corev1.Secret) {
			s.Labels = map[string]string{v1.LabelKind: "KafkaUser", v1.LabelCluster: cluster}
		})
	})
	w.create("second", scram)
	w.ready("second")
	if got := string(w.secret("second").Data["password"]); got != "from-before" {
		t.Error("the password was overwritten")
	}
	before := w.secret("orders")
	meet("update secrets", func() { w.changeSecret("orders", func(s *corev1.Secret) { s.Labels["theirs"] = "x" }) })
	w.annotate("orders", v1.AnnotationRotate, "now")
	if after := w.replaced(before); after.Labels["theirs"] != "x" {
		t.Errorf("labels: %v", after.Labels)
	}
	w.ready("orders")
	refusals := 2
	w.wire.intercept(func(write string) error {
		if strings.HasPrefix(write, "create secrets") && refusals > 0 {
			refusals--
			return errors.New("the API server is busy")
		}
		return nil
	}, nil)
	w.create("third", tls)
	w.lacks(w.refused("third", v1.ReasonExecution), "make Secret third", "busy")
	w.ready("third")
	meet("delete secrets", func() { w.changeSecret("third", func(s *corev1.Secret) { s.Labels["theirs"] = "x" }) })
	w.update("third", func(u *v1.KafkaUser) { u.Spec.Authentication = nil })
	w.noSecret("third")
	w.ready("third")
}

// TestAnOperatorThatIsKilledAfterAnyWriteLosesNothing stops it after one kind of write each, and before the next one.
func TestAnOperatorThatIsKilledAfterAnyWriteLosesNothing(t *testing.T) {
	w := newQuietWorld(t, withPasswords()...)
	var fatal atomic.Pointer[string]
	var dead atomic.Bool
	die := func(write string) {
		if at := fatal.Load(); at != nil && strings.HasPrefix(write, *at) {
			dead.Store(true)
		}
	}
	alive := func(string) error {
		if dead.Load() {
			return errors.New("killed")
		}
		return nil
	}
	for _, key := range writingKeys() {
		w.fake.ControlKey(key.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
			w.fake.KeepControl()
			if err := alive(""); err != nil {
				return nil, err, true
			}
			die(kmsg.NameForKey(r.Key()))
			return nil, nil, false
		})
	}
	start := func(after *string) {
		dead.Store(false)
		fatal.Store(after)
		w.start(nil)
		w.wire.intercept(alive, die)
	}
	killed := func(write string) {
		w.eventually("it is killed after "+write, func() error {
			if !dead.Load() {
				return errors.New("it lives")
			}
			return nil
		})
		w.stop()
	}
	made := "create secrets"
	start(&made)
	w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "t0"); limited(u, 1) })
	killed(made)
	first := w.secret("orders")
	start(nil)
	w.ready("orders")
	if err := w.logsIn(broker.MechanismScramSha512, "orders", string(first.Data["password"])); err != nil {
		t.Errorf("the password that was made first: %v", err)
	}
	for i, write := range []string{"update secrets", "CreateACLs", "DeleteACLs", "AlterClientQuotas", "AlterUserSCRAMCredentials", "status kafkausers"} {
		w.stop()
		before := w.secret("orders")
		topic, rate := fmt.Sprint("t", i+1), int64(i+2)
		w.update("orders", func(u *v1.KafkaUser) {
			reads(u, topic)
			limited(u, rate)
			u.Annotations[v1.AnnotationRotate] = topic
		})
		start(&write)
		killed(write)
		written := w.secret("orders")
		start(nil)
		w.ready("orders")
		w.holds(holdings{"orders": {ACLs: []user.ACL{allowed(topic)}, Quotas: user.Quotas{user.QuotaConsumerByteRate: float64(rate)}, Scram: user.Scram{Sha512: 4096}}})
		after := w.secret("orders")
		password := string(after.Data["password"])
		w.eventually("the password works", func() error { return w.logsIn(broker.MechanismScramSha512, "orders", password) })
		if bytes.Equal(before.Data["password"], after.Data["password"]) || !bytes.Equal(written.Data["password"], after.Data["password"]) {
			t.Errorf("killed after %s: the password was not made once", write)
		}
	}
}
