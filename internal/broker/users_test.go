package broker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// users is a Kafka in memory with a connection to it.
type users struct {
	*broker.Users
	*testing.T
	fake *kfake.Cluster
}

func openUsers(t *testing.T, opts ...kfake.Opt) users {
	t.Helper()
	fake, err := kfake.NewCluster(append(opts, kfake.NumBrokers(3))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	return users{dialUsers(t, broker.Access{Brokers: fake.ListenAddrs()}), t, fake}
}

func dialUsers(t *testing.T, to broker.Access) *broker.Users {
	t.Helper()
	out, err := broker.OpenUsers(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

// raw sends what Users has no words for.
func (k users) raw(request kmsg.Request) {
	k.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(k.fake.ListenAddrs()...))
	if err != nil {
		k.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Request(k.Context(), request); err != nil {
		k.Fatal(err)
	}
}

// done fails if anything was refused.
func (k users) done(refusals map[string]error, err error) {
	k.Helper()
	if err != nil || len(refusals) > 0 {
		k.Fatal(refusals, err)
	}
}

func (k users) acls() map[string][]user.ACL {
	k.Helper()
	out, err := k.ACLs(k.Context())
	if err != nil {
		k.Fatal(err)
	}
	return out
}

// allow is a rule about a topic.
func allow(operation kmsg.ACLOperation, topic string) user.ACL {
	return user.ACL{
		Resource: kmsg.ACLResourceTypeTopic, Pattern: kmsg.ACLResourcePatternTypeLiteral, Name: topic, Host: "*",
		Operation: operation, Permission: kmsg.ACLPermissionTypeAllow,
	}
}

func TestRulesAreMadeReadAndRemoved(t *testing.T) {
	k := openUsers(t)
	denied := user.ACL{
		Resource: kmsg.ACLResourceTypeGroup, Pattern: kmsg.ACLResourcePatternTypePrefixed, Name: "g-", Host: "10.0.0.1",
		Operation: kmsg.ACLOperationAll, Permission: kmsg.ACLPermissionTypeDeny,
	}
	read, write := allow(kmsg.ACLOperationRead, "topic"), allow(kmsg.ACLOperationWrite, "topic")
	elsewhere := read
	elsewhere.Host = denied.Host
	k.done(k.AddACLs(t.Context(), map[string][]user.ACL{"CN=alice": {denied, write, elsewhere, read}, "bob": {read}}))
	k.done(k.AddACLs(t.Context(), map[string][]user.ACL{"bob": {read}}))
	role := kmsg.NewPtrCreateACLsRequest()
	role.Creations = append(role.Creations, kmsg.CreateACLsRequestCreation{
		Principal: "Role:bob", Host: "*", ResourceType: kmsg.ACLResourceTypeTopic, ResourcePatternType: kmsg.ACLResourcePatternTypeLiteral,
		ResourceName: "t", Operation: kmsg.ACLOperationAll, PermissionType: kmsg.ACLPermissionTypeAllow,
	})
	k.raw(role)
	got := k.acls()
	if diff := cmp.Diff(map[string][]user.ACL{"CN=alice": {read, write, elsewhere, denied}, "bob": {read}}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	alice := got["CN=alice"]
	if cap(alice) != len(alice) || unsafe.StringData(alice[2].Host) != unsafe.StringData(alice[3].Host) || unsafe.StringData(alice[0].Name) != unsafe.StringData(got["bob"][0].Name) {
		t.Error("rules take more memory than they need")
	}
	before := k.Requests()
	k.acls()
	if sent := k.Requests() - before; sent != 1 {
		t.Errorf("%d requests for all rules", sent)
	}
	gone := allow(kmsg.ACLOperationAlter, "never was")
	k.done(k.RemoveACLs(t.Context(), map[string][]user.ACL{"CN=alice": {read, gone, denied}, "bob": {write}}))
	if diff := cmp.Diff(map[string][]user.ACL{"CN=alice": {write, elsewhere}, "bob": {read}}, k.acls()); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestQuotasAreSetReadAndRemoved(t *testing.T) {
	k := openUsers(t)
	k.done(k.SetQuotas(t.Context(), map[string]user.QuotaChange{
		"CN=alice": {Set: user.Quotas{user.QuotaProducerByteRate: 1024, user.QuotaControllerMutationRate: 0.5}},
		"bob":      {Set: user.Quotas{user.QuotaRequestPercentage: 55}},
	}))
	k.raw(quotas([2]string{"user", ""}))
	k.raw(quotas([2]string{"user", "bob"}, [2]string{"client-id", "app"}))
	k.raw(quotas([2]string{"client-id", "app"}))
	want := map[string]user.Quotas{
		"CN=alice": {user.QuotaProducerByteRate: 1024, user.QuotaControllerMutationRate: 0.5}, "bob": {user.QuotaRequestPercentage: 55},
	}
	got, err := k.Quotas(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	k.done(k.SetQuotas(t.Context(), map[string]user.QuotaChange{
		"CN=alice": {Set: user.Quotas{user.QuotaConsumerByteRate: 1}, Remove: []string{user.QuotaProducerByteRate, user.QuotaRequestPercentage}},
		"bob":      {Remove: []string{user.QuotaRequestPercentage}},
	}))
	others, err := k.OtherQuotas(t.Context())
	if diff := cmp.Diff([]string{"client-id app", "client-id app with user bob", "every user"}, others); diff != "" || err != nil {
		t.Errorf("%v, others (-want +got):\n%s", err, diff)
	}
	want = map[string]user.Quotas{"CN=alice": {user.QuotaConsumerByteRate: 1, user.QuotaControllerMutationRate: 0.5}}
	before := k.Requests()
	got, err = k.Quotas(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil || k.Requests() != before+1 {
		t.Errorf("%v, %d requests (-want +got):\n%s", err, k.Requests()-before, diff)
	}
}

// TestTheDefaultOfAllUsersIsNobodys because Kafka tells it with the named ones, unlike kfake.
func TestTheDefaultOfAllUsersIsNobodys(t *testing.T) {
	k := openUsers(t)
	k.fake.ControlKey(kmsg.DescribeClientQuotas.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		answer := r.ResponseKind().(*kmsg.DescribeClientQuotasResponse)
		answer.Entries = []kmsg.DescribeClientQuotasResponseEntry{{Entity: []kmsg.DescribeClientQuotasResponseEntryEntity{{Type: "user"}}}}
		return answer, nil, true
	})
	if got, err := k.Quotas(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// quotas sets one for the entity of those types and names; an empty name is the default.
func quotas(entity ...[2]string) kmsg.Request {
	entry := kmsg.NewAlterClientQuotasRequestEntry()
	for _, e := range entity {
		one := kmsg.NewAlterClientQuotasRequestEntryEntity()
		one.Type = e[0]
		if e[1] != "" {
			one.Name = &e[1]
		}
		entry.Entity = append(entry.Entity, one)
	}
	entry.Ops = append(entry.Ops, kmsg.AlterClientQuotasRequestEntryOp{Key: user.QuotaConsumerByteRate, Value: 7})
	request := kmsg.NewPtrAlterClientQuotasRequest()
	request.Entries = append(request.Entries, entry)
	return request
}

func TestWhatKafkaRefusesAboutOneUserIsAboutThatUser(t *testing.T) {
	read, bad := allow(kmsg.ACLOperationRead, "t"), allow(kmsg.ACLOperationRead, "bad")
	tests := map[string]struct {
		key   kmsg.Key
		err   *kerr.Error
		class string
		ask   func(users) (map[string]error, error)
	}{
		"making rules": {kmsg.CreateACLs, kerr.InvalidRequest, "InvalidRequestException", func(k users) (map[string]error, error) {
			return k.AddACLs(k.Context(), map[string][]user.ACL{"bad": {read, bad, read}, "good": {read}, "zoe": {read}})
		}},
		"removing rules": {kmsg.DeleteACLs, kerr.ClusterAuthorizationFailed, "ClusterAuthorizationException", func(k users) (map[string]error, error) {
			return k.RemoveACLs(k.Context(), map[string][]user.ACL{"bad": {read, bad}, "good": {read}})
		}},
		"quotas": {kmsg.AlterClientQuotas, kerr.InvalidRequest, "InvalidRequestException", func(k users) (map[string]error, error) {
			change := user.QuotaChange{Set: user.Quotas{user.QuotaConsumerByteRate: 1}}
			return k.SetQuotas(k.Context(), map[string]user.QuotaChange{"bad": change, "good": change})
		}},
		"credentials": {kmsg.AlterUserSCRAMCredentials, kerr.UnacceptableCredential, "UnacceptableCredentialException", func(k users) (map[string]error, error) {
			return k.SetCredentials(k.Context(), []broker.Credential{
				{Name: "bad", Mechanism: user.ScramSha256, Password: "hunter2"}, {Name: "good", Mechanism: user.ScramSha256, Password: "hunter2"},
			})
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k := openUsers(t)
			k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{test.key}, Err: test.err, Resource: "bad", Count: -1})
			refusals, err := test.ask(k)
			if err != nil || len(refusals) != 1 {
				t.Errorf("refused %v: %v", refusals, err)
			}
			isClass(t, refusals["bad"], test.class)
		})
	}
}

func TestARefusalToTellIsOne(t *testing.T) {
	k := openUsers(t)
	asking := map[kmsg.Key]func() error{
		kmsg.DescribeACLs:                 func() error { _, err := k.ACLs(t.Context()); return err },
		kmsg.DescribeClientQuotas:         func() error { _, err := k.OtherQuotas(t.Context()); return err },
		kmsg.DescribeUserSCRAMCredentials: func() error { _, err := k.Credentials(t.Context()); return err },
	}
	for key, ask := range asking {
		k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.ClusterAuthorizationFailed, TopLevel: true, Count: 1})
		err := ask()
		isClass(t, err, "ClusterAuthorizationException")
		if errors.Is(err, broker.ErrUnreachable) {
			t.Errorf("%s: %v", key.Name(), err)
		}
	}
}

func TestAuthorizationThatIsOffIsRecognized(t *testing.T) {
	k := openUsers(t)
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeACLs}, Err: kerr.SecurityDisabled, TopLevel: true})
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateACLs}, Err: kerr.SecurityDisabled})
	if _, err := k.ACLs(t.Context()); !broker.SecurityDisabled(err) {
		t.Errorf("reading: %v", err)
	}
	refusals, err := k.AddACLs(t.Context(), map[string][]user.ACL{"a": {allow(kmsg.ACLOperationRead, "t")}})
	if err != nil || !broker.SecurityDisabled(refusals["a"]) {
		t.Errorf("making: %v, %v", refusals, err)
	}
	if broker.SecurityDisabled(nil) || broker.SecurityDisabled(broker.ErrUnreachable) {
		t.Error("another error is taken for it")
	}
}

func TestWhatIsTooMuchAboutUsersForOneRequestIsCut(t *testing.T) {
	k := openUsers(t)
	var adding, removing, limiting watched
	k.fake.ControlKey(kmsg.CreateACLs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		n := len(r.(*kmsg.CreateACLsRequest).Creations)
		adding.sees(n)
		answer := r.ResponseKind().(*kmsg.CreateACLsResponse)
		answer.Results = make([]kmsg.CreateACLsResponseResult, n)
		answer.Results[n-2].ErrorCode, answer.Results[n-1].ErrorCode = kerr.PolicyViolation.Code, kerr.InvalidRequest.Code
		return answer, nil, true
	})
	k.fake.ControlKey(kmsg.DeleteACLs.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		removing.sees(len(r.(*kmsg.DeleteACLsRequest).Filters))
		return nil, nil, false
	})
	k.fake.ControlKey(kmsg.AlterClientQuotas.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		limiting.sees(len(r.(*kmsg.AlterClientQuotasRequest).Entries))
		return r.ResponseKind(), nil, true
	})
	acls, changes := map[string][]user.ACL{}, map[string]user.QuotaChange{}
	for i := range 9000 {
		name := fmt.Sprintf("u%04d", i/2)
		acls[name] = append(acls[name], allow(kmsg.ACLOperationRead, fmt.Sprint(i)))
		changes[name] = user.QuotaChange{Set: user.Quotas{user.QuotaConsumerByteRate: 1}, Remove: []string{user.QuotaProducerByteRate}}
	}
	refusals, err := k.AddACLs(t.Context(), acls)
	if err != nil || len(refusals) != 2 {
		t.Errorf("refused %v: %v", refusals, err)
	}
	isClass(t, refusals["u3999"], "PolicyViolationException")
	isClass(t, refusals["u4499"], "PolicyViolationException")
	few := map[string][]user.ACL{}
	for i := range 225 {
		few[fmt.Sprint(i)] = acls["u0000"]
	}
	k.done(k.RemoveACLs(t.Context(), few))
	k.done(k.SetQuotas(t.Context(), changes))
	if diff := cmp.Diff([][]int{{8000, 1000}, {200, 200, 50}, {4000, 500}}, [][]int{adding.sizes, removing.sizes, limiting.sizes}); diff != "" {
		t.Errorf("what is in each request, making and removing rules and quotas (-want +got):\n%s", diff)
	}
}

func TestAnAnswerThatTellsOfFewerRulesIsNoAnswer(t *testing.T) {
	k := openUsers(t)
	for _, key := range []kmsg.Key{kmsg.CreateACLs, kmsg.DeleteACLs} {
		k.fake.ControlKey(key.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) { return r.ResponseKind(), nil, true })
	}
	acls := map[string][]user.ACL{"a": {allow(kmsg.ACLOperationRead, "t")}}
	_, err1 := k.AddACLs(t.Context(), acls)
	_, err2 := k.RemoveACLs(t.Context(), acls)
	if !errors.Is(err1, broker.ErrUnreachable) || !errors.Is(err2, broker.ErrUnreachable) {
		t.Errorf("making: %v; removing: %v", err1, err2)
	}
}

func TestSilenceAboutUsersIsTold(t *testing.T) {
	k := openUsers(t)
	k.fake.Close()
	acls := map[string][]user.ACL{"a": {allow(kmsg.ACLOperationRead, "t")}}
	ask := map[string]func(context.Context) error{
		"reading rules":       func(ctx context.Context) error { _, err := k.ACLs(ctx); return err },
		"reading quotas":      func(ctx context.Context) error { _, err := k.Quotas(ctx); return err },
		"reading credentials": func(ctx context.Context) error { _, err := k.Credentials(ctx); return err },
		"making rules":        func(ctx context.Context) error { _, err := k.AddACLs(ctx, acls); return err },
		"removing rules":      func(ctx context.Context) error { _, err := k.RemoveACLs(ctx, acls); return err },
		"quotas": func(ctx context.Context) error {
			_, err := k.SetQuotas(ctx, map[string]user.QuotaChange{"a": {}})
			return err
		},
		"credentials": func(ctx context.Context) error {
			_, err := k.SetCredentials(ctx, []broker.Credential{{Name: "a", Mechanism: user.ScramSha512, Gone: true}})
			return err
		},
	}
	for what, do := range ask {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 200*time.Millisecond)
			defer cancel()
			if err := do(ctx); !errors.Is(err, broker.ErrUnreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
}
