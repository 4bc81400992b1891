package userimport_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/userimport"
)

// world is a Kafka in memory.
type world struct {
	*testing.T
	fake  *kfake.Cluster
	kafka *broker.Users
}

func newWorld(t *testing.T) *world {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	kafka, err := broker.OpenUsers(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	return &world{t, fake, kafka}
}

// hold has Kafka hold something of each kind.
func (w *world) hold() {
	w.Helper()
	rules, err1 := w.kafka.AddACLs(w.Context(), map[string][]user.ACL{"CN=orders": {allow(kmsg.ACLOperationRead, topics, "orders")}})
	quotas, err2 := w.kafka.SetQuotas(w.Context(), map[string]user.QuotaChange{
		"CN=orders": {Set: user.Quotas{user.QuotaConsumerByteRate: 7}}, "bob": {Set: user.Quotas{user.QuotaConsumerByteRate: 8}},
	})
	passwords, err3 := w.kafka.SetCredentials(w.Context(), []broker.Credential{{Name: "alice", Mechanism: user.ScramSha512, Password: "secret"}})
	if err := errors.Join(err1, err2, err3); err != nil || len(rules)+len(quotas)+len(passwords) > 0 {
		w.Fatal(rules, quotas, passwords, err)
	}
}

func (w *world) find() (userimport.Found, error) {
	o := mine()
	o.Progress = func(string) {}
	return userimport.Find(w.Context(), w.kafka, o)
}

// brief is what a resource has, in a few words.
func brief(found userimport.Found) string {
	var out []string
	for _, r := range found.Resources {
		one := r.Name
		if r.Spec.Authentication != nil {
			one += " " + string(r.Spec.Authentication.Type)
		}
		if r.Spec.Authorization != nil {
			one += fmt.Sprint(" rules:", len(r.Spec.Authorization.ACLs))
		}
		if r.Spec.Quotas != nil {
			one += fmt.Sprint(" bytes:", *r.Spec.Quotas.ConsumerByteRate)
		}
		out = append(out, one)
	}
	return strings.Join(out, "; ")
}

func TestUsersAreFoundByAllThatKafkaHolds(t *testing.T) {
	w := newWorld(t)
	w.hold()
	found, err := w.find()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("alice scram-sha-512; bob bytes:8; orders tls-external rules:1 bytes:7", brief(found)); diff != "" || len(found.Problems) > 0 {
		t.Errorf("problems %q, resources (-want +got):\n%s", found.Problems, diff)
	}
}

func TestWithoutAuthorizationThereAreNoRules(t *testing.T) {
	w := newWorld(t)
	w.hold()
	w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeACLs}, Err: kerr.SecurityDisabled, TopLevel: true})
	found, err := w.find()
	if diff := cmp.Diff("alice scram-sha-512; bob bytes:8; orders tls-external bytes:7", brief(found)); diff != "" || err != nil {
		t.Errorf("%v, resources (-want +got):\n%s", err, diff)
	}
	if len(found.Notes) != 2 || found.Notes[0] != "Kafka's authorization is off: there are no rules to import" {
		t.Errorf("notes: %q", found.Notes)
	}
}

func TestQuotasOfOthersAreNamed(t *testing.T) {
	w := newWorld(t)
	w.fake.ControlKey(kmsg.DescribeClientQuotas.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		w.fake.KeepControl()
		answer := r.ResponseKind().(*kmsg.DescribeClientQuotasResponse)
		for i := range 12 {
			name := fmt.Sprintf("%02d", i)
			answer.Entries = append(answer.Entries, kmsg.DescribeClientQuotasResponseEntry{
				Entity: []kmsg.DescribeClientQuotasResponseEntryEntity{{Type: "client-id", Name: &name}},
			})
		}
		return answer, nil, true
	})
	found, err := w.find()
	want := "no KafkaUser can have the quotas of client-id 00, client-id 01, client-id 02, client-id 03, client-id 04, client-id 05, client-id 06, " +
		"client-id 07, client-id 08, client-id 09 and 2 more: a user operator leaves them as they are"
	if diff := cmp.Diff(want, strings.Join(found.Notes, "\n")); diff != "" || err != nil || len(found.Resources) > 0 {
		t.Errorf("%v, %d resources, notes (-want +got):\n%s", err, len(found.Resources), diff)
	}
}

func TestWhatKafkaDoesNotTellEndsTheImport(t *testing.T) {
	for key, want := range map[kmsg.Key]string{
		kmsg.DescribeACLs: "list the rules: ", kmsg.DescribeClientQuotas: "list the quotas: ", kmsg.DescribeUserSCRAMCredentials: "list the passwords: ",
	} {
		w := newWorld(t)
		w.hold()
		w.fake.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.ClusterAuthorizationFailed, TopLevel: true, Count: -1})
		found, err := w.find()
		if err == nil || !strings.HasPrefix(err.Error(), want) || len(found.Resources) > 0 {
			t.Errorf("%s: found %d resources, %v", key.Name(), len(found.Resources), err)
		}
	}
}
