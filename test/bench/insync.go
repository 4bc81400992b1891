package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// topic has a replica on every node, so that a node that is not in sync shows.
	topic, partitions = "bench", 12
	// sampling is how often, and askLimit how long at most, the brokers are asked.
	sampling, askLimit = 100 * time.Millisecond, 400 * time.Millisecond
)

// replicas looks at a cluster's replicas all the time.
type replicas struct {
	now     func() time.Time
	clients []*kgo.Client

	mu sync.Mutex
	// full are the moments at which all replicas were seen in sync.
	full []time.Time
}

// watchReplicas creates the topic and looks until the context ends.
func (b *bench) watchReplicas(ctx context.Context, c *contender) (*replicas, error) {
	r := &replicas{now: b.now}
	for _, address := range c.addresses() {
		one, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DialTimeout(askLimit), kgo.RequestRetries(0), kgo.DisableClientMetrics())
		if err != nil {
			return nil, fmt.Errorf("prepare to ask %s: %w", address, err)
		}
		r.clients = append(r.clients, one)
	}
	go r.look(ctx)
	return r, b.until(ctx, "topic "+topic+" is in sync", func() error {
		_, err := kadm.NewClient(r.clients[0]).CreateTopic(ctx, partitions, nodes, nil, topic)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return err
		}
		if _, ok := r.firstAfter(time.Time{}); !ok {
			return errStill
		}
		return nil
	})
}

func (r *replicas) look(ctx context.Context) {
	for ctx.Err() == nil {
		if at := r.now(); r.inSync(ctx) {
			r.mu.Lock()
			r.full = append(r.full, at)
			r.mu.Unlock()
		}
		time.Sleep(sampling)
	}
	for _, one := range r.clients {
		one.Close()
	}
}

// firstAfter is the first moment after another at which all replicas were in sync.
func (r *replicas) firstAfter(after time.Time) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.full {
		if at.After(after) {
			return at, true
		}
	}
	return time.Time{}, false
}

// inSync asks all brokers. One may be away; those that answer must agree, for one that has just started may not know yet.
func (r *replicas) inSync(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	type answer struct{ known, full bool }
	answers := make(chan answer, len(r.clients))
	for _, one := range r.clients {
		go func() {
			full, err := allInSync(ctx, one)
			answers <- answer{err == nil, full}
		}()
	}
	known, full := 0, 0
	for range r.clients {
		if a := <-answers; a.known {
			known++
			if a.full {
				full++
			}
		}
	}
	return known >= nodes-1 && full == known
}

// allInSync asks the one broker of a client about the topic.
func allInSync(ctx context.Context, one *kgo.Client) (bool, error) {
	request := kmsg.NewPtrMetadataRequest()
	wanted := kmsg.NewMetadataRequestTopic()
	wanted.Topic = kmsg.StringPtr(topic)
	request.Topics = append(request.Topics, wanted)
	response, err := one.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		return false, err
	}
	metadata, ok := response.(*kmsg.MetadataResponse)
	if !ok || len(metadata.Topics) != 1 || len(metadata.Topics[0].Partitions) != partitions {
		return false, nil
	}
	for _, p := range metadata.Topics[0].Partitions {
		if len(p.ISR) < nodes {
			return false, nil
		}
	}
	return true, nil
}
