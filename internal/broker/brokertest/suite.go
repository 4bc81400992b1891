package brokertest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/broker/fake"
	"castellan.io/castellan/internal/kafka/roll"
)

// Subject is an implementation under test.
type Subject struct {
	// Dialer and Access reach a cluster in the state World.
	Dialer broker.Dialer
	Access broker.Access
	// Stop ends the cluster.
	Stop func()
}

// World is the state in which the suite wants to find a cluster.
func World() fake.State {
	three := []int32{0, 1, 2}
	return fake.State{
		Quorum: roll.Quorum{Leader: 1, Voters: []roll.Voter{
			{ID: 0, LastCaughtUp: 1_700_000_000_000}, {ID: 1, LastCaughtUp: 1_700_000_000_900}, {ID: 2, LastCaughtUp: -1},
		}},
		Partitions: roll.Partitions{List: []roll.Partition{
			{Topic: "__consumer_offsets", Number: 0, Replicas: three, ISR: three, MinISR: 2},
			{Topic: "notes", Number: 0, Replicas: three, ISR: three, MinISR: 1},
			{Topic: "orders", Number: 0, Replicas: three, ISR: three, MinISR: 2},
			{Topic: "orders", Number: 1, Replicas: three, ISR: three, MinISR: 2},
		}},
		Brokers:  []int32{0, 1, 2, 3},
		Metadata: "4.3-IV0", Newest: "4.3-IV0",
	}
}

// Run runs the suite, with a cluster of its own for each test.
func Run(t *testing.T, start func(t *testing.T) Subject) {
	tests := map[string]func(*testing.T, Subject, broker.Cluster){
		"the quorum is told with its leader and voters":                quorum,
		"partitions are told in order with what they need":             partitions,
		"registered brokers are told in order":                         brokers,
		"a broker with any replica is in use":                          inUse,
		"the metadata version goes down and up and is told by name":    metadata,
		"setting the metadata version to what it is changes nothing":   sameMetadata,
		"a metadata version that nodes do not support is refused":      newerMetadata,
		"a metadata version that nobody knows is refused":              unknownMetadata,
		"an unregistered broker is gone, and may be gone already":      unregister,
		"calls on a cluster that stopped say that it is unreachable":   stopped,
		"calls of a cancelled caller say so":                           cancelled,
		"an address where nothing listens says that it is unreachable": nobodyThere,
		"controllers tell of the quorum while no broker answers":       controllersOnly,
		"controllers are not asked while a broker answers":             brokersFirst,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			subject := start(t)
			cluster, err := subject.Dialer.Dial(t.Context(), subject.Access)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			test(t, subject, cluster)
		})
	}
}

func quorum(t *testing.T, _ Subject, c broker.Cluster) {
	want := World().Quorum
	want.Known = true
	got, err := c.Quorum(t.Context())
	check(t, err, got, want)
}

func partitions(t *testing.T, _ Subject, c broker.Cluster) {
	want := World().Partitions
	want.Known = true
	got, err := c.Partitions(t.Context())
	check(t, err, got, want)
}

func brokers(t *testing.T, _ Subject, c broker.Cluster) {
	got, err := c.Brokers(t.Context())
	check(t, err, got, World().Brokers)
}

func inUse(t *testing.T, _ Subject, c broker.Cluster) {
	got, err := c.InUse(t.Context(), []int32{2, 3, 99})
	check(t, err, got, map[int32]bool{2: true, 3: false, 99: false})
}

func metadata(t *testing.T, _ Subject, c broker.Cluster) {
	for _, step := range [][2]string{{"4.1", "4.1-IV1"}, {"4.2-IV0", "4.2-IV0"}, {"4.3.1", "4.3-IV0"}} {
		if err := c.SetMetadataVersion(t.Context(), step[0]); err != nil {
			t.Fatal(err)
		}
		got, err := c.MetadataVersion(t.Context())
		check(t, err, got, step[1])
	}
}

func sameMetadata(t *testing.T, _ Subject, c broker.Cluster) {
	if err := c.SetMetadataVersion(t.Context(), World().Metadata); err != nil {
		t.Fatal(err)
	}
	got, err := c.MetadataVersion(t.Context())
	check(t, err, got, World().Metadata)
}

func newerMetadata(t *testing.T, _ Subject, c broker.Cluster) { refuses(t, c, "4.4-IV0") }

func unknownMetadata(t *testing.T, _ Subject, c broker.Cluster) { refuses(t, c, "4.3-IV9") }

func refuses(t *testing.T, c broker.Cluster, version string) {
	t.Helper()
	err := c.SetMetadataVersion(t.Context(), version)
	if err == nil || errors.Is(err, broker.ErrUnreachable) {
		t.Errorf("got %v, want a refusal", err)
	}
	got, err := c.MetadataVersion(t.Context())
	check(t, err, got, World().Metadata)
}

func unregister(t *testing.T, _ Subject, c broker.Cluster) {
	for range 2 {
		if err := c.Unregister(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		got, err := c.Brokers(t.Context())
		check(t, err, got, []int32{0, 1, 2})
	}
}

func stopped(t *testing.T, s Subject, c broker.Cluster) {
	s.Stop()
	for name, err := range everything(t.Context(), c) {
		if !errors.Is(err, broker.ErrUnreachable) {
			t.Errorf("%s: got %v, want %v", name, err, broker.ErrUnreachable)
		}
	}
}

func cancelled(t *testing.T, _ Subject, c broker.Cluster) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range everything(ctx, c) {
		if !errors.Is(err, context.Canceled) || errors.Is(err, broker.ErrUnreachable) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}

func everything(ctx context.Context, c broker.Cluster) map[string]error {
	results := map[string]error{}
	_, results["Quorum"] = c.Quorum(ctx)
	_, results["Partitions"] = c.Partitions(ctx)
	_, results["Brokers"] = c.Brokers(ctx)
	_, results["InUse"] = c.InUse(ctx, []int32{0})
	_, results["MetadataVersion"] = c.MetadataVersion(ctx)
	results["Unregister"] = c.Unregister(ctx, 3)
	results["SetMetadataVersion"] = c.SetMetadataVersion(ctx, "4.2")
	return results
}

func nobodyThere(t *testing.T, s Subject, _ broker.Cluster) {
	nowhere := s.Access
	nowhere.Brokers = []string{"127.0.0.1:1"}
	if _, err := s.Dialer.Dial(t.Context(), nowhere); !errors.Is(err, broker.ErrUnreachable) {
		t.Errorf("alone: got %v, want %v", err, broker.ErrUnreachable)
	}
	nowhere.Brokers = slices.Concat(nowhere.Brokers, s.Access.Brokers)
	c, err := s.Dialer.Dial(t.Context(), nowhere)
	if err != nil {
		t.Fatalf("beside good ones: %v", err)
	}
	defer c.Close()
	got, err := c.Brokers(t.Context())
	check(t, err, got, World().Brokers)
}

func controllersOnly(t *testing.T, s Subject, _ broker.Cluster) {
	for name, brokers := range map[string][]string{"brokers are silent": {"127.0.0.1:1"}, "brokers have no address": nil} {
		access := s.Access
		access.Brokers, access.Controllers = brokers, s.Access.Brokers
		c, err := s.Dialer.Dial(t.Context(), access)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer c.Close()
		quorum(t, s, c)
		version, err := c.MetadataVersion(t.Context())
		check(t, err, version, World().Metadata)
		results := everything(t.Context(), c)
		for _, works := range []string{"Quorum", "MetadataVersion"} {
			delete(results, works)
		}
		for call, err := range results {
			if !errors.Is(err, broker.ErrUnreachable) {
				t.Errorf("%s, %s: got %v, want %v", name, call, err, broker.ErrUnreachable)
			}
		}
		cancelled(t, s, c)
	}
}

func brokersFirst(t *testing.T, s Subject, _ broker.Cluster) {
	access := s.Access
	access.Controllers = []string{"127.0.0.1:1"}
	c, err := s.Dialer.Dial(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	quorum(t, s, c)
	partitions(t, s, c)
	cancelled(t, s, c)
}

func check(t *testing.T, err error, got, want any) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
