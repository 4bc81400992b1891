package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// idleLimit is how long a connection that nobody uses stays open: long enough for looks that are minutes apart.
const idleLimit = 5 * time.Minute

// recordLimit bounds what one request makes Kafka's controller write. It refuses requests of more than 10,000 records.
const recordLimit = 8000

// timeoutMillis is how long Kafka may take for what a request asks.
const timeoutMillis = int32(Limit / time.Millisecond)

// connection is one that lasts.
type connection struct {
	client *kgo.Client
	sent   *sent
	// turn is whose turn it is to be asked first.
	turn atomic.Uint32
}

// sent counts requests.
type sent struct{ count atomic.Int64 }

// OnBrokerWrite is called by kgo.
func (s *sent) OnBrokerWrite(kgo.BrokerMetadata, int16, int, time.Duration, time.Duration, error) {
	s.count.Add(1)
}

func open(to Access) (*connection, error) {
	opts, err := lasting(to)
	if err != nil {
		return nil, err
	}
	out := &connection{sent: &sent{}}
	if out.client, err = kgo.NewClient(append(opts, kgo.WithHooks(out.sent))...); err != nil {
		return nil, fmt.Errorf("preparing to dial Kafka at %v: %w", to.Brokers, err)
	}
	return out, nil
}

// Close gives the connections back.
func (c *connection) Close() { c.client.Close() }

// Requests is how many requests were sent so far.
func (c *connection) Requests() int64 { return c.sent.count.Load() }

// parts cuts a list so that the weights in each part are within the limit of what the controller takes at once.
func parts[T any](list []T, weight func(T) int) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		begin, sum := 0, 0
		for i, one := range list {
			w := weight(one)
			if i > begin && sum+w > recordLimit {
				if !yield(list[begin:i]) {
					return
				}
				begin, sum = i, 0
			}
			sum += w
		}
		if begin < len(list) {
			yield(list[begin:])
		}
	}
}

// send sends a request to whichever broker kgo finds right for it.
func send[Answer kmsg.Response](ctx context.Context, client *kgo.Client, request kmsg.Request) (Answer, error) {
	var none Answer
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	response, err := client.Request(limited, request)
	if err != nil {
		return none, failure(err)
	}
	return response.(Answer), nil
}

// nodeLimit is how long one broker may take before another one is asked.
const nodeLimit = 10 * time.Second

// onAny asks the brokers in turns until one answers. Unlike send, it keeps kgo from remembering what it learns: about tens of thousands
// of topics, that is most of an operator's memory.
func onAny[T any](ctx context.Context, c *connection, question func(context.Context, *kgo.Broker) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	known := c.client.DiscoveredBrokers()
	first := 0
	if len(known) > 0 {
		first = int(c.turn.Add(1)) % len(known)
	}
	var none T
	var err error
	for _, node := range slices.Concat(known[first:], known[:first], c.client.SeedBrokers()) {
		var answer T
		one, stop := context.WithTimeout(limited, nodeLimit)
		answer, err = question(one, node)
		stop()
		if err == nil {
			return answer, nil
		}
		if limited.Err() != nil {
			break
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return none, ctx.Err()
	}
	return none, failure(err)
}

// askNode asks one broker.
func askNode[Answer kmsg.Response](ctx context.Context, node *kgo.Broker, request kmsg.Request) (Answer, error) {
	var none Answer
	response, err := node.RetriableRequest(ctx, request)
	if err != nil {
		return none, err
	}
	return response.(Answer), nil
}
