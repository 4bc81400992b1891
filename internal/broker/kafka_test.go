package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/broker/brokertest"
)

func TestKafka(t *testing.T) {
	brokertest.Run(t, func(t *testing.T) brokertest.Subject {
		t.Helper()
		return simulate(t, nil, nil)
	})
}

func TestKafkaOverTLS(t *testing.T) {
	server, client := certificates(t)
	brokertest.Run(t, func(t *testing.T) brokertest.Subject {
		t.Helper()
		return simulate(t, server, client)
	})
}

func TestServerThatIsNotTrustedIsUnreachable(t *testing.T) {
	server, client := certificates(t)
	client.RootCAs = x509.NewCertPool()
	subject := simulate(t, server, client)
	_, err := subject.Dialer.Dial(t.Context(), subject.Access)
	var untrusted *tls.CertificateVerificationError
	if !errors.Is(err, broker.ErrUnreachable) || !errors.As(err, &untrusted) {
		t.Errorf("got %v, want %v because of the certificate", err, broker.ErrUnreachable)
	}
}

func TestNoAddressIsAnError(t *testing.T) {
	if _, err := (broker.Kafka{}).Dial(t.Context(), broker.Access{}); err == nil {
		t.Error("got none")
	}
}

// TestMessagesDoNotTellTheOwnPort dials a server that resets the connection after a request: the own end's port, which
// differs each time, must not come into the message.
func TestMessagesDoNotTellTheOwnPort(t *testing.T) {
	rude, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer rude.Close()
	go func() {
		for {
			connection, err := rude.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 1))
			_ = connection.(*net.TCPConn).SetLinger(0)
			_ = connection.Close()
		}
	}()
	_, err = (broker.Kafka{}).Dial(t.Context(), broker.Access{Brokers: []string{rude.Addr().String()}})
	if !errors.Is(err, broker.ErrUnreachable) || !errors.Is(err, syscall.ECONNRESET) || strings.Contains(err.Error(), "->") {
		t.Errorf("got %v, want a reset without ports", err)
	}
}

// TestSilentServerCostsNoMoreThanTheCallerAllows dials a server that accepts connections and never answers.
func TestSilentServerCostsNoMoreThanTheCallerAllows(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = (broker.Kafka{}).Dial(ctx, broker.Access{Brokers: []string{silent.Addr().String()}})
	if !errors.Is(err, broker.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v because of the deadline", err, broker.ErrUnreachable)
	}
}

// TestQuorumIsAskedOfEveryAddress has one node that leads and others that refuse, as controllers do.
func TestQuorumIsAskedOfEveryAddress(t *testing.T) {
	k := start(t, nil)
	k.simulateQuorum(func(node int32, answer *kmsg.DescribeQuorumResponse) {
		if node != 2 {
			answer.Topics[0].Partitions[0].ErrorCode = kerr.NotLeaderForPartition.Code
		}
	})
	c := k.dial(t)
	got, err := c.Quorum(t.Context())
	if err != nil || got.Leader != brokertest.World().Quorum.Leader {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestQuorumIsAskedOfControllersWhenBrokersCannotPassItOn has brokers that answer, and do not reach a controller.
func TestQuorumIsAskedOfControllersWhenBrokersCannotPassItOn(t *testing.T) {
	brokers, controllers := start(t, nil), start(t, nil)
	brokers.simulateQuorum(func(_ int32, answer *kmsg.DescribeQuorumResponse) {
		answer.Topics[0].Partitions[0].ErrorCode = kerr.NotLeaderForPartition.Code
	})
	controllers.simulateQuorum(nil)
	brokers.announceMissing(t, nil)
	controllers.announceMissing(t, nil)
	access := broker.Access{Brokers: brokers.ListenAddrs(), Controllers: controllers.ListenAddrs()}
	c, err := (broker.Kafka{}).Dial(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	got, err := c.Quorum(t.Context())
	if err != nil || got.Leader != brokertest.World().Quorum.Leader {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestTopicThatVanishesIsLeftOut deletes a topic between the two questions that Partitions asks.
func TestTopicThatVanishesIsLeftOut(t *testing.T) {
	k := start(t, nil)
	k.ControlKey(kmsg.DescribeConfigs.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() {
			if err := k.DeleteTopic("notes"); err != nil {
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	got, err := k.dial(t).Partitions(t.Context())
	if err != nil || len(got.List) != 3 {
		t.Errorf("got %v, %v, want the partitions of the other topics", got, err)
	}
}

func TestTopicThatCannotBeReadFailsTheAnswer(t *testing.T) {
	k := start(t, nil)
	k.ControlKey(kmsg.Metadata.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		answer := request.ResponseKind().(*kmsg.MetadataResponse)
		for i, address := range k.ListenAddrs() {
			host, port, err := net.SplitHostPort(address)
			number, _ := strconv.Atoi(port)
			if err != nil {
				return nil, err, true
			}
			answer.Brokers = append(answer.Brokers, kmsg.MetadataResponseBroker{NodeID: int32(i), Host: host, Port: int32(number)})
		}
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = kmsg.StringPtr("secret"), kerr.TopicAuthorizationFailed.Code
		answer.Topics = append(answer.Topics, topic)
		return answer, nil, true
	})
	_, err := k.dial(t).InUse(t.Context(), []int32{3})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, broker.ErrUnreachable) {
		t.Errorf("got %v, want %v", err, kerr.TopicAuthorizationFailed)
	}
}

func simulate(t *testing.T, server, client *tls.Config) brokertest.Subject {
	t.Helper()
	k := start(t, server)
	k.simulateQuorum(nil)
	k.simulateUnregistering()
	k.announceMissing(t, client)
	return brokertest.Subject{Dialer: broker.Kafka{}, Access: broker.Access{Brokers: k.ListenAddrs(), TLS: client}, Stop: k.Close}
}

// simulation is kfake in the state brokertest.World, and with the requests that it lacks.
type simulation struct{ *kfake.Cluster }

func start(t *testing.T, server *tls.Config) simulation {
	t.Helper()
	opts := []kfake.Opt{kfake.NumBrokers(len(brokertest.World().Brokers)), kfake.MaxVersions(kversion.V4_3_0())}
	if server != nil {
		opts = append(opts, kfake.TLS(server))
	}
	k, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	for _, p := range brokertest.World().Partitions.List {
		if p.Number > 0 {
			continue
		}
		if err := k.CreateTopic(p.Topic, count(p.Topic), map[string]string{"min.insync.replicas": strconv.Itoa(p.MinISR)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range brokertest.World().Partitions.List {
		// kfake puts the replicas on the leader and those that follow it.
		if err := k.MoveTopicPartition(p.Topic, p.Number, p.Replicas[0]); err != nil {
			t.Fatal(err)
		}
	}
	return simulation{k}
}

func count(topic string) int32 {
	n := int32(0)
	for _, p := range brokertest.World().Partitions.List {
		if p.Topic == topic {
			n++
		}
	}
	return n
}

func (k simulation) dial(t *testing.T) broker.Cluster {
	t.Helper()
	k.announceMissing(t, nil)
	c, err := (broker.Kafka{}).Dial(t.Context(), broker.Access{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// announceMissing adds the requests that kfake lacks to the versions that it announces.
func (k simulation) announceMissing(t *testing.T, client *tls.Config) {
	t.Helper()
	const itself = "simulation"
	opts := []kgo.Opt{kgo.SeedBrokers(k.ListenAddrs()...), kgo.SoftwareNameAndVersion(itself, "1")}
	if client != nil {
		opts = append(opts, kgo.DialTLSConfig(client))
	}
	plain, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plain.Close)
	k.ControlKey(kmsg.ApiVersions.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		asked := request.(*kmsg.ApiVersionsRequest)
		if asked.ClientSoftwareName == itself || asked.Version > 4 {
			return nil, nil, false
		}
		answers := make(chan *kmsg.ApiVersionsResponse, 1)
		k.SleepControl(func() {
			again := kmsg.NewPtrApiVersionsRequest()
			again.ClientSoftwareName, again.ClientSoftwareVersion = itself, "1"
			if answer, err := again.RequestWith(context.Background(), plain); err == nil {
				answers <- answer
			}
		})
		if len(answers) == 0 {
			return nil, errors.New("the simulation stopped"), true
		}
		answer := <-answers
		answer.Version = asked.Version
		for key, newest := range map[kmsg.Key]int16{kmsg.DescribeQuorum: 2, kmsg.UnregisterBroker: 0} {
			answer.ApiKeys = append(answer.ApiKeys, kmsg.ApiVersionsResponseApiKey{ApiKey: key.Int16(), MaxVersion: newest})
		}
		return answer, nil, true
	})
}

func (k simulation) simulateQuorum(adjust func(node int32, answer *kmsg.DescribeQuorumResponse)) {
	k.ControlKey(kmsg.DescribeQuorum.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		answer := request.ResponseKind().(*kmsg.DescribeQuorumResponse)
		partition := kmsg.NewDescribeQuorumResponseTopicPartition()
		partition.LeaderID = brokertest.World().Quorum.Leader
		for _, v := range slices.Backward(brokertest.World().Quorum.Voters) {
			voter := kmsg.NewDescribeQuorumResponseTopicPartitionReplicaState()
			voter.ReplicaID, voter.LastCaughtUpTimestamp = v.ID, v.LastCaughtUp
			partition.CurrentVoters = append(partition.CurrentVoters, voter)
		}
		topic := kmsg.NewDescribeQuorumResponseTopic()
		topic.Topic = request.(*kmsg.DescribeQuorumRequest).Topics[0].Topic
		topic.Partitions = append(topic.Partitions, partition)
		answer.Topics = append(answer.Topics, topic)
		if adjust != nil {
			adjust(k.CurrentNode(), answer)
		}
		return answer, nil, true
	})
}

func (k simulation) simulateUnregistering() {
	k.ControlKey(kmsg.UnregisterBroker.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		answer := request.ResponseKind().(*kmsg.UnregisterBrokerResponse)
		removed := make(chan error, 1)
		k.SleepControl(func() { removed <- k.RemoveNode(request.(*kmsg.UnregisterBrokerRequest).BrokerID) })
		if len(removed) == 0 || <-removed != nil {
			answer.ErrorCode = kerr.BrokerIDNotRegistered.Code
		}
		return answer, nil, true
	})
}

// certificates are for both sides of a connection to 127.0.0.1; the server wants to see one of the client.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	server = &tls.Config{Certificates: web.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	client = &tls.Config{Certificates: web.TLS.Certificates, RootCAs: trusted, MinVersion: tls.VersionTLS13}
	return server, client
}
