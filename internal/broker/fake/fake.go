package fake

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/kafka/roll"
)

// Kafka dials clusters by any of their addresses; there is nothing at an address that it lacks.
type Kafka map[string]*Cluster

// Dial opens the cluster at the first address that has one that is not down. Through an address of a controller
// it tells what controllers know.
func (k Kafka) Dial(ctx context.Context, to broker.Access) (broker.Cluster, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dialling %v: %w", to.Brokers, err)
	}
	for _, address := range to.Brokers {
		if c, found := k[address]; found && c.take(ctx, "Dial") == nil {
			return c, nil
		}
	}
	for _, address := range to.Controllers {
		if c, found := k[address]; found && c.take(ctx, "Dial") == nil {
			return controllers{c}, nil
		}
	}
	return nil, fmt.Errorf("dialling %v: %w", to.Brokers, broker.ErrUnreachable)
}

// State is what a cluster is.
type State struct {
	// Down makes every call fail with broker.ErrUnreachable.
	Down bool
	// Quorum and Partitions as they are answered; Known is set by the fake.
	Quorum     roll.Quorum
	Partitions roll.Partitions
	// Brokers that are registered.
	Brokers []int32
	// Metadata is the finalised metadata version, Newest the newest that all nodes support; full names.
	Metadata, Newest string
}

// Cluster is a cluster in memory. It is safe for concurrent use.
type Cluster struct {
	mu    sync.Mutex
	state State
	calls []string
}

// New returns a cluster in the given state.
func New(state State) *Cluster { return &Cluster{state: state} }

// Change changes the state.
func (c *Cluster) Change(change func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.state)
}

// Calls returns the names of the methods that were called so far, Dial among them.
func (c *Cluster) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// take notes a call and fails it when the cluster is down.
func (c *Cluster) take(ctx context.Context, call string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	if c.state.Down {
		return fmt.Errorf("%s: %w", call, broker.ErrUnreachable)
	}
	return nil
}

// Quorum answers what the state says.
func (c *Cluster) Quorum(ctx context.Context) (roll.Quorum, error) {
	if err := c.take(ctx, "Quorum"); err != nil {
		return roll.Quorum{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.state.Quorum
	q.Known, q.Voters = true, slices.Clone(q.Voters)
	return q, nil
}

// Partitions answers what the state says.
func (c *Cluster) Partitions(ctx context.Context) (roll.Partitions, error) {
	if err := c.take(ctx, "Partitions"); err != nil {
		return roll.Partitions{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return roll.Partitions{Known: true, List: slices.Clone(c.state.Partitions.List)}, nil
}

// Brokers answers the registered ids in order.
func (c *Cluster) Brokers(ctx context.Context) ([]int32, error) {
	if err := c.take(ctx, "Brokers"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.state.Brokers)), nil
}

// InUse looks for the ids among the replicas.
func (c *Cluster) InUse(ctx context.Context, ids []int32) (map[int32]bool, error) {
	if err := c.take(ctx, "InUse"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	inUse := map[int32]bool{}
	for _, id := range ids {
		inUse[id] = slices.ContainsFunc(c.state.Partitions.List, func(p roll.Partition) bool { return slices.Contains(p.Replicas, id) })
	}
	return inUse, nil
}

// MetadataVersion answers what the state says.
func (c *Cluster) MetadataVersion(ctx context.Context) (string, error) {
	if err := c.take(ctx, "MetadataVersion"); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Metadata, nil
}

// Unregister forgets the broker.
func (c *Cluster) Unregister(ctx context.Context, id int32) error {
	if err := c.take(ctx, "Unregister"); err != nil {
		return err
	}
	c.Change(func(s *State) {
		s.Brokers = slices.DeleteFunc(slices.Clone(s.Brokers), func(b int32) bool { return b == id })
	})
	return nil
}

// SetMetadataVersion sets the version unless it is newer than the newest that the cluster supports.
func (c *Cluster) SetMetadataVersion(ctx context.Context, name string) error {
	if err := c.take(ctx, "SetMetadataVersion"); err != nil {
		return err
	}
	full, err := broker.FullMetadataVersion(name)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Names of the versions that exist sort like their levels.
	if c.state.Newest != "" && full > c.state.Newest {
		return fmt.Errorf("setting the metadata version to %s: the nodes support %s at most", full, c.state.Newest)
	}
	c.state.Metadata = full
	return nil
}

// Close does nothing.
func (c *Cluster) Close() {}

// controllers is a cluster of which no broker answers.
type controllers struct{ *Cluster }

func (c controllers) unable(ctx context.Context, call string) error {
	if err := c.take(ctx, call); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", call, broker.ErrUnreachable)
}

// Partitions are what controllers do not tell.
func (c controllers) Partitions(ctx context.Context) (roll.Partitions, error) {
	return roll.Partitions{}, c.unable(ctx, "Partitions")
}

// Brokers are not asked of controllers.
func (c controllers) Brokers(ctx context.Context) ([]int32, error) {
	return nil, c.unable(ctx, "Brokers")
}

// InUse is what controllers do not tell.
func (c controllers) InUse(ctx context.Context, _ []int32) (map[int32]bool, error) {
	return nil, c.unable(ctx, "InUse")
}

// Unregister goes through brokers.
func (c controllers) Unregister(ctx context.Context, _ int32) error {
	return c.unable(ctx, "Unregister")
}

// SetMetadataVersion goes through brokers.
func (c controllers) SetMetadataVersion(ctx context.Context, _ string) error {
	return c.unable(ctx, "SetMetadataVersion")
}

var (
	_ broker.Cluster = controllers{}
	_ broker.Dialer  = Kafka{}
	_ broker.Cluster = (*Cluster)(nil)
)
