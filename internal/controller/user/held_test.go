package user

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// kafkaWith is a Kafka in memory in which some names may consume so many bytes.
func kafkaWith(t *testing.T, rates map[string]float64) (*kfake.Cluster, *broker.Users) {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	users, err := broker.OpenUsers(broker.Access{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(users.Close)
	setRates(t, users, rates)
	return fake, users
}

func setRates(t *testing.T, users *broker.Users, rates map[string]float64) {
	t.Helper()
	changes := map[string]user.QuotaChange{}
	for name, rate := range rates {
		changes[name] = rateChange(rate).Quotas
	}
	if refusals, err := users.SetQuotas(t.Context(), changes); err != nil || len(refusals) > 0 {
		t.Fatal(refusals, err)
	}
}

func rateChange(rate float64) user.Change {
	return user.Change{Quotas: user.QuotaChange{Set: user.Quotas{user.QuotaConsumerByteRate: rate}}}
}

// rates are what is remembered.
func (h *held) rates() map[string]float64 {
	out := map[string]float64{}
	for _, name := range h.names() {
		out[name] = h.of(name).Quotas[user.QuotaConsumerByteRate]
	}
	return out
}

func TestWhatIsChangedWhileKafkaIsReadIsNewerThanTheAnswers(t *testing.T) {
	fake, users := kafkaWith(t, map[string]float64{"changed": 1, "removed": 1, "same": 1})
	at := time.Unix(1000, 0)
	h := newHeld(func() time.Time { return at })
	if h.unread() == nil {
		t.Error("it is known before anybody has asked")
	}
	read := func() {
		t.Helper()
		at = at.Add(time.Minute)
		if err := h.read(t.Context(), users, true); err != nil || h.unread() != nil {
			t.Fatal(err, h.unread())
		}
	}
	read()
	// Quotas are told already, and passwords are asked for.
	fake.ControlKey(kmsg.DescribeUserSCRAMCredentials.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		h.after("changed", rateChange(2))
		h.after("made", rateChange(3))
		h.after("removed", user.Without(h.of("removed")))
		fake.DropControl()
		return nil, nil, false
	})
	read()
	want := map[string]float64{"changed": 2, "made": 3, "same": 1}
	if diff := cmp.Diff(want, h.rates()); diff != "" {
		t.Errorf("after a change while it was read (-want +got):\n%s", diff)
	}
	// A broker that lags behind has the same to tell once more.
	at = at.Add(-time.Minute)
	read()
	if diff := cmp.Diff(want, h.rates()); diff != "" {
		t.Errorf("after a change just before (-want +got):\n%s", diff)
	}
	read()
	if diff := cmp.Diff(map[string]float64{"changed": 1, "removed": 1, "same": 1}, h.rates()); diff != "" || len(h.changed) > 0 {
		t.Errorf("long after the change: %d names are remembered as changed (-want +got):\n%s", len(h.changed), diff)
	}
}

func TestAnAnswerThatDoesNotComeLeavesWhatIsKnown(t *testing.T) {
	fake, users := kafkaWith(t, map[string]float64{"a": 1})
	h := newHeld(time.Now)
	silent := true
	fake.ControlKey(kmsg.DescribeUserSCRAMCredentials.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		const clusterAuthorizationFailed = 31
		answer := r.ResponseKind().(*kmsg.DescribeUserSCRAMCredentialsResponse)
		answer.ErrorCode = clusterAuthorizationFailed
		return answer, nil, silent
	})
	if err := h.read(t.Context(), users, true); err == nil || !errors.Is(h.unread(), err) || len(h.rates()) > 0 {
		t.Errorf("%v, told %v, known %v", err, h.unread(), h.rates())
	}
	silent = false
	if err := h.read(t.Context(), users, true); err != nil || h.unread() != nil {
		t.Errorf("%v, told %v", err, h.unread())
	}
	silent = true
	if err := h.read(t.Context(), users, true); err == nil || h.unread() != nil || len(h.rates()) != 1 {
		t.Errorf("%v, told %v, known %v", err, h.unread(), h.rates())
	}
}
