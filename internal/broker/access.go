package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Mechanisms of SASL.
const (
	MechanismPlain       = "PLAIN"
	MechanismScramSha256 = "SCRAM-SHA-256"
	MechanismScramSha512 = "SCRAM-SHA-512"
	MechanismOAuth       = "OAUTHBEARER"
)

// SASL is how a client proves who it is without a certificate.
type SASL struct {
	// Mechanism is one of the constants.
	Mechanism string
	// Username and Password are for all mechanisms but OAUTHBEARER.
	Username, Password string
	// Token fetches a token for OAUTHBEARER.
	Token func(context.Context) (string, error)
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case MechanismPlain:
		return plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism(), nil
	case MechanismScramSha256:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism(), nil
	case MechanismScramSha512:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism(), nil
	case MechanismOAuth:
		return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
			token, err := s.Token(ctx)
			return oauth.Auth{Token: token}, err
		}), nil
	}
	return nil, fmt.Errorf("SASL mechanism %q is not known", s.Mechanism)
}

// lasting are the options of a client that stays.
func lasting(to Access) ([]kgo.Opt, error) {
	out := append(options(to.Brokers, nil), kgo.ConnIdleTimeout(idleLimit), kgo.Dialer(to.dialer()))
	if to.ClientID != "" {
		out = append(out, kgo.ClientID(to.ClientID))
	}
	if to.SASL == nil {
		return out, nil
	}
	mechanism, err := to.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	return append(out, kgo.SASL(mechanism)), nil
}

// dialer asks for keys and certificates whenever it makes a connection, so that new ones need no restart.
func (a Access) dialer() Connect {
	connect := a.Connect
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		security := a.TLS
		if a.TLSNow != nil {
			var err error
			if security, err = a.TLSNow(ctx); err != nil {
				return nil, err
			}
		}
		limited, cancel := context.WithTimeout(ctx, connectLimit)
		defer cancel()
		connection, err := connect(limited, network, address)
		if err != nil || security == nil {
			return connection, err
		}
		return protect(limited, connection, security, address)
	}
}

// protect puts TLS on a connection, or closes it.
func protect(ctx context.Context, connection net.Conn, security *tls.Config, address string) (net.Conn, error) {
	security = security.Clone()
	if security.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			_ = connection.Close()
			return nil, fmt.Errorf("address of a broker: %w", err)
		}
		security.ServerName = host
	}
	out := tls.Client(connection, security)
	if err := out.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return out, nil
}
