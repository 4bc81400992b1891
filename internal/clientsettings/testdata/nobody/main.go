// Settings for clients of KafkaUser my-user in namespace myproject: Kafka my-cluster, listener plain.
// They are for franz-go: go get github.com/twmb/franz-go
// The user has no authentication: on this listener, Kafka does not know who its clients are.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func settings() ([]kgo.Opt, error) {
	return []kgo.Opt{
		kgo.SeedBrokers("a.example.com:9093", "b.example.com:9093"),
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
