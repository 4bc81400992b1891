// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener mutual.
// They are for franz-go: go get github.com/twmb/franz-go
// Missing is what the user brings: a certificate for "CN=my-user", in user.crt, and its key, in user.key.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// directory has ca.crt, user.crt and user.key.
const directory = "."

func settings() ([]kgo.Opt, error) {
	authorities, err := os.ReadFile(filepath.Join(directory, "ca.crt"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authorities) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	identity, err := tls.LoadX509KeyPair(filepath.Join(directory, "user.crt"), filepath.Join(directory, "user.key"))
	if err != nil {
		return nil, err
	}
	return []kgo.Opt{
		kgo.SeedBrokers("a.example.com:9093", "b.example.com:9093"),
		kgo.DialTLSConfig(&tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{identity}}),
	}, nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	options, err := settings()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.Ping(limited); err != nil {
		return err
	}
	fmt.Println("Kafka answers")
	return nil
}
