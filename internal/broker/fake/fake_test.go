package fake_test

import (
	"slices"
	"testing"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/broker/brokertest"
	"castellan.io/castellan/internal/broker/fake"
)

func TestFakeBehavesLikeKafka(t *testing.T) {
	brokertest.Run(t, func(*testing.T) brokertest.Subject {
		cluster := fake.New(brokertest.World())
		return brokertest.Subject{
			Dialer: fake.Kafka{"kafka:9091": cluster},
			Access: broker.Access{Brokers: []string{"kafka:9091"}},
			Stop:   func() { cluster.Change(func(s *fake.State) { s.Down = true }) },
		}
	})
}

func TestCallsAreRemembered(t *testing.T) {
	cluster := fake.New(brokertest.World())
	c, err := fake.Kafka{"kafka:9091": cluster}.Dial(t.Context(), broker.Access{Brokers: []string{"kafka:9091"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Brokers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := cluster.Calls(), []string{"Dial", "Brokers"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
