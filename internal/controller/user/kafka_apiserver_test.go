//go:build apiserver

package user_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/user"
)

// theft is what somebody changed in Kafka.
var theft = user.Held{
	ACLs: []user.ACL{allowed("stolen")}, Quotas: user.Quotas{user.QuotaProducerByteRate: 1, user.QuotaConsumerByteRate: 2}, Scram: user.Scram{Sha256: 4096},
}

func report(o *usercontroller.Options) {
	often(o)
	o.ReportDrift = true
}

func TestDriftIsRevertedByTheNextLook(t *testing.T) {
	w := newWorld(t, often)
	w.create("orders", func(u *v1.KafkaUser) { tls(u); reads(u, "a", "b"); limited(u, 5) })
	w.ready("orders")
	want := holdings{"CN=orders": {ACLs: []user.ACL{allowed("a"), allowed("b")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}}}
	w.holds(want)
	w.put("CN=orders", theft)
	w.put("orders", theft)
	w.done(w.kafka.RemoveACLs(t.Context(), map[string][]user.ACL{"CN=orders": {allowed("a")}}))
	w.holds(want)
	if is := w.ready("orders"); len(is.Status.Conditions) != 1 {
		t.Errorf("status: %+v", is.Status)
	}
}

func TestDriftIsReportedWhereThatIsAskedFor(t *testing.T) {
	w := newWorld(t, report)
	for _, name := range []string{"told", "reverted"} {
		w.create(name, func(u *v1.KafkaUser) { tls(u); reads(u, "a", "b"); limited(u, 5) })
		w.ready(name)
	}
	w.annotate("reverted", v1.AnnotationDrift, "revert")
	stolen := func(name string) {
		w.put("CN="+name, theft)
		w.done(w.kafka.RemoveACLs(t.Context(), map[string][]user.ACL{"CN=" + name: {allowed("a")}}))
	}
	stolen("told")
	stolen("reverted")
	w.put("stranger", theft)
	left := holdings{
		"CN=told":     {ACLs: []user.ACL{allowed("b"), allowed("stolen")}, Quotas: theft.Quotas, Scram: theft.Scram},
		"CN=reverted": {ACLs: []user.ACL{allowed("a"), allowed("b")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}},
		"stranger":    theft,
	}
	words := []string{
		"CN=told lacks ALLOW READ on TOPIC a from *", "CN=told has ALLOW READ on TOPIC stolen from *", "CN=told has another consumer_byte_rate",
		"CN=told has producer_byte_rate", "CN=told has a password for SCRAM-SHA-256",
	}
	w.lacks(w.warns("told", v1.WarningDrift), words...)
	w.holds(left)
	// A new operator is no reason to revert.
	w.restart(report)
	w.looks(2)
	w.lacks(w.warns("told", v1.WarningDrift), words...)
	w.holds(left)
	// What the resource says anew is carried out, and so the drift is over.
	w.update("told", func(u *v1.KafkaUser) { reads(u, "c") })
	left["CN=told"] = user.Held{ACLs: []user.ACL{allowed("c")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}}
	w.holds(left)
	w.eventually("there is no drift any more", func() error {
		if is := w.ready("told"); len(is.Status.Conditions) != 1 {
			return fmt.Errorf("%+v", is.Status)
		}
		return nil
	})
	w.annotate("told", v1.AnnotationDrift, "maybe")
	w.lacks(w.refused("told", v1.ReasonExecution), v1.ReasonInvalidResource, "metadata.annotations."+v1.AnnotationDrift, `"maybe"`, "report or revert")
	w.delete("told")
	delete(left, "CN=told")
	w.holds(left)
}

func TestDriftThatIsReportedOutlivesOtherTrouble(t *testing.T) {
	w := newWorld(t, report)
	w.putSecret("mine", map[string][]byte{"secret": []byte("hunter22")})
	w.create("told", func(u *v1.KafkaUser) { from("mine", "secret")(u); reads(u, "a") })
	w.ready("told")
	w.put("told", user.Held{ACLs: []user.ACL{allowed("stolen")}})
	w.warns("told", v1.WarningDrift)
	w.must(api.Delete(t.Context(), w.secret("mine")))
	w.refused("told", v1.ReasonExecution)
	w.putSecret("mine", map[string][]byte{"secret": []byte("hunter22")})
	w.ready("told")
	w.warns("told", v1.WarningDrift)
	w.holds(holdings{"told": {ACLs: []user.ACL{allowed("a"), allowed("stolen")}, Scram: user.Scram{Sha512: 4096}}})
}

func TestAPasswordThatWasRemovedInKafkaIsReported(t *testing.T) {
	w := newWorld(t, report)
	w.create("told", scram)
	w.ready("told")
	w.holds(holdings{"told": {Scram: user.Scram{Sha512: 4096}}})
	w.forget("told", user.ScramSha512)
	w.lacks(w.warns("told", v1.WarningDrift), "told lacks a password for SCRAM-SHA-512")
	w.restart(report)
	w.looks(3)
	w.holds(holdings{})
}

func TestRightsComeBeforeOthersGo(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.ready("orders")
	asked := []string{}
	for _, key := range []kmsg.Key{kmsg.CreateACLs, kmsg.DeleteACLs} {
		w.fake.ControlKey(key.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
			asked = append(asked, kmsg.NameForKey(r.Key()))
			return nil, nil, false
		})
	}
	w.update("orders", func(u *v1.KafkaUser) { reads(u, "b") })
	w.ready("orders")
	w.holds(holdings{"CN=orders": {ACLs: []user.ACL{allowed("b")}}})
	if diff := cmp.Diff([]string{"CreateACLs", "DeleteACLs"}, asked); diff != "" {
		t.Errorf("asked of Kafka (-want +got):\n%s", diff)
	}
}

func TestWithoutAnAuthorizerRulesAreRefusedAndTheRestIsKept(t *testing.T) {
	w := newQuietWorld(t)
	off := true
	w.fake.ControlKey(kmsg.DescribeACLs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.KeepControl()
		const securityDisabled = 54
		answer := r.ResponseKind().(*kmsg.DescribeACLsResponse)
		answer.ErrorCode = securityDisabled
		return answer, nil, off
	})
	w.start(often)
	w.create("ruled", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	w.create("limited", func(u *v1.KafkaUser) { tls(u); limited(u, 5) })
	w.ready("limited")
	w.lacks(w.refused("ruled", v1.ReasonExecution), v1.ReasonInvalidResource, "spec.authorization", "spec.kafka.authorization.type", "simple")
	off = false
	w.ready("ruled")
	w.restart(func(o *usercontroller.Options) { often(o); o.ACLs = false })
	w.refused("ruled", v1.ReasonExecution)
	w.update("ruled", func(u *v1.KafkaUser) { u.Spec.Authorization = nil })
	w.ready("ruled")
}

func TestAUserThatIsPausedIsLeftAlone(t *testing.T) {
	w := newWorld(t, often)
	w.create("orders", func(u *v1.KafkaUser) { tls(u); reads(u, "a") })
	before := w.ready("orders")
	w.update("orders", func(u *v1.KafkaUser) {
		u.Annotations[v1.AnnotationPauseReconciliation] = "true"
		reads(u, "b")
	})
	w.eventually("it is paused", func() error {
		is := w.get("orders")
		if len(is.Status.Conditions) != 1 || is.Status.Conditions[0].Type != v1.ConditionReconciliationPaused || is.Status.ObservedGeneration != before.Generation {
			return fmt.Errorf("%+v", is.Status)
		}
		return nil
	})
	w.must(api.Delete(t.Context(), w.secret("orders")))
	w.looks(3)
	w.holds(holdings{"CN=orders": {ACLs: []user.ACL{allowed("a")}}})
	if w.secret("orders") != nil {
		t.Error("the Secret was made")
	}
	w.annotate("orders", v1.AnnotationPauseReconciliation, "false")
	w.ready("orders")
	w.holds(holdings{"CN=orders": {ACLs: []user.ACL{allowed("b")}}})
	w.annotate("orders", v1.AnnotationPauseReconciliation, "true")
	w.delete("orders")
	w.holds(holdings{})
}

func TestRulesWithoutEffectAreTold(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) {
		tls(u)
		reads(u, "a")
		u.Spec.Authorization.ACLs[0].Host = "example.com"
	})
	w.ready("orders")
	w.lacks(w.warns("orders", v1.WarningFutileACL), "spec.authorization.acls[0].host", "example.com", "IP address")
}
