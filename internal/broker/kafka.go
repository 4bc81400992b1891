package broker

import (
	"cmp"
	"context"
	"crypto/tls"
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
	if len(to.Brokers)+len(to.Controllers) == 0 {
		return nil, errors.New("dialling Kafka: no address is given")
	}
	c := &cluster{silence: errNoAddress}
	if err := c.open(to); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.dial(ctx, to); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// errNoAddress is why brokers do not answer that nobody knows.
var errNoAddress = fmt.Errorf("%w: no address of a broker is given", ErrUnreachable)

func (c *cluster) open(to Access) error {
	var err error
	if len(to.Brokers) > 0 {
		if c.brokers, err = kgo.NewClient(options(to.Brokers, to.TLS)...); err != nil {
			return fmt.Errorf("preparing to dial Kafka at %v: %w", to.Brokers, err)
		}
	}
	if len(to.Controllers) > 0 {
		if c.controllers, err = kgo.NewClient(options(to.Controllers, to.TLS)...); err != nil {
			return fmt.Errorf("preparing to dial Kafka at %v: %w", to.Controllers, err)
		}
	}
	return nil
}

// dial asks controllers only when brokers are silent: they have better things to do.
func (c *cluster) dial(ctx context.Context, to Access) error {
	if c.brokers != nil {
		c.silence = answers(ctx, c.brokers, to.Brokers)
	}
	if !errors.Is(c.silence, ErrUnreachable) || c.controllers == nil {
		return c.silence
	}
	// The error of the brokers is the one that matters.
	if answers(ctx, c.controllers, to.Controllers) != nil {
		return c.silence
	}
	return nil
}

func answers(ctx context.Context, nodes *kgo.Client, addresses []string) error {
	limited, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	if _, err := apiVersions(limited, nodes); err != nil {
		return fmt.Errorf("dialling Kafka at %v: %w", addresses, err)
	}
	return nil
}

func options(addresses []string, security *tls.Config) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(addresses...),
		kgo.ClientID("castellan"),
		kgo.DialTimeout(connectLimit),
		kgo.RequestTimeoutOverhead(dialLimit),
		// The caller comes back anyway: a few tries get over a broker that just left, more would hide trouble.
		kgo.RequestRetries(2),
		kgo.RetryTimeout(Limit / 2),
		// The client lives too briefly for its own metrics to mean anything (KIP-714).
		kgo.DisableClientMetrics(),
	}
	if security != nil {
		opts = append(opts, kgo.DialTLSConfig(security))
	}
	return opts
}

// cluster is a Cluster over kgo clients; each is nil where the Access names no such nodes.
type cluster struct {
	brokers, controllers *kgo.Client
	// silence is why no broker answered; nil when one did.
	silence error
}

// Close gives the connections back.
func (c *cluster) Close() {
	for _, client := range []*kgo.Client{c.brokers, c.controllers} {
		if client != nil {
			client.Close()
		}
	}
}

// ask sends the request to whichever broker kgo finds right for it.
func ask[Answer kmsg.Response](ctx context.Context, c *cluster, request kmsg.Request) (Answer, error) {
	var none Answer
	if err := cmp.Or(failure(ctx.Err()), c.silence); err != nil {
		return none, err
	}
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	response, err := c.brokers.Request(limited, request)
	if err != nil {
		return none, failure(err)
	}
	return response.(Answer), nil
}

// askAny asks the brokers or else, when they cannot tell, the controllers.
func askAny[Answer any](ctx context.Context, c *cluster, question func(context.Context, *kgo.Client) (Answer, error)) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	var answer Answer
	err := c.silence
	if err == nil {
		// Brokers that pass a question on to a controller that they do not reach must leave time for the direct way.
		first, stop := context.WithTimeout(limited, Limit/2)
		answer, err = question(first, c.brokers)
		stop()
	}
	if !errors.Is(err, ErrUnreachable) || c.controllers == nil {
		return answer, err
	}
	return question(limited, c.controllers)
}

// askSeeds sends the request to all the addresses of the client and takes the first good answer. Unlike ask it needs no
// broker to know the others: controllers, which serve no metadata of brokers, answer it too.
func askSeeds[Answer kmsg.Response](ctx context.Context, nodes *kgo.Client, request func() kmsg.Request, good func(Answer) error) (Answer, error) {
	type result struct {
		seed   int
		answer Answer
		err    error
	}
	seeds := nodes.SeedBrokers()
	results := make(chan result, len(seeds))
	for i, seed := range seeds {
		go func() {
			answer, err := askOne(ctx, seed, request(), good)
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
	if network, is := errors.AsType[*net.OpError](err); is {
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
