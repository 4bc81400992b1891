package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"golang.org/x/oauth2/clientcredentials"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/clientconfig"
	"castellan.io/castellan/internal/config"
)

// kafkaAccess is how to reach Kafka. Secrets are read once now, so that what is missing is told at the start, and then whenever a connection
// is made: new certificates need no restart.
func kafkaAccess(ctx context.Context, secrets client.Reader, k config.KafkaAccess, id string) (broker.Access, error) {
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
	out.SASL = saslAccess(k.SASL)
	return out, nil
}

// saslAccess is nil where SASL is not used.
func saslAccess(s *clientconfig.SASL) *broker.SASL {
	if s == nil {
		return nil
	}
	return &broker.SASL{Mechanism: s.Mechanism, Username: s.Username, Password: s.Password, Token: tokens(s)}
}

func tokens(s *clientconfig.SASL) func(context.Context) (string, error) {
	source := clientcredentials.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret, TokenURL: s.TokenURL, Scopes: s.Scopes}
	return func(ctx context.Context) (string, error) {
		token, err := source.Token(ctx)
		if err != nil {
			return "", fmt.Errorf("get a token from %s: %w", s.TokenURL, err)
		}
		return token.AccessToken, nil
	}
}

// clientTLS takes certificates and keys from what a client's configuration names, and what that lacks from Secrets.
func clientTLS(ctx context.Context, secrets client.Reader, k config.KafkaAccess) (*tls.Config, error) {
	out, err := k.Stores.Config(os.ReadFile)
	if err != nil {
		return nil, err
	}
	if k.TrustSecret != "" && out.RootCAs == nil {
		trusted, err := readSecret(ctx, secrets, k.SecretNamespace, k.TrustSecret)
		if err != nil {
			return nil, err
		}
		if out.RootCAs, err = pool(trusted, k.TrustSecret); err != nil {
			return nil, err
		}
	}
	if k.KeySecret != "" && out.Certificates == nil {
		held, err := readSecret(ctx, secrets, k.SecretNamespace, k.KeySecret)
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

func readSecret(ctx context.Context, from client.Reader, namespace, name string) (map[string][]byte, error) {
	var secret corev1.Secret
	if err := from.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &secret); err != nil {
		return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, namespace, err)
	}
	return secret.Data, nil
}
