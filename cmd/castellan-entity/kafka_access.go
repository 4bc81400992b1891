package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/config"
)

// kafkaAccess is how to reach Kafka. Secrets are read once now, so that what is missing is told at the start, and then whenever a connection
// is made: new certificates need no restart.
func kafkaAccess(ctx context.Context, secrets secretReader, k config.KafkaAccess, id string) (broker.Access, error) {
	out := broker.Access{Brokers: k.Bootstrap, ClientID: k.ClientID}
	if out.ClientID == "" {
		out.ClientID = id
	}
	if k.TLS {
		out.TLSNow = func(ctx context.Context) (*tls.Config, error) { return clientTLS(ctx, secrets, k) }
		if _, err := out.TLSNow(ctx); err != nil {
			return out, err
		}
	}
	out.SASL = broker.Login(k.SASL)
	return out, nil
}

// clientTLS takes certificates and keys from what a client's configuration names, and what that lacks from Secrets.
func clientTLS(ctx context.Context, secrets secretReader, k config.KafkaAccess) (*tls.Config, error) {
	out, err := k.Stores.Config(os.ReadFile)
	if err != nil {
		return nil, err
	}
	if k.TrustSecret != "" && out.RootCAs == nil {
		trusted, err := secrets(ctx, k.SecretNamespace, k.TrustSecret)
		if err != nil {
			return nil, err
		}
		if out.RootCAs, err = pool(trusted, k.TrustSecret); err != nil {
			return nil, err
		}
	}
	if k.KeySecret != "" && out.Certificates == nil {
		held, err := secrets(ctx, k.SecretNamespace, k.KeySecret)
		if err != nil {
			return nil, err
		}
		pair, err := tls.X509KeyPair(held[k.CertName], held[k.KeyName])
		if err != nil {
			return nil, fmt.Errorf("Secret %s: %s and %s are no certificate with its key: %w", k.KeySecret, k.CertName, k.KeyName, err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	if !k.VerifyHost {
		clientconfig.TrustAnyName(out)
	}
	return out, nil
}

func pool(trusted map[string][]byte, secret string) (*x509.CertPool, error) {
	out, some := x509.NewCertPool(), false
	for name, certificates := range trusted {
		if strings.HasSuffix(name, ".crt") {
			some = out.AppendCertsFromPEM(certificates) || some
		}
	}
	if !some {
		return nil, fmt.Errorf("Secret %s has no certificates to trust: expected PEM under names that end in .crt", secret)
	}
	return out, nil
}

// secretReader reads the entries of a Secret.
type secretReader func(ctx context.Context, namespace, name string) (map[string][]byte, error)

// secretsOf reads from the API server itself.
func secretsOf(api *apiserver.Client) secretReader {
	return func(ctx context.Context, namespace, name string) (map[string][]byte, error) {
		secret, err := api.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, namespace, err)
		}
		return secret.Data, nil
	}
}
