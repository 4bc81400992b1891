package broker_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

func credential(name string, mechanism user.Mechanism, password string) broker.Credential {
	return broker.Credential{Name: name, Mechanism: mechanism, Password: password}
}

func gone(name string, mechanism user.Mechanism) broker.Credential {
	return broker.Credential{Name: name, Mechanism: mechanism, Gone: true}
}

func (k users) credentials() map[string]user.Scram {
	k.Helper()
	out, err := k.Credentials(k.Context())
	if err != nil {
		k.Fatal(err)
	}
	return out
}

func TestCredentialsAreSetReadAndRemoved(t *testing.T) {
	k := openUsers(t)
	k.done(k.SetCredentials(t.Context(), []broker.Credential{
		credential("alice", user.ScramSha512, "1"), credential("bob", user.ScramSha256, "2"), credential("alice", user.ScramSha256, "3"),
	}))
	want := map[string]user.Scram{
		"alice": {Sha256: user.Iterations, Sha512: user.Iterations}, "bob": {Sha256: user.Iterations},
	}
	if diff := cmp.Diff(want, k.credentials()); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	k.done(k.SetCredentials(t.Context(), []broker.Credential{
		gone("alice", user.ScramSha512), gone("bob", user.ScramSha512), gone("bob", user.ScramSha256), gone("nobody", user.ScramSha256),
	}))
	before := k.Requests()
	if diff := cmp.Diff(map[string]user.Scram{"alice": {Sha256: user.Iterations}}, k.credentials()); diff != "" || k.Requests() != before+1 {
		t.Errorf("%d requests; what is left (-want +got):\n%s", k.Requests()-before, diff)
	}
}

// TestANameIsOnceInARequest because Kafka's controller refuses both of what a request asks about it; kfake takes some of that.
func TestANameIsOnceInARequest(t *testing.T) {
	k := openUsers(t)
	var requests [][]string
	k.fake.ControlKey(kmsg.AlterUserSCRAMCredentials.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.fake.KeepControl()
		var names []string
		for _, u := range r.(*kmsg.AlterUserSCRAMCredentialsRequest).Upsertions {
			names = append(names, "+"+u.Name)
		}
		for _, d := range r.(*kmsg.AlterUserSCRAMCredentialsRequest).Deletions {
			names = append(names, "-"+d.Name)
		}
		requests = append(requests, names)
		return r.ResponseKind(), nil, true
	})
	k.done(k.SetCredentials(t.Context(), []broker.Credential{
		credential("a", user.ScramSha512, "1"), gone("a", user.ScramSha256), gone("b", user.ScramSha256), gone("b", user.ScramSha512),
	}))
	if diff := cmp.Diff([][]string{{"+a", "-b"}, {"-a", "-b"}}, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestPasswordsOpenTheDoor(t *testing.T) {
	const secret = "pass wörd ②" // hashed as it is, without normalization
	for _, mechanism := range []user.Mechanism{user.ScramSha256, user.ScramSha512} {
		k := openUsers(t, kfake.EnableSASL(), kfake.Superuser(broker.MechanismPlain, "admin", "admin"))
		as := func(mechanism, name, password string) broker.Access {
			return broker.Access{Brokers: k.fake.ListenAddrs(), SASL: &broker.SASL{Mechanism: mechanism, Username: name, Password: password}}
		}
		admin := dialUsers(t, as(broker.MechanismPlain, "admin", "admin"))
		k.done(admin.SetCredentials(t.Context(), []broker.Credential{credential("alice", mechanism, secret)}))
		if _, err := dialUsers(t, as(string(mechanism), "alice", secret)).Quotas(t.Context()); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		if _, err := dialUsers(t, as(string(mechanism), "alice", secret+"x")).Quotas(t.Context()); err == nil {
			t.Errorf("%s: a wrong password is taken", mechanism)
		}
	}
}

func TestEveryPasswordIsSaltedAnew(t *testing.T) {
	k := openUsers(t)
	var salts []string
	k.fake.ControlKey(kmsg.AlterUserSCRAMCredentials.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		for _, u := range r.(*kmsg.AlterUserSCRAMCredentialsRequest).Upsertions {
			salts = append(salts, string(u.Salt))
		}
		return nil, nil, false
	})
	k.done(k.SetCredentials(t.Context(), []broker.Credential{credential("a", user.ScramSha512, "same"), credential("b", user.ScramSha512, "same")}))
	if len(salts) != 2 || salts[0] == salts[1] || len(salts[0]) < 16 {
		t.Errorf("salts %q", salts)
	}
}

func TestRefusedCredentialsDoNotShowPasswords(t *testing.T) {
	const secret = "hunter2-secret"
	k := openUsers(t)
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AlterUserSCRAMCredentials}, Err: kerr.ClusterAuthorizationFailed, Resource: "refused"})
	refusals, err := k.SetCredentials(t.Context(), []broker.Credential{
		credential("refused", user.ScramSha512, secret), credential("unknown", "PLAIN", secret), credential("empty", user.ScramSha256, ""), credential("good", user.ScramSha256, secret),
	})
	var names []string
	for name, err := range refusals {
		names = append(names, name)
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"empty", "refused", "unknown"}, names); diff != "" || err != nil {
		t.Errorf("%v, refused (-want +got):\n%s", err, diff)
	}
	if got := k.credentials(); len(got) != 1 || got["good"] == (user.Scram{}) {
		t.Errorf("credentials: %v", got)
	}
}

func TestCredentialsOfOneThatKafkaDoesNotTell(t *testing.T) {
	k := openUsers(t)
	k.done(k.SetCredentials(t.Context(), []broker.Credential{credential("a", user.ScramSha512, "1")}))
	k.fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeUserSCRAMCredentials}, Err: kerr.UnknownServerError, Resource: "a"})
	_, err := k.Credentials(t.Context())
	isClass(t, err, "UnknownServerException")
	if !strings.Contains(err.Error(), "credentials of a: ") {
		t.Errorf("got %v", err)
	}
}
