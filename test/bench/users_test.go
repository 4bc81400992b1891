package main

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user"
)

// TestTheFloorAsksKafkaForAllOfIt because requests that do nothing would be quick.
func TestTheFloorAsksKafkaForAllOfIt(t *testing.T) {
	three := []v1.ACLOperation{"Read", "Write", "Describe"}
	for name, c := range map[string]struct {
		of               userSort
		created, changed int
	}{
		"four rules, then one more and a quota":                {userSort{v1.UserAuthenticationTLS, pki.ECDSAP256, three}, 4, 6},
		"four rules and a password, then one more and a quota": {userSort{how: v1.UserAuthenticationScramSha512, operations: three}, 5, 7},
		"two rules of another sort, then one more and a quota": {userSort{how: v1.UserAuthenticationTLS, operations: three[:1]}, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			fake, err := kfake.NewCluster(kfake.NumBrokers(3))
			if err != nil {
				t.Fatal(err)
			}
			defer fake.Close()
			kafka, err := kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...))
			if err != nil {
				t.Fatal(err)
			}
			defer kafka.Close()
			const count = 3
			all, err := users{userSort: c.of}.wanted(names(floorPrefix, count))
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				do   func(context.Context, *kgo.Client, []user.Wanted) error
				want int
			}{{createInKafka, c.created}, {changeInKafka, c.changed}, {removeFromKafka, 0}} {
				if err := step.do(t.Context(), kafka, all); err != nil {
					t.Fatal(err)
				}
				got, err := heldAbout(t.Context(), kadm.NewClient(kafka), floorPrefix)
				if err != nil || got != step.want*count {
					t.Errorf("Kafka holds %d things, %v; want %d", got, err, step.want*count)
				}
				if others, err := heldAbout(t.Context(), kadm.NewClient(kafka), userPrefix); err != nil || others > 0 {
					t.Errorf("Kafka holds %d things about other users, %v", others, err)
				}
			}
		})
	}
}
