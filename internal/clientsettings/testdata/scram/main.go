// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener secure.
// They are for franz-go: go get github.com/twmb/franz-go
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
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// directory has ca.crt and password.
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
	password, err := os.ReadFile(filepath.Join(directory, "password"))
	if err != nil {
		return nil, err
	}
	return []kgo.Opt{
		kgo.SeedBrokers("a.example.com:9093", "b.example.com:9093"),
		kgo.DialTLSConfig(&tls.Config{RootCAs: trusted}),
		kgo.SASL(scram.Auth{User: "o'brien \"ob\"", Pass: string(password)}.AsSha512Mechanism()),
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
