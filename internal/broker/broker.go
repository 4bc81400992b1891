package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"castellan.io/castellan/internal/kafka/roll"
)

// ErrUnreachable says that the cluster did not answer, or not yet: it starts, stops, elects, or the way to it is broken.
// The reaction is to try again later. What Kafka refuses for good does not wrap it.
var ErrUnreachable = errors.New("Kafka does not answer")

// Limit is how long one call on a Cluster may take, whatever its context allows.
const Limit = 30 * time.Second

// Access says how to reach a cluster.
type Access struct {
	// Brokers are addresses host:port.
	Brokers []string
	// Controllers are addresses host:port of what is asked for the quorum and the metadata version while no broker
	// answers; none where that is not wanted.
	Controllers []string
	// TLS is nil for plain connections.
	TLS *tls.Config
	// TLSNow, where a connection lasts, gives what counts when it is made or made again; nil uses TLS.
	TLSNow func(context.Context) (*tls.Config, error)
	// Connect, where a connection lasts, is how the addresses of brokers are reached; nil for the network. TLS comes on top of it.
	Connect Connect
	// SASL is nil where certificates, or nothing, say who the client is. Only lasting connections use it.
	SASL *SASL
	// ClientID names the client in Kafka's logs and quotas; empty for the operator's own.
	ClientID string
}

// Connect opens a connection to an address.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer opens clusters.
type Dialer interface {
	// Dial opens a cluster after one of its nodes has answered. ErrUnreachable when none does within seconds.
	// If that is a controller, all that only brokers can do fails with ErrUnreachable, until the next Dial.
	Dial(ctx context.Context, to Access) (Cluster, error)
}

// Cluster is one running Kafka cluster. Every method may fail with ErrUnreachable.
type Cluster interface {
	Facts
	Changes
	// Close gives the connections back.
	Close()
}

// Facts are what an operator asks. Each answer is what the cluster says at that moment; nothing is cached.
type Facts interface {
	// Quorum is the state of the metadata quorum (DescribeQuorum, KIP-595, KIP-836); it is always Known. Brokers pass
	// the question on to the active controller (KIP-919 lets controllers answer it directly).
	Quorum(ctx context.Context) (roll.Quorum, error)
	// Partitions are those of all topics, internal ones too, with their min.insync.replicas; they are always Known.
	Partitions(ctx context.Context) (roll.Partitions, error)
	// Brokers are the ids of the registered brokers, ascending, those that are fenced too (KIP-1073).
	Brokers(ctx context.Context) ([]int32, error)
	// InUse tells for each of the ids whether it holds a replica of any topic.
	InUse(ctx context.Context, ids []int32) (map[int32]bool, error)
	// MetadataVersion is the full name of the finalised metadata.version, such as 4.3-IV0 (KIP-778). For a moment after
	// a change the node that answers may still tell the one before.
	MetadataVersion(ctx context.Context) (string, error)
}

// Changes are what an operator does. Each can be repeated: what is already so is left alone.
type Changes interface {
	// Unregister removes the registration of a broker that is gone for good.
	Unregister(ctx context.Context, id int32) error
	// SetMetadataVersion moves the cluster to the metadata version, up or, where nothing is lost by it, down.
	// The name is as for FullMetadataVersion. Kafka refuses what one of its nodes does not support.
	SetMetadataVersion(ctx context.Context, name string) error
}
