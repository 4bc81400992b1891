package rotation

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/pki"
)

// Cluster is the Kafka cluster under load.
type Cluster struct {
	Client          client.Client
	Namespace, Name string
}

// identity is what clients show and trust at the moment.
type identity struct {
	cluster Cluster
	// lifetime of a client's certificate; it is replaced at half its life.
	lifetime time.Duration
	config   atomic.Pointer[tls.Config]
	issued   time.Time
	leaf     tls.Certificate
	renewals atomic.Int64
}

// refresh reads the authorities as they are, and replaces the certificate when it is time.
func (i *identity) refresh(ctx context.Context) error {
	roots, err := i.roots(ctx)
	if err != nil {
		return err
	}
	if time.Since(i.issued) > i.lifetime/2 {
		if err := i.renew(ctx); err != nil {
			return err
		}
	}
	i.config.Store(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{i.leaf}})
	return nil
}

// roots are all certificates that the cluster's users are given to trust.
func (i *identity) roots(ctx context.Context) (*x509.CertPool, error) {
	secret, err := i.secret(ctx, string(pki.ClusterAuthority)+"-cert")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for name, data := range secret.Data {
		if strings.HasSuffix(name, ".crt") {
			roots.AppendCertsFromPEM(data)
		}
	}
	return roots, nil
}

func (i *identity) renew(ctx context.Context) error {
	key, err := i.secret(ctx, string(pki.ClientsAuthority))
	if err != nil {
		return err
	}
	certificate, err := i.secret(ctx, string(pki.ClientsAuthority)+"-cert")
	if err != nil {
		return err
	}
	authority := pki.Authority{Kind: pki.ClientsAuthority, Key: key.Data[pki.KeyEntry], Certificate: certificate.Data[pki.CertificateEntry]}
	leaf, err := pki.IssueLeaf(authority, pki.LeafRequest{
		CommonName: "load", Key: pki.ECDSAP256, Lifetime: pki.Lifetime{Validity: i.lifetime},
	}, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	if i.leaf, err = tls.X509KeyPair(leaf.Certificate, leaf.Key); err != nil {
		return fmt.Errorf("the client's certificate: %w", err)
	}
	i.issued = time.Now()
	i.renewals.Add(1)
	return nil
}

func (i *identity) secret(ctx context.Context, suffix string) (*corev1.Secret, error) {
	var out corev1.Secret
	name := i.cluster.Name + "-" + suffix
	if err := i.cluster.Client.Get(ctx, client.ObjectKey{Namespace: i.cluster.Namespace, Name: name}, &out); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return &out, nil
}

// dial opens a connection with what there is to show and to trust now.
func (i *identity) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config := i.config.Load().Clone()
	config.ServerName = host
	return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
}
