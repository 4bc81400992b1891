// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener own.
// They are for franz-go: go get github.com/twmb/franz-go
// Missing is who the client is: listener own has authentication of type custom, and the user has none here.
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

// directory has ca.crt.
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
	return []kgo.Opt{
		kgo.SeedBrokers("a.example.com:9093", "b.example.com:9093"),
		kgo.DialTLSConfig(&tls.Config{RootCAs: trusted}),
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
