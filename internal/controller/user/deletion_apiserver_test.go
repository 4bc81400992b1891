//go:build apiserver

package user_test

import (
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/user"
)

// everything is what Kafka may hold about a name.
func everything() user.Held {
	return user.Held{ACLs: []user.ACL{allowed("a")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}, Scram: user.Scram{Sha512: 4096, Sha256: 4096}}
}

func (w *world) noSecret(name string) {
	w.Helper()
	w.eventually("Secret "+name+" is gone", func() error {
		if w.secret(name) != nil {
			return errors.New("it is there")
		}
		return nil
	})
}

func TestNothingIsLeftOfADeletedUser(t *testing.T) {
	w := newWorld(t, nil)
	for name, how := range map[string]func(*v1.KafkaUser){"certified": tls, "spoken": scram, "plain": func(*v1.KafkaUser) {}} {
		w.create(name, func(u *v1.KafkaUser) { how(u); reads(u, "a"); limited(u, 5) })
		w.ready(name)
	}
	for _, name := range []string{"certified", "spoken", "plain"} {
		w.delete(name)
		w.noSecret(name)
	}
	w.holds(holdings{})
}

func TestNothingIsLeftOfAUserThatWasDeletedWhileNobodyLooked(t *testing.T) {
	w := newWorld(t, nil)
	w.create("certified", func(u *v1.KafkaUser) { tls(u); reads(u, "a"); limited(u, 5) })
	w.create("stays", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.ready("certified")
	w.ready("stays")
	w.stop()
	w.put("certified", everything())
	w.delete("certified")
	w.start(nil)
	w.noSecret("certified")
	w.holds(holdings{"CN=stays": {ACLs: []user.ACL{allowed("a")}}})
}

func TestOrphansAreRemovedAndOthersNot(t *testing.T) {
	w := newQuietWorld(t)
	left := holdings{}
	for _, name := range []string{"*", "ANONYMOUS", "CN=a,O=b", "ignored-1", "CN=ignored-2"} {
		left[name] = everything()
	}
	// Rules for everybody and for nobody in particular are not those of a user; passwords and quotas are of no use to them.
	for name := range left {
		w.put(name, left[name])
	}
	for _, name := range []string{"gone", "CN=gone", "CN=gone-too", "a/b", "my user", ".", "CN=ignored-1", "ignored-2"} {
		w.put(name, everything())
	}
	w.put("own", everything())
	left["own"] = everything()
	w.create("any", nil)
	w.start(func(o *usercontroller.Options) {
		o.Ignored, o.Self = regexp.MustCompile("^(?:ignored-1|CN=ignored-2)$"), "own"
	})
	w.holds(left)
}

func TestAnOperatorThatKnowsNoResourceRemovesNobody(t *testing.T) {
	w := newQuietWorld(t)
	w.put("gone", everything())
	w.start(often)
	w.looks(2)
	w.holds(holdings{"gone": everything()})
	w.create("any", nil)
	w.holds(holdings{})
}

func TestAnOrphanThatKafkaDoesNotLetGoIsTriedAgain(t *testing.T) {
	w := newQuietWorld(t)
	w.put("gone", everything())
	refusing := w.interruptible(kmsg.DeleteACLs)
	refusing.Store(true)
	w.create("any", nil)
	w.start(nil)
	w.never("it is there", func() error {
		if len(w.held()) == 0 {
			return errors.New("it is gone")
		}
		return nil
	})
	refusing.Store(false)
	w.holds(holdings{})
}

func TestAUserThatLosesItsLabelIsNotOursAnyMore(t *testing.T) {
	w := newWorld(t, nil)
	for _, name := range []string{"removed", "changed"} {
		w.create(name, func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
		w.ready(name)
	}
	w.update("removed", func(u *v1.KafkaUser) { delete(u.Labels, v1.LabelCluster) })
	w.update("changed", func(u *v1.KafkaUser) { u.Labels[v1.LabelCluster] = "another" })
	w.noSecret("removed")
	w.noSecret("changed")
	w.holds(holdings{})
	w.update("changed", func(u *v1.KafkaUser) { u.Labels[v1.LabelCluster] = cluster })
	w.eventually("it is back", func() error {
		if w.secret("changed") == nil {
			return errors.New("no Secret")
		}
		return nil
	})
	w.holds(holdings{"CN=changed": {ACLs: []user.ACL{allowed("a")}}})
}

func TestAUserThatIsCalledOtherwiseInKafkaLeavesNothingUnderItsFormerName(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "a") })
	w.ready("orders")
	held := user.Held{ACLs: []user.ACL{allowed("a")}, Scram: user.Scram{Sha512: 4096}}
	for _, username := range []string{"My_Orders", "a/b", "orders"} {
		w.annotate("orders", v1.AnnotationUsername, username)
		w.eventually("the status has the name", func() error {
			if is := w.ready("orders"); is.Status.Username != username {
				return fmt.Errorf("%+v", is.Status)
			}
			return nil
		})
		w.holds(holdings{username: held})
	}
	w.annotate("orders", v1.AnnotationUsername, "a/b")
	w.holds(holdings{"a/b": held})
	w.delete("orders")
	w.holds(holdings{})
}

func TestAUserThatComesAndGoesEndsAsItIs(t *testing.T) {
	w := newWorld(t, nil)
	for range 15 {
		w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "a") })
		w.eventually("it has begun", func() error {
			if w.secret("orders") == nil {
				return errors.New("no Secret")
			}
			return nil
		})
		w.delete("orders")
	}
	w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "a") })
	is := w.ready("orders")
	w.eventually("the Secret is its own", func() error {
		if s := w.secret("orders"); s == nil || len(s.OwnerReferences) != 1 || s.OwnerReferences[0].UID != is.UID {
			return fmt.Errorf("%v", s)
		}
		return nil
	})
	want := holdings{"orders": {ACLs: []user.ACL{allowed("a")}, Scram: user.Scram{Sha512: 4096}}}
	w.holds(want)
	w.never("it stays", func() error {
		if diff := cmp.Diff(want, w.held()); diff != "" || w.secret("orders") == nil {
			return errors.New(diff)
		}
		return nil
	})
}

func TestTheOldestResourceOfAUserManagesIt(t *testing.T) {
	w := newWorld(t, nil)
	w.create("first", func(u *v1.KafkaUser) { tls(u); reads(u, "a", "b"); u.Annotations[v1.AnnotationUsername] = "shared" })
	w.ready("first")
	time.Sleep(1100 * time.Millisecond) // creation times are whole seconds
	w.create("second", func(u *v1.KafkaUser) { tls(u); reads(u, "b", "c"); u.Annotations[v1.AnnotationUsername] = "shared" })
	w.lacks(w.refused("second", v1.ReasonResourceConflict), "shared", fmt.Sprintf("Managed by Ref{namespace='%s', name='first'}", w.namespace))
	if w.secret("second") != nil {
		t.Error("a Secret was made for a user that another resource manages")
	}
	// What both allow is allowed all the time.
	var over atomic.Bool
	w.fake.ControlKey(kmsg.DeleteACLs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.KeepControl()
		for _, f := range r.(*kmsg.DeleteACLsRequest).Filters {
			if *f.ResourceName == "b" && !over.Load() {
				t.Error("a rule that stays was removed")
			}
		}
		return nil, nil, false
	})
	w.delete("first")
	w.ready("second")
	w.noSecret("first")
	w.holds(holdings{"CN=shared": {ACLs: []user.ACL{allowed("b"), allowed("c")}}})
	over.Store(true)
	w.delete("second")
	w.noSecret("second")
	w.holds(holdings{})
}
