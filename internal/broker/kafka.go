package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// dialLimit is how long Dial looks for a node that answers; connectLimit how long one connection may take to be made.
const (
	dialLimit    = 8 * time.Second
	connectLimit = 4 * time.Second
)

// Kafka dials real clusters.
type Kafka struct{}

// Dial opens the cluster after one of its nodes has answered.
func (Kafka) Dial(ctx context.Context, to Access) (Cluster, error) {
	if len(to.Brokers) == 0 {
		return nil, errors.New("dialling Kafka: no address is given")
	}
	client, err := kgo.NewClient(options(to)...)
	if err != nil {
		return nil, fmt.Errorf("preparing to dial Kafka at %v: %w", to.Brokers, err)
	}
	c := &cluster{client: client}
	limited, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	if _, err := c.apiVersions(limited); err != nil {
		client.Close()
		return nil, fmt.Errorf("dialling Kafka at %v: %w", to.Brokers, err)
	}
	return c, nil
}

func options(to Access) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(to.Brokers...),
		kgo.ClientID("castellan"),
		kgo.DialTimeout(connectLimit),
		kgo.RequestTimeoutOverhead(dialLimit),
		// The caller comes back anyway: a few tries get over a broker that just left, more would hide trouble.
		kgo.RequestRetries(2),
		kgo.RetryTimeout(Limit / 2),
		// The client lives too briefly for its own metrics to mean anything (KIP-714).
		kgo.DisableClientMetrics(),
	}
	if to.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(to.TLS))
	}
	return opts
}

// cluster is a Cluster over one kgo client.
type cluster struct {
	client *kgo.Client
}

// Close gives the connections back.
func (c *cluster) Close() { c.client.Close() }

// ask sends the request to whichever node kgo finds right for it.
func ask[Answer kmsg.Response](ctx context.Context, c *cluster, request kmsg.Request) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	response, err := c.client.Request(limited, request)
	if err != nil {
		var none Answer
		return none, failure(err)
	}
	return response.(Answer), nil
}

// askSeeds sends the request to all the addresses of the Access and takes the first good answer. Unlike ask it needs no
// broker to know the others: controllers, which serve no metadata of brokers, answer it too.
func askSeeds[Answer kmsg.Response](ctx context.Context, c *cluster, request func() kmsg.Request, good func(Answer) error) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	type result struct {
		seed   int
		answer Answer
		err    error
	}
	seeds := c.client.SeedBrokers()
	results := make(chan result, len(seeds))
	for i, seed := range seeds {
		go func() {
			answer, err := askOne(limited, seed, request(), good)
			results <- result{i, answer, err}
		}()
	}
	var none Answer
	failures := make([]error, len(seeds))
	for range seeds {
		r := <-results
		if r.err == nil {
			return r.answer, nil
		}
		failures[r.seed] = r.err
	}
	// One error, always that of the same address, keeps messages short and stable.
	return none, failures[0]
}

func askOne[Answer kmsg.Response](ctx context.Context, node *kgo.Broker, request kmsg.Request, good func(Answer) error) (Answer, error) {
	var none Answer
	response, err := node.Request(ctx, request)
	if err != nil {
		return none, failure(err)
	}
	answer := response.(Answer)
	return answer, good(answer)
}

// failure sorts what went wrong into what may pass and what Kafka refused. It keeps the caller's own cancellation as it is.
func failure(err error) error {
	var refused *kerr.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &refused) && !refused.Retriable:
		return err
	}
	var network *net.OpError
	if errors.As(err, &network) {
		// The own end's port differs from try to try; messages that end in a condition must not.
		stable := *network
		stable.Source = nil
		err = &stable
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// answered makes an error of a code and message inside an answer.
func answered(code int16, message *string) error {
	err := failure(kerr.ErrorForCode(code))
	if err == nil || message == nil || *message == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, *message)
}

var _ Dialer = Kafka{}
